"""The ledger of mails: planned, claimed, sending, and how each ended. Once, or uncertain.

Every change is a conditional UPDATE that must find the row in the state it leaves, so that two
workers, a job run twice or a restarted scheduler cannot send a mail twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, exists, func, or_, select, update

from tracker.store.engine import insert_new
from tracker.store.tables import consents, deliveries, new_id, readers
from tracker.words import DeliveryState, MailKind

LEASE = timedelta(minutes=5)
"""How long a worker may hold a mail: well over the SMTP time-out of 60 s."""

MOST_A_DAY = 6
"""Ordered mails to one reader."""

OPEN = (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.SENDING)


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
    row = {
        "id": new_id(),
        "key": key,
        "kind": kind,
        "channel": channel,
        "message_id": f"<s.{new_id()}@{domain}>",
        "state": DeliveryState.PLANNED,
        "planned_at": now,
        "due_at": due_at,
        **about,
    }
    return str(row["id"]) if insert_new(connection, deliveries, [row]) else None


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


def due(connection: Connection, now: datetime, most: int) -> list[str]:
    """Ids of up to ``most`` planned mails whose time has come, the longest due first."""
    return list(
        connection.execute(
            select(deliveries.c.id)
            .where(deliveries.c.state == DeliveryState.PLANNED, deliveries.c.due_at <= now)
            .order_by(deliveries.c.due_at, deliveries.c.id)
            .limit(most)
        ).scalars()
    )


def claim(connection: Connection, delivery_id: str, now: datetime) -> Delivery | None:
    """Take a due mail for this worker; ``None`` if it is taken, settled, or may no longer go out.

    A step mail is claimed only while its reader is opted in, wants step mails and is not on a
    pause, a reminder only while they want those: an opt-out committed before the claim means that
    no mail leaves.
    """
    its_reader = readers.c.id == deliveries.c.reader_id
    willing = exists().where(
        its_reader,
        readers.c.opted_in_at.is_not(None),
        readers.c.unsubscribed_at.is_(None),
        readers.c.inquired_at.is_(None),
        readers.c.wants_step,
        or_(readers.c.paused_until.is_(None), readers.c.paused_until <= now),
    )
    reminded = exists().where(its_reader, readers.c.wants_seminar)
    taken = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id == delivery_id,
            deliveries.c.state == DeliveryState.PLANNED,
            deliveries.c.due_at <= now,
            or_(deliveries.c.kind != MailKind.STEP, willing),
            or_(deliveries.c.kind != MailKind.REMINDER, reminded),
        )
        .values(state=DeliveryState.CLAIMED, claimed_at=now, attempts=deliveries.c.attempts + 1)
    )
    return get(connection, delivery_id) if taken.rowcount == 1 else None


def begin(connection: Connection, delivery: Delivery, now: datetime) -> bool:
    """Mark that the message itself is about to be handed over. Committed just before DATA, so
    that a ``claimed`` row proves that nothing was said yet. False if it is this worker's no more.
    """
    return _move(
        connection,
        delivery,
        [DeliveryState.CLAIMED],
        state=DeliveryState.SENDING,
        claimed_at=now,
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
) -> bool:
    """Back to planned, after a refusal that may pass."""
    return _move(
        connection,
        delivery,
        [DeliveryState.CLAIMED, DeliveryState.SENDING],
        state=DeliveryState.PLANNED,
        due_at=until,
        reason=reason[:300],
        smtp_code=smtp_code,
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


def recover(connection: Connection, now: datetime) -> tuple[int, int]:
    """Take back what dead workers held: (put back to planned, become uncertain).

    ``claimed`` had said nothing to the server and is due again; ``sending`` may have been
    accepted and becomes ``uncertain``, for a person to see.
    """
    late = deliveries.c.claimed_at < now - LEASE
    back = connection.execute(
        update(deliveries)
        .where(deliveries.c.state == DeliveryState.CLAIMED, late)
        .values(state=DeliveryState.PLANNED, reason="worker lost before DATA")
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


def of_enrolment(connection: Connection, enrolment_id: str) -> list[Delivery]:
    """The mails of one way through a scenario, in order of their due time."""
    rows = connection.execute(
        select(*_COLUMNS)
        .where(deliveries.c.enrolment_id == enrolment_id)
        .order_by(deliveries.c.due_at, deliveries.c.planned_at)
    )
    return [_delivery(row._mapping) for row in rows]


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
