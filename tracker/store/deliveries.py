"""The ledger of mails: planned, claimed, sending, and how each ended. Once, or uncertain.

Every change is a conditional UPDATE that must find the row in the state it leaves, so that two
workers, a job run twice or a restarted scheduler cannot send a mail twice.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    case,
    exists,
    func,
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
    new_id,
    new_ids,
    readers,
)
from tracker.words import (
    Channel,
    DeliveryState,
    EndReason,
    MailKind,
    SkipReason,
)

MOST_A_DAY = 6
"""Ordered mails to one reader."""

OPEN = (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.SENDING)
UNORDERED = (MailKind.STEP, MailKind.NEWSLETTER)
"""The kinds that count against the most a reader gets."""

ON_THE_WAY = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNCERTAIN)


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
COLUMNS = [deliveries.c[name] for name in Delivery.__dataclass_fields__]


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


def plan_to_each(connection: Connection, addresses: Iterable[str], *, key: str, **mail: Any) -> int:
    """Plan the same mail to each of ``addresses``, as ``plan`` does one, under a key of each; how
    many were new."""
    return sum(
        plan(connection, key=f"{key}:{address}"[:140], recipient=address, **mail) is not None
        for address in addresses
    )


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


def unwanted(ordered_by: ColumnElement[datetime] | datetime) -> ColumnElement[bool]:
    unordered = (deliveries.c.kind == kind for kind in UNORDERED)  # IN knows no rows of many
    return or_(*unordered, deliveries.c.planned_at <= ordered_by)


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
            unwanted(ordered_by),
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
    statement = select(*COLUMNS).where(
        deliveries.c.kind == kind,
        deliveries.c.state == DeliveryState.PLANNED,
        deliveries.c.attempts == 0,
    )
    if reader_id is not None:
        statement = statement.where(deliveries.c.reader_id == reader_id)
    rows = connection.execute(statement.order_by(deliveries.c.due_at, deliveries.c.id))
    return [delivery_of(row._mapping) for row in rows]


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
            deliveries.c.state.in_((DeliveryState.CLAIMED, *ON_THE_WAY)),
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
                deliveries.c.state.in_((DeliveryState.CLAIMED, *ON_THE_WAY)),
                at >= since,
            )
        ).scalars()
    )


def get(connection: Connection, delivery_id: str) -> Delivery | None:
    row = connection.execute(select(*COLUMNS).where(deliveries.c.id == delivery_id)).one_or_none()
    return delivery_of(row._mapping) if row else None


def get_each(connection: Connection, delivery_ids: Collection[str]) -> dict[str, Delivery]:
    """Several mails by their ids; unknown ones are left out."""
    rows = connection.execute(select(*COLUMNS).where(deliveries.c.id.in_(delivery_ids)))
    return {row.id: delivery_of(row._mapping) for row in rows}


def of_enrolment(connection: Connection, enrolment_id: str) -> list[Delivery]:
    """The mails of one way through a scenario, in order of their due time."""
    rows = connection.execute(
        select(*COLUMNS)
        .where(deliveries.c.enrolment_id == enrolment_id)
        .order_by(deliveries.c.due_at, deliveries.c.planned_at)
    )
    return [delivery_of(row._mapping) for row in rows]


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


def delivery_of(values: Any) -> Delivery:
    row = dict(values)
    return Delivery(**{**row, "kind": MailKind(row["kind"]), "state": DeliveryState(row["state"])})
