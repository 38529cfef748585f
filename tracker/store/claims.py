"""Who holds a mail on its way out: claimed, begun, settled, or taken back from the dead.

Every change is a conditional UPDATE that finds the row as it was, or does nothing: so two workers,
a job run twice or a restarted scheduler cannot send a mail twice.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    type_coerce,
    update,
)

from tracker.store.deliveries import COLUMNS, Delivery, delivery_of, unwanted
from tracker.store.tables import (
    Utc,
    deliveries,
    enrolments,
    inquiries,
    readers,
)
from tracker.words import (
    Channel,
    DeliveryState,
    MailKind,
)

LEASE = timedelta(minutes=5)
"""How long a worker may hold a mail: well over the SMTP time-out of 60 s."""

KEY_LIVES = timedelta(hours=24)
"""How long LINE knows a push again by its key."""


def claim(
    connection: Connection, delivery_id: str, now: datetime, newsletters: Collection[str] = ()
) -> Delivery | None:
    """Take one due mail, as ``claim_each`` takes many."""
    taken = claim_each(connection, [delivery_id], now, newsletters)
    return taken[0] if taken else None


def claim_each(
    connection: Connection,
    delivery_ids: Sequence[str],
    now: datetime,
    newsletters: Collection[str] = (),
) -> list[Delivery]:
    """Take due mails for this worker, in the order given; left out is what is taken, settled, or
    may no longer go out.

    A step mail is claimed only while its enrolment is under way and its reader is opted in, wants
    such mails (the newsletter in the scenarios ``newsletters``, else step mails), is not on a pause
    and has not inquired since the enrolment; an issue of the newsletter only while they are opted
    in, want it, are on no pause and have not inquired since it was planned; a reminder only while
    they want those: an opt-out or an inquiry committed before the claim means that no mail leaves. To a suppressed address go only mails that were ordered since: their button is
    the way back.
    """
    taken = connection.execute(
        _CLAIM, {"at": now, "ids": list(delivery_ids), "newsletters": list(newsletters)}
    )
    found = {row.id: delivery_of(row._mapping) for row in taken}
    return [found[delivery_id] for delivery_id in delivery_ids if delivery_id in found]


_NOW = bindparam("at", type_=Utc)
_IDS = deliveries.c.id.in_(bindparam("ids", expanding=True))


def _may_go_out(of_newsletter: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    its_reader = readers.c.id == deliveries.c.reader_id
    last_inquiry = (
        select(func.max(inquiries.c.at))
        .where(inquiries.c.reader_id == deliveries.c.reader_id)
        .scalar_subquery()
    )
    begun_after_it = exists().where(
        enrolments.c.id == deliveries.c.enrolment_id, enrolments.c.started_at > last_inquiry
    )
    ended = exists().where(
        enrolments.c.id == deliveries.c.enrolment_id, enrolments.c.ended_at.is_not(None)
    )
    agreed = (
        its_reader,
        readers.c.opted_in_at.is_not(None),
        readers.c.unsubscribed_at.is_(None),
        readers.c.sunset_at.is_(None),
        or_(readers.c.paused_until.is_(None), readers.c.paused_until <= _NOW),
    )
    willing = not_(ended) & exists().where(
        *agreed,
        or_(readers.c.inquired_at.is_(None), begun_after_it),
        or_(
            and_(of_newsletter, readers.c.wants_newsletter),
            and_(not_(of_newsletter), readers.c.wants_step),
        ),
    )
    signed_up = exists().where(
        *agreed,
        readers.c.wants_newsletter,
        or_(readers.c.inquired_at.is_(None), last_inquiry < deliveries.c.planned_at),
    )
    reminded = exists().where(its_reader, readers.c.wants_seminar)
    suppressed = exists().where(
        its_reader,
        readers.c.suppressed_at.is_not(None),
        unwanted(readers.c.suppressed_at),
    )
    return (
        or_(deliveries.c.kind != MailKind.STEP, willing),
        or_(deliveries.c.kind != MailKind.NEWSLETTER, signed_up),
        or_(deliveries.c.kind != MailKind.REMINDER, reminded),
        not_(suppressed),
    )


# Statements of which thousands run are made once: making one takes longer than running it.

_CLAIM = (
    update(deliveries)
    .where(
        _IDS,
        deliveries.c.state == DeliveryState.PLANNED,
        deliveries.c.due_at <= _NOW,
        *_may_go_out(
            func.coalesce(deliveries.c.scenario, "").in_(bindparam("newsletters", expanding=True))
        ),
    )
    .values(
        state=DeliveryState.CLAIMED,
        claimed_at=_NOW,
        tried_at=func.coalesce(deliveries.c.tried_at, _NOW),
        attempts=deliveries.c.attempts + 1,
    )
    .returning(*COLUMNS)
)
_THIS_CLAIM = and_(_IDS, deliveries.c.attempts == bindparam("claim"))
"""The rows that are still these claims': see ``_move``."""

_ONE_CLAIM = and_(deliveries.c.id == bindparam("own"), deliveries.c.attempts == bindparam("claim"))
_BEGIN = (
    update(deliveries)
    .where(
        _ONE_CLAIM,
        deliveries.c.state == DeliveryState.CLAIMED,
        deliveries.c.due_at <= _NOW,
        *_may_go_out(bindparam("of_newsletter", type_=Boolean)),
    )
    .values(state=DeliveryState.SENDING, claimed_at=_NOW, channel=Channel.MAIL, retry_key=None)
)
_BEGUN = select(deliveries.c.id).where(_THIS_CLAIM, deliveries.c.state == DeliveryState.SENDING)
_SENT = (
    update(deliveries)
    .where(_ONE_CLAIM, deliveries.c.state == DeliveryState.SENDING)
    .values(state=DeliveryState.SENT, settled_at=_NOW, reason=None, smtp_code=bindparam("code"))
)


def _by_claim(mails: Sequence[Delivery]) -> Iterator[dict[str, Any]]:
    claims: dict[int, list[str]] = {}
    for mail in mails:
        claims.setdefault(mail.attempts, []).append(mail.id)
    for claim, ids in claims.items():
        yield {"claim": claim, "ids": ids}


def begin(
    connection: Connection, delivery: Delivery, now: datetime, line_key: str | None = None
) -> bool:
    """Mark that the message itself is about to be handed over: by mail, or in LINE under
    ``line_key``. Committed just before DATA, so that a ``claimed`` row proves that nothing was
    said yet. False if it is this worker's no more.
    """
    return _move(
        connection,
        delivery,
        [DeliveryState.CLAIMED],
        state=DeliveryState.SENDING,
        claimed_at=now,
        channel=Channel.LINE if line_key else Channel.MAIL,
        retry_key=line_key,
    )


def begin_each(
    connection: Connection,
    claimed: Sequence[Delivery],
    now: datetime,
    newsletters: Collection[str] = (),
) -> set[str]:
    """Mark mails that are handed over at the same moment, as ``begin`` marks one; the ids of those
    that may go on. Who left since the claim gets nothing any more."""
    rows = [
        {
            "own": mail.id,
            "claim": mail.attempts,
            "at": now,
            "of_newsletter": mail.scenario in newsletters,
        }
        for mail in claimed
    ]
    if connection.execute(_BEGIN, rows).rowcount == len(claimed):
        return {mail.id for mail in claimed}
    marked: set[str] = set()
    for claim in _by_claim(claimed):
        marked.update(connection.execute(_BEGUN, claim).scalars())
    return marked


def sent_each(connection: Connection, sent: Sequence[tuple[Delivery, int]], now: datetime) -> int:
    """Settle mails that the server took, each with its code; how many were still this worker's."""
    if not sent:
        return 0
    rows = [
        {"own": mail.id, "claim": mail.attempts, "at": now, "code": code} for mail, code in sent
    ]
    return connection.execute(_SENT, rows).rowcount


def give_back_each(
    connection: Connection, claimed: Sequence[Delivery], due_at: datetime | None, reason: str
) -> int:
    """Back to planned, for a reason that is not the reader's: the attempt does not count against
    the time for which a mail is tried. ``due_at`` is ``None`` where it stays as it was."""
    first = case(
        (deliveries.c.tried_at == deliveries.c.claimed_at, None), else_=deliveries.c.tried_at
    )
    values: dict[str, Any] = {
        "state": DeliveryState.PLANNED,
        "reason": reason[:300],
        "tried_at": type_coerce(first, Utc),
    }
    if due_at is not None:
        values["due_at"] = due_at
    states = [DeliveryState.CLAIMED, DeliveryState.SENDING]
    statement = update(deliveries).where(_THIS_CLAIM, deliveries.c.state.in_(states))
    return sum(
        connection.execute(statement.values(**values), claim).rowcount
        for claim in _by_claim(claimed)
    )


def fall_back(connection: Connection, delivery: Delivery, now: datetime) -> bool:
    """LINE refused for good what was handed to it: it goes by mail now. False if it is this
    worker's no more."""
    return _move(
        connection,
        delivery,
        [DeliveryState.SENDING],
        state=DeliveryState.CLAIMED,
        claimed_at=now,
        channel=Channel.MAIL,
        retry_key=None,
    )


def settle(
    connection: Connection,
    delivery: Delivery,
    state: DeliveryState,
    now: datetime,
    *,
    reason: str | None = None,
    smtp_code: int | None = None,
) -> bool:
    """How it ended. False if it was not in this worker's hands any more."""
    return _move(
        connection,
        delivery,
        [DeliveryState.CLAIMED, DeliveryState.SENDING],
        state=state,
        settled_at=now,
        reason=reason,
        smtp_code=smtp_code,
    )


def put_off(
    connection: Connection,
    delivery: Delivery,
    until: datetime,
    *,
    reason: str,
    smtp_code: int | None = None,
    line_key: str | None = None,
) -> bool:
    """Back to planned, after a refusal that may pass; under ``line_key`` where LINE may have
    taken it."""
    return _move(
        connection,
        delivery,
        [DeliveryState.CLAIMED, DeliveryState.SENDING],
        state=DeliveryState.PLANNED,
        due_at=until,
        reason=reason[:300],
        smtp_code=smtp_code,
        channel=delivery.channel,
        retry_key=line_key,
    )


def recover(connection: Connection, now: datetime) -> tuple[int, int]:
    """Take back what dead workers held: (put back to planned, become uncertain).

    ``claimed`` had said nothing to the server and is due again; ``sending`` may have been
    accepted and becomes ``uncertain``, for a person to see. What LINE still knows by its key can
    be made again without being made twice.
    """
    late = deliveries.c.claimed_at < now - LEASE
    known_by_key = and_(
        deliveries.c.channel == Channel.LINE,
        deliveries.c.retry_key.is_not(None),
        deliveries.c.tried_at > now - KEY_LIVES,
    )
    back = connection.execute(
        update(deliveries)
        .where(
            late,
            or_(
                deliveries.c.state == DeliveryState.CLAIMED,
                and_(deliveries.c.state == DeliveryState.SENDING, known_by_key),
            ),
        )
        .values(state=DeliveryState.PLANNED, reason="worker lost")
    ).rowcount
    unsure = connection.execute(
        update(deliveries)
        .where(deliveries.c.state == DeliveryState.SENDING, late)
        .values(state=DeliveryState.UNCERTAIN, settled_at=now, reason="worker lost during DATA")
    ).rowcount
    return back, unsure


def _move(
    connection: Connection, delivery: Delivery, sources: list[DeliveryState], **values: Any
) -> bool:
    """Change the row only while it is still this claim's: ``attempts`` counts the claims, so a
    worker that was thought dead and comes back finds that its claim is over."""
    moved = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id == delivery.id,
            deliveries.c.attempts == delivery.attempts,
            deliveries.c.state.in_(sources),
        )
        .values(**values)
    )
    return moved.rowcount == 1
