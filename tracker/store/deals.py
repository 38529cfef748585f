"""How deals ended, and what follows at once: the reader's scenarios end, and their task with them.

Amounts are whole yen.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select, update

from tracker.store import deliveries, enrolments, events, handoffs
from tracker.store.tables import deals, new_id
from tracker.words import DealOutcome, DealSource, EndReason, LostReason, MailKind, Touch

ONE_DEAL = timedelta(days=45)
"""So far apart may a deal be told to have ended, by the desk and by another system."""

_others = deals.alias()


class Came(Enum):
    """What a deal that was told was to the store."""

    NEW = auto()
    CHANGED = auto()
    KNOWN = auto()


@dataclass(frozen=True)
class Deal:
    """One deal's end. ``key`` names it wherever it is told again: what is told last holds.
    ``amount`` is ``None`` where it is not known, ``note`` in a person's own words."""

    key: str
    reader_id: str
    outcome: DealOutcome
    closed_at: datetime
    source: DealSource
    amount: int | None = None
    reason: LostReason | None = None
    note: str = field(default="", repr=False)
    handoff_id: str | None = None
    ends_at: datetime | None = None


def record(
    connection: Connection, deal: Deal, *, now: datetime, quiet: timedelta, author: str
) -> Came:
    """Keep how a deal ended. The transaction must be ``events.alone``.

    It ends the reader's open task, all scenarios under way and what is planned of them; a deal
    that ended more than ``quiet`` ago ends those begun before it. ``author`` is who told it, in
    the task's record.
    """
    closed_at = min(deal.closed_at, now)
    open_task = handoffs.open_of(connection, deal.reader_id)
    if deal.handoff_id is not None and open_task is not None and open_task.id != deal.handoff_id:
        open_task = None  # an older one is corrected
    _adopt(connection, deal, closed_at)
    before = connection.execute(select(deals).where(deals.c.key == deal.key)).one_or_none()
    told = {
        "reader_id": deal.reader_id,
        "outcome": deal.outcome,
        "amount": deal.amount,
        "reason": deal.reason,
        "note": deal.note,
        "closed_at": closed_at,
        "source": deal.source,
    }
    ends_at = now if closed_at >= now - quiet else closed_at
    if before is None:
        deal_id = new_id()
        task = deal.handoff_id or (open_task.id if open_task else None)
        connection.execute(
            insert(deals).values(
                id=deal_id,
                key=deal.key,
                handoff_id=task,
                recorded_at=now,
                ends_at=ends_at,
                **told,
            )
        )
    else:
        deal_id = before.id
        if all(_same(getattr(before, name), value) for name, value in told.items()):
            return Came.KNOWN
        connection.execute(update(deals).where(deals.c.id == deal_id).values(told))
    data: dict[str, Any] = {}
    if deal.amount is not None:
        data["amount"] = deal.amount
    if deal.reason is not None:
        data["reason"] = deal.reason
    events.append(
        connection,
        [
            {
                "id": f"deal:{deal_id}:{deal.outcome}",
                "at": closed_at,
                "kind": deal.outcome.event,
                "reader_id": deal.reader_id,
                "data": data or None,
            }
        ],
    )
    if open_task is not None:
        handoffs.close(connection, open_task.id, deal.outcome, now)
        handoffs.write_down(
            connection, open_task, Touch(deal.outcome.value), author, now, deal.note
        )
    elif deal.handoff_id is not None:
        handoffs.correct(connection, deal.handoff_id, deal.outcome)
    _end_scenarios(connection, deal.reader_id, ends_at, now)
    if ends_at == now:
        deliveries.cancel_open(
            connection, EndReason.DEAL, now, reader_id=deal.reader_id, kind=MailKind.NEWSLETTER
        )
    return Came.NEW if before is None else Came.CHANGED


def of_handoff(connection: Connection, handoff_id: str) -> Deal | None:
    """The deal that a task ended with."""
    row = connection.execute(
        select(deals)
        .where(deals.c.handoff_id == handoff_id)
        .order_by(deals.c.recorded_at.desc())
        .limit(1)
    ).one_or_none()
    return _deal(row) if row else None


def of_reader(connection: Connection, reader_id: str) -> list[Deal]:
    """A reader's deals, the newest first."""
    rows = connection.execute(
        select(deals).where(deals.c.reader_id == reader_id).order_by(deals.c.closed_at.desc())
    )
    return [_deal(row) for row in rows]


@dataclass(frozen=True)
class Dealt:
    """What a reader's deals mean for scenarios: what began ``up_to`` then is ended by one, and
    whether they bought."""

    up_to: datetime | None = None
    customer: bool = False


def standing(connection: Connection, reader_ids: Collection[str]) -> dict[str, Dealt]:
    """What deals there are of each of these readers mean for their scenarios."""
    rows = connection.execute(
        select(deals.c.reader_id, func.max(deals.c.ends_at), func.max(deals.c.outcome))
        .where(deals.c.reader_id.in_(reader_ids))
        .group_by(deals.c.reader_id)
    )
    # "won" sorts behind "lost"
    found = {who: Dealt(up_to, outcome == DealOutcome.WON) for who, up_to, outcome in rows}
    return {reader_id: found.get(reader_id, Dealt()) for reader_id in reader_ids}


def _end_scenarios(
    connection: Connection, reader_id: str, begun_by: datetime, now: datetime
) -> None:
    for enrolment in enrolments.under_way(connection, reader_id):
        if enrolment.started_at <= begun_by:
            enrolments.end(connection, enrolment.id, EndReason.DEAL, now)
            deliveries.cancel_open(
                connection,
                EndReason.DEAL,
                now,
                reader_id=reader_id,
                scenario=enrolment.scenario,
            )


def _adopt(connection: Connection, deal: Deal, closed_at: datetime) -> None:
    """What the desk told of a deal and another system now tells by its own name is one deal, if
    the outcome is the same, the amounts do not differ and it ended about the same time."""
    if deal.source is DealSource.DESK:
        return
    told = connection.execute(
        select(deals.c.id).where(
            deals.c.reader_id == deal.reader_id,
            deals.c.source == DealSource.DESK,
            deals.c.key.startswith("handoff:"),
            deals.c.outcome == deal.outcome,
            deals.c.closed_at >= closed_at - ONE_DEAL,
            deals.c.closed_at <= closed_at + ONE_DEAL,
            deals.c.amount.is_(None) | (deals.c.amount == deal.amount),
            ~exists().where(_others.c.key == deal.key),
        )
    ).scalars()
    if (deal_id := next(iter(told), None)) is not None:
        connection.execute(update(deals).where(deals.c.id == deal_id).values(key=deal.key))


def _same(kept: Any, told: Any) -> bool:
    if isinstance(kept, datetime) and isinstance(told, datetime):
        return abs(kept - told) < timedelta(seconds=1)  # kept to the millisecond
    return bool(kept == told)


def _deal(row: Any) -> Deal:
    return Deal(
        key=row.key,
        reader_id=row.reader_id,
        outcome=DealOutcome(row.outcome),
        closed_at=row.closed_at,
        source=DealSource(row.source),
        amount=row.amount,
        reason=LostReason(row.reason) if row.reason else None,
        note=row.note,
        handoff_id=row.handoff_id,
        ends_at=row.ends_at,
    )
