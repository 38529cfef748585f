"""The ledger of mails: planned, claimed, sending, and how each ended. Once, or uncertain.

Every change is a conditional UPDATE that must find the row in the state it leaves, so that two
workers, a job run twice or a restarted scheduler cannot send a mail twice.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    type_coerce,
    update,
)

from tracker.store.engine import count_new, insert_new
from tracker.store.tables import (
    EPOCH,
    Utc,
    consents,
    deliveries,
    enrolments,
    events,
    inquiries,
    new_id,
    new_ids,
    readers,
)
from tracker.words import (
    Channel,
    Choice,
    DeliveryState,
    EndReason,
    EventKind,
    MailKind,
    SkipReason,
)

LEASE = timedelta(minutes=5)
"""How long a worker may hold a mail: well over the SMTP time-out of 60 s."""

KEY_LIVES = timedelta(hours=24)
"""How long LINE knows a push again by its key."""

MOST_A_DAY = 6
"""Ordered mails to one reader."""

OPEN = (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.SENDING)
UNORDERED = (MailKind.STEP, MailKind.NEWSLETTER)
"""The kinds that count against the most a reader gets."""

_ON_THE_WAY = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNCERTAIN)


@dataclass(frozen=True)
class Delivery:
    """One mail to one person, by one channel."""

    id: str
    key: str
    kind: MailKind
    channel: str
    reader_id: str | None
    recipient: str | None
    enrolment_id: str | None
    scenario: str | None
    step: str | None
    gate: str | None
    event_id: str | None
    message_id: str
    state: DeliveryState
    attempts: int
    planned_at: datetime
    due_at: datetime
    settled_at: datetime | None
    tried_at: datetime | None = None
    reason: str | None = None
    handoff_id: str | None = None
    retry_key: str | None = None
    """Of a push in LINE whose end nobody knows: made again under the same key, it is made once."""


_STATES = {state.value: state for state in DeliveryState}
_COLUMNS = [deliveries.c[name] for name in Delivery.__dataclass_fields__]


def plan(
    connection: Connection,
    *,
    key: str,
    kind: MailKind,
    domain: str,
    now: datetime,
    due_at: datetime,
    channel: str = "mail",
    **about: Any,
) -> str | None:
    """Plan a mail; ``None`` if one of this ``key`` stands in the ledger already.

    Its Message-ID (at ``domain``) is fixed now and the same on every attempt.
    """
    row = {**_planned(key, new_id(), domain, now), "kind": kind, "due_at": due_at, **about}
    row["channel"] = channel
    return str(row["id"]) if insert_new(connection, deliveries, [row]) else None


def plan_steps(
    connection: Connection, steps: Sequence[dict[str, Any]], *, domain: str, now: datetime
) -> int:
    """Plan a step mail for each of ``steps``, as ``plan`` does one; how many were new."""
    return plan_each(connection, MailKind.STEP, steps, domain=domain, now=now)


def plan_each(
    connection: Connection,
    kind: MailKind,
    mails: Sequence[dict[str, Any]],
    *,
    domain: str,
    now: datetime,
) -> int:
    """Plan each of ``mails``, as ``plan`` does one; how many were new."""
    common = {"kind": kind, "channel": Channel.MAIL}
    rows = [
        {**_planned(mail["key"], own, domain, now), **common, **mail}
        for mail, own in zip(mails, new_ids(len(mails)), strict=True)
    ]
    return count_new(connection, deliveries, rows)


def _planned(key: str, own: str, domain: str, now: datetime) -> dict[str, Any]:
    return {
        "id": own,
        "key": key,
        "message_id": f"<s.{message_name(key)}@{domain}>",
        "state": DeliveryState.PLANNED,
        "planned_at": now,
    }


def message_name(key: str) -> str:
    """What names a mail in its Message-ID: the same for the same key, so that a mail planned
    anew in a restored store is known by a mail server's log."""
    return sha256(f"sodate:message:{key}".encode()).hexdigest()[:32]


def is_flooded(
    connection: Connection, reader_id: str, gate: str | None, event_id: str, at: datetime
) -> bool:
    """Whether another mail for the form ``event_id`` would flood its reader: anybody can type
    anybody's address into a form.

    One mail an hour for one gate, and ``MOST_A_DAY`` for all. A form with a tick is answered once
    more, so that who ticks the box at the second try is not left out.
    """
    ordered = connection.execute(
        select(deliveries.c.gate, deliveries.c.planned_at, consents.c.event_id)
        .outerjoin(consents, consents.c.event_id == deliveries.c.event_id)
        .where(
            deliveries.c.reader_id == reader_id,
            deliveries.c.kind == MailKind.DELIVERY,
            deliveries.c.planned_at > at - timedelta(days=1),
        )
    ).all()
    if len(ordered) >= MOST_A_DAY:
        return True
    lately = [o for o in ordered if o.gate == gate and o.planned_at > at - timedelta(hours=1)]
    ticked = connection.execute(select(exists().where(consents.c.event_id == event_id))).scalar()
    return any(o.event_id for o in lately) if ticked else bool(lately)


def due(
    connection: Connection, now: datetime, most: int, *, ordered_first: bool = False
) -> list[str]:
    """Ids of up to ``most`` planned mails whose time has come, the longest due first;
    ``ordered_first``: what its reader ordered before all else."""
    unordered = case((deliveries.c.kind.in_(UNORDERED), 1), else_=0)
    order = [unordered] if ordered_first else []
    return list(
        connection.execute(
            select(deliveries.c.id)
            .where(deliveries.c.state == DeliveryState.PLANNED, deliveries.c.due_at <= now)
            .order_by(*order, deliveries.c.due_at, deliveries.c.id)
            .limit(most)
        ).scalars()
    )


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
    found = {row.id: _delivery(row._mapping) for row in taken}
    return [found[delivery_id] for delivery_id in delivery_ids if delivery_id in found]


def _unwanted(ordered_by: ColumnElement[datetime] | datetime) -> ColumnElement[bool]:
    return or_(deliveries.c.kind.in_(UNORDERED), deliveries.c.planned_at <= ordered_by)


_NOW = bindparam("at", type_=Utc)
_IDS = deliveries.c.id.in_(bindparam("ids", expanding=True))


def _may_go_out() -> tuple[ColumnElement[bool], ...]:
    its_reader = readers.c.id == deliveries.c.reader_id
    of_newsletter = func.coalesce(deliveries.c.scenario, "").in_(
        bindparam("newsletters", expanding=True)
    )
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
        _unwanted(readers.c.suppressed_at),
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
        *_may_go_out(),
    )
    .values(
        state=DeliveryState.CLAIMED,
        claimed_at=_NOW,
        tried_at=func.coalesce(deliveries.c.tried_at, _NOW),
        attempts=deliveries.c.attempts + 1,
    )
    .returning(*_COLUMNS)
)
_THIS_CLAIM = and_(_IDS, deliveries.c.attempts == bindparam("claim"))
"""The rows that are still these claims': see ``_move``."""

_BEGIN = (
    update(deliveries)
    .where(
        _THIS_CLAIM,
        deliveries.c.state == DeliveryState.CLAIMED,
        deliveries.c.due_at <= _NOW,
        *_may_go_out(),
    )
    .values(state=DeliveryState.SENDING, claimed_at=_NOW, channel=Channel.MAIL, retry_key=None)
    .returning(deliveries.c.id)
)
_SENT = (
    update(deliveries)
    .where(_THIS_CLAIM, deliveries.c.state == DeliveryState.SENDING)
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
    more = {"at": now, "newsletters": list(newsletters)}
    marked: set[str] = set()
    for claim in _by_claim(claimed):
        marked.update(connection.execute(_BEGIN, {**claim, **more}).scalars())
    return marked


def sent_each(connection: Connection, sent: Sequence[Delivery], now: datetime, code: int) -> int:
    """Settle mails that the server took with the same code; how many were still this worker's."""
    more = {"at": now, "code": code}
    return sum(connection.execute(_SENT, {**claim, **more}).rowcount for claim in _by_claim(sent))


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


def cancel_open(
    connection: Connection,
    reason: str,
    now: datetime,
    *,
    reader_id: str,
    scenario: str | None = None,
    kind: MailKind = MailKind.STEP,
) -> int:
    """Cancel a reader's planned mails of ``kind`` (of one scenario); how many there were."""
    statement = update(deliveries).where(
        deliveries.c.reader_id == reader_id,
        deliveries.c.kind == kind,
        deliveries.c.state == DeliveryState.PLANNED,
    )
    if scenario is not None:
        statement = statement.where(deliveries.c.scenario == scenario)
    return connection.execute(
        statement.values(state=DeliveryState.CANCELLED, reason=reason, settled_at=now)
    ).rowcount


def cancel_ways(
    connection: Connection, ways: Sequence[tuple[str, str, EndReason]], now: datetime
) -> None:
    """Cancel the planned step mails of readers in scenarios, each for its reason."""
    if ways:
        connection.execute(
            update(deliveries)
            .where(
                deliveries.c.reader_id == bindparam("of_reader"),
                deliveries.c.scenario == bindparam("of_scenario"),
                deliveries.c.kind == MailKind.STEP,
                deliveries.c.state == DeliveryState.PLANNED,
            )
            .values(state=DeliveryState.CANCELLED, reason=bindparam("why"), settled_at=now),
            [{"of_reader": r, "of_scenario": s, "why": why} for r, s, why in ways],
        )


def cancel_suppressed(
    connection: Connection, reader_id: str, reason: str, ordered_by: datetime, now: datetime
) -> int:
    """Cancel what is planned for a suppressed reader, but what they ordered after ``ordered_by``;
    how many there were."""
    return connection.execute(
        update(deliveries)
        .where(
            deliveries.c.reader_id == reader_id,
            deliveries.c.state == DeliveryState.PLANNED,
            _unwanted(ordered_by),
        )
        .values(state=DeliveryState.CANCELLED, reason=reason, settled_at=now)
    ).rowcount


def rest(connection: Connection, domain: str, until: datetime) -> int:
    """Put off to ``until`` the step mails and newsletters to addresses at ``domain`` that are due
    before; how many. What a worker has claimed and not begun goes back.
    """
    there = exists().where(
        readers.c.id == deliveries.c.reader_id,
        readers.c.email_normalised.endswith(f"@{domain}", autoescape=True),
    )
    return connection.execute(
        update(deliveries)
        .where(
            deliveries.c.state.in_((DeliveryState.PLANNED, DeliveryState.CLAIMED)),
            deliveries.c.kind.in_(UNORDERED),
            deliveries.c.due_at < until,
            there,
        )
        .values(due_at=until)
    ).rowcount


def was_handed_over(delivery: Delivery) -> bool:
    """Whether a server may have taken the mail."""
    return delivery.state in (*_ON_THE_WAY, DeliveryState.BOUNCED, DeliveryState.FAILED)


def undelivered(connection: Connection, delivery_id: str, reason: str, at: datetime) -> bool:
    """A mail came back. False if it was not on its way, or had come back before."""
    return _learn(connection, delivery_id, _ON_THE_WAY, DeliveryState.BOUNCED, reason, at)


def arrived(connection: Connection, delivery_id: str, at: datetime) -> bool:
    """A mail of which nobody could know whether it was taken did arrive. False if that was
    known."""
    unsure = (DeliveryState.SENDING, DeliveryState.UNCERTAIN)
    return _learn(connection, delivery_id, unsure, DeliveryState.SENT, None, at)


def _learn(
    connection: Connection,
    delivery_id: str,
    sources: Sequence[DeliveryState],
    state: DeliveryState,
    reason: str | None,
    at: datetime,
) -> bool:
    learnt = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state.in_(sources))
        .values(
            state=state,
            reason=reason,
            settled_at=func.coalesce(deliveries.c.settled_at, literal(at, Utc)),
        )
    )
    return learnt.rowcount == 1


def uncertain(connection: Connection, most: int) -> list[Delivery]:
    """Up to ``most`` mails of which nobody knows whether they were taken, the newest first."""
    rows = connection.execute(
        select(*_COLUMNS)
        .where(deliveries.c.state == DeliveryState.UNCERTAIN)
        .order_by(deliveries.c.settled_at.desc(), deliveries.c.id)
        .limit(most)
    )
    return [_delivery(row._mapping) for row in rows]


def decide(connection: Connection, delivery_id: str, choice: Choice, now: datetime) -> bool:
    """Settle an uncertain mail as a person says. False if it is uncertain no more.

    Sent again it is the same mail with the same Message-ID, and may go out only as any other.
    """
    values: dict[Choice, dict[str, Any]] = {
        Choice.ARRIVED: {"state": DeliveryState.SENT, "reason": "by hand"},
        Choice.NEVER: {"state": DeliveryState.CANCELLED, "reason": "by hand"},
        Choice.AGAIN: {
            "state": DeliveryState.PLANNED,
            "reason": "by hand",
            "due_at": now,
            "tried_at": None,
            "settled_at": None,
            "retry_key": None,
        },
    }
    decided = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state == DeliveryState.UNCERTAIN)
        .values(**values[choice])
    )
    return decided.rowcount == 1


def proven(connection: Connection) -> int:
    """Settle as sent the uncertain mails whose links somebody, or something, followed: nobody
    could who had not got them. How many."""
    followed = exists().where(
        events.c.delivery_id == deliveries.c.id,
        events.c.kind.in_(
            (
                EventKind.MAIL_CLICK,
                EventKind.CONFIRM,
                EventKind.MAIL_UNSUB,
                EventKind.PREFERENCES,
                EventKind.GATE_DOWNLOAD,
            )
        ),
    )
    return connection.execute(
        update(deliveries)
        .where(deliveries.c.state == DeliveryState.UNCERTAIN, followed)
        .values(state=DeliveryState.SENT, reason="its links were followed")
    ).rowcount


def sent_by_message_ids(
    connection: Connection, message_ids: Collection[str], reason: str, now: datetime
) -> int:
    """Settle as sent what a mail server took: uncertain mails, and planned ones that a restored
    store takes for unsent. How many."""
    return connection.execute(
        update(deliveries)
        .where(
            deliveries.c.message_id.in_(message_ids),
            deliveries.c.state.in_(
                (DeliveryState.UNCERTAIN, DeliveryState.PLANNED, DeliveryState.SENDING)
            ),
        )
        .values(
            state=DeliveryState.SENT,
            reason=reason,
            settled_at=func.coalesce(deliveries.c.settled_at, literal(now, Utc)),
        )
    ).rowcount


def by_message_id(connection: Connection, message_id: str) -> Delivery | None:
    row = connection.execute(
        select(*_COLUMNS).where(deliveries.c.message_id == message_id)
    ).one_or_none()
    return _delivery(row._mapping) if row else None


def cancel(connection: Connection, delivery_id: str, reason: str, now: datetime) -> bool:
    """Cancel one planned mail. False if it is not planned any more."""
    return (
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery_id, deliveries.c.state == DeliveryState.PLANNED)
            .values(state=DeliveryState.CANCELLED, reason=reason, settled_at=now)
        ).rowcount
        == 1
    )


def untried(
    connection: Connection, kind: MailKind, *, reader_id: str | None = None
) -> list[Delivery]:
    """The planned mails of ``kind`` (to one reader) that no worker has tried to send yet."""
    statement = select(*_COLUMNS).where(
        deliveries.c.kind == kind,
        deliveries.c.state == DeliveryState.PLANNED,
        deliveries.c.attempts == 0,
    )
    if reader_id is not None:
        statement = statement.where(deliveries.c.reader_id == reader_id)
    rows = connection.execute(statement.order_by(deliveries.c.due_at, deliveries.c.id))
    return [_delivery(row._mapping) for row in rows]


def move(connection: Connection, delivery_id: str, due_at: datetime) -> bool:
    """Give an untried mail another time. False if it is not one any more."""
    moved = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id == delivery_id,
            deliveries.c.state == DeliveryState.PLANNED,
            deliveries.c.attempts == 0,
        )
        .values(due_at=due_at)
    )
    return moved.rowcount == 1


def postpone(connection: Connection, delivery_id: str, until: datetime) -> bool:
    """Give a planned mail, tried or not, a later time. False if it is planned no more."""
    moved = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state == DeliveryState.PLANNED)
        .values(due_at=until)
    )
    return moved.rowcount == 1


def skip(connection: Connection, delivery_id: str, reason: SkipReason, now: datetime) -> bool:
    """Pass over a planned step. False if it is planned no more."""
    passed = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state == DeliveryState.PLANNED)
        .values(state=DeliveryState.SKIPPED, reason=reason, settled_at=now)
    )
    return passed.rowcount == 1


def unordered_of(
    connection: Connection, reader_ids: Collection[str], since: datetime
) -> dict[str, list[datetime]]:
    """As ``unordered_since``, of several readers."""
    at = func.coalesce(deliveries.c.settled_at, deliveries.c.claimed_at, deliveries.c.due_at)
    found: dict[str, list[datetime]] = {}
    rows = connection.execute(
        select(deliveries.c.reader_id, type_coerce(at, Utc).label("at")).where(
            deliveries.c.reader_id.in_(reader_ids),
            deliveries.c.kind.in_(UNORDERED),
            deliveries.c.state.in_((DeliveryState.CLAIMED, *_ON_THE_WAY)),
            at >= since,
        )
    )
    for row in rows:
        found.setdefault(row.reader_id, []).append(row.at)
    return found


def unordered_since(connection: Connection, reader_id: str, since: datetime) -> list[datetime]:
    """When the mails that a reader did not order went out, or are going out, since ``since``."""
    at = func.coalesce(deliveries.c.settled_at, deliveries.c.claimed_at, deliveries.c.due_at)
    return list(
        connection.execute(
            select(type_coerce(at, Utc)).where(
                deliveries.c.reader_id == reader_id,
                deliveries.c.kind.in_(UNORDERED),
                deliveries.c.state.in_((DeliveryState.CLAIMED, *_ON_THE_WAY)),
                at >= since,
            )
        ).scalars()
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


def get(connection: Connection, delivery_id: str) -> Delivery | None:
    row = connection.execute(select(*_COLUMNS).where(deliveries.c.id == delivery_id)).one_or_none()
    return _delivery(row._mapping) if row else None


def get_each(connection: Connection, delivery_ids: Collection[str]) -> dict[str, Delivery]:
    """Several mails by their ids; unknown ones are left out."""
    rows = connection.execute(select(*_COLUMNS).where(deliveries.c.id.in_(delivery_ids)))
    return {row.id: _delivery(row._mapping) for row in rows}


def of_enrolment(connection: Connection, enrolment_id: str) -> list[Delivery]:
    """The mails of one way through a scenario, in order of their due time."""
    rows = connection.execute(
        select(*_COLUMNS)
        .where(deliveries.c.enrolment_id == enrolment_id)
        .order_by(deliveries.c.due_at, deliveries.c.planned_at)
    )
    return [_delivery(row._mapping) for row in rows]


class StepMail(NamedTuple):
    """As much of a mail of a way as says which step comes next; ``at`` is when it was settled, or
    else when it is due."""

    step: str | None
    at: datetime
    state: DeliveryState
    reason: str | None


def steps_of(connection: Connection, enrolment_ids: Collection[str]) -> dict[str, list[StepMail]]:
    """The mails of several ways through scenarios, each in order of their due time."""
    at = type_coerce(func.coalesce(deliveries.c.settled_at, deliveries.c.due_at), BigInteger)
    found: dict[str, list[StepMail]] = {}
    rows = connection.execute(
        select(
            deliveries.c.enrolment_id,
            deliveries.c.step,
            at,
            deliveries.c.state,
            deliveries.c.reason,
        )
        .where(deliveries.c.enrolment_id.in_(enrolment_ids))
        .order_by(deliveries.c.due_at, deliveries.c.planned_at)
    )
    for enrolment_id, step, ms, state, reason in rows.all():
        mail = StepMail(step, EPOCH + timedelta(milliseconds=ms), _STATES[state], reason)
        found.setdefault(enrolment_id, []).append(mail)
    return found


def count_by_state(connection: Connection) -> dict[DeliveryState, int]:
    rows = connection.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state))
    return {DeliveryState(state): count for state, count in rows}


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


def _delivery(values: Any) -> Delivery:
    row = dict(values)
    return Delivery(**{**row, "kind": MailKind(row["kind"]), "state": DeliveryState(row["state"])})
