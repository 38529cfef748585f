"""Readers given to sales: one open task a reader, with what was done about it.

Every change is a conditional UPDATE of a task that is open, so that two people at the desk cannot
end one twice.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, insert, select, update

from tracker.store.engine import insert_new
from tracker.store.people import PERSON, Person, named, person, stage_or_none
from tracker.store.tables import accounts, deliveries, handoff_entries, handoffs, new_id, readers
from tracker.words import DealOutcome, HandoffCause, Stage, Touch

MOST = 200
"""Tasks of a list."""


@dataclass(frozen=True)
class Handoff:
    """A reader given to sales. ``score`` and ``stage`` are those of the hour it was opened;
    ``reasons`` tell events and rules and nothing personal. ``event_id`` is the inquiry that opened
    it. ``first_touch_at`` is when somebody first reached out, ``touched_at`` when last."""

    id: str
    reader_id: str
    cause: HandoffCause
    opened_at: datetime
    due_at: datetime
    score: float
    stage: Stage | None
    reasons: tuple[dict[str, Any], ...]
    event_id: str | None
    owner_id: str | None
    first_touch_at: datetime | None
    touched_at: datetime | None
    met_at: datetime | None
    closed_at: datetime | None
    outcome: DealOutcome | None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def is_overdue(self, now: datetime) -> bool:
        """Whether its time is over; whoever reaches out gives it another."""
        return self.is_open and now > self.due_at


@dataclass(frozen=True)
class Listed:
    """A task with whom it is about and whose it is (an address of the desk)."""

    handoff: Handoff
    person: Person
    owner: str | None


@dataclass(frozen=True)
class Entry:
    """One line of a task's record. ``author`` is an account's address, or ``system``."""

    at: datetime
    kind: Touch
    author: str
    text: str


@dataclass(frozen=True)
class Forgotten:
    """A hot reader, or one who inquired, whom nobody has reached out to for long."""

    person: Person
    score: float
    stage: Stage | None
    inquired_at: datetime | None
    touched_at: datetime | None
    acted_at: datetime | None


_COLUMNS = [handoffs.c[name] for name in Handoff.__dataclass_fields__]


def give(
    connection: Connection,
    reader_id: str,
    cause: HandoffCause,
    *,
    now: datetime,
    due_at: datetime,
    score: float,
    stage: Stage | None,
    reasons: Sequence[dict[str, Any]] = (),
    event_id: str | None = None,
    owner_id: str | None = None,
) -> str | None:
    """Open a task about a reader (the ``owner_id``'s, if one is named); ``None`` if one is open
    already."""
    row = {
        "id": new_id(),
        "reader_id": reader_id,
        "cause": cause,
        "opened_at": now,
        "due_at": due_at,
        "score": score,
        "stage": stage,
        "reasons": list(reasons),
        "event_id": event_id,
        "owner_id": owner_id,
    }
    return str(row["id"]) if insert_new(connection, handoffs, [row]) else None


def get(connection: Connection, handoff_id: str) -> Handoff | None:
    return _first(connection, handoffs.c.id == handoff_id)


def open_of(connection: Connection, reader_id: str) -> Handoff | None:
    """The task about a reader that is open."""
    return _first(connection, handoffs.c.reader_id == reader_id, handoffs.c.closed_at.is_(None))


def last_of(connection: Connection, reader_id: str) -> Handoff | None:
    """The newest task about a reader, open or not."""
    return _first(connection, handoffs.c.reader_id == reader_id)


def newest_of(connection: Connection, reader_ids: Collection[str]) -> dict[str, Handoff]:
    """The newest task about each of these readers who has one, open or not."""
    rows = connection.execute(
        select(*_COLUMNS)
        .where(handoffs.c.reader_id.in_(reader_ids))
        .order_by(handoffs.c.opened_at, handoffs.c.id.desc())
    )
    return {row.reader_id: _handoff(row) for row in rows}


def one(connection: Connection, handoff_id: str) -> Listed | None:
    row = connection.execute(_selected().where(handoffs.c.id == handoff_id)).one_or_none()
    return _listed(row) if row else None


def open_ones(connection: Connection, *, owner_id: str | None = None) -> list[Listed]:
    """The open tasks (of one owner), the soonest due first."""
    statement = _selected().where(handoffs.c.closed_at.is_(None))
    if owner_id is not None:
        statement = statement.where(handoffs.c.owner_id == owner_id)
    rows = connection.execute(statement.order_by(handoffs.c.due_at, handoffs.c.id).limit(MOST))
    return [_listed(row) for row in rows]


def closed_ones(connection: Connection) -> list[Listed]:
    """The tasks that are over, the newest first."""
    rows = connection.execute(
        _selected()
        .where(handoffs.c.closed_at.is_not(None))
        .order_by(handoffs.c.closed_at.desc(), handoffs.c.id)
        .limit(MOST)
    )
    return [_listed(row) for row in rows]


def overdue(connection: Connection, now: datetime) -> list[Listed]:
    """The open tasks whose time is over."""
    return [found for found in open_ones(connection) if found.handoff.is_overdue(now)]


def untold(connection: Connection, cause: HandoffCause) -> list[Listed]:
    """The open tasks of a cause that no mail of the ledger tells of."""
    told = exists().where(deliveries.c.handoff_id == handoffs.c.id)
    rows = connection.execute(
        _selected().where(handoffs.c.closed_at.is_(None), handoffs.c.cause == cause, ~told)
    )
    return [_listed(row) for row in rows]


def entries_of(connection: Connection, handoff_id: str) -> list[Entry]:
    """A task's record, the newest first."""
    rows = connection.execute(
        select(handoff_entries)
        .where(handoff_entries.c.handoff_id == handoff_id)
        .order_by(handoff_entries.c.at.desc(), handoff_entries.c.id)
    )
    return [Entry(row.at, Touch(row.kind), row.author, row.text) for row in rows]


def write_down(
    connection: Connection, handoff: Handoff, kind: Touch, author: str, at: datetime, text: str = ""
) -> None:
    """Add a line to a task's record; a contact also moves the times that tell of it."""
    connection.execute(
        insert(handoff_entries).values(
            id=new_id(),
            handoff_id=handoff.id,
            reader_id=handoff.reader_id,
            at=at,
            kind=kind,
            author=author,
            text=text,
        )
    )
    if not kind.is_contact:
        return
    values: dict[str, Any] = {"touched_at": at}
    if handoff.first_touch_at is None:
        values["first_touch_at"] = at
    if kind is Touch.MEETING and handoff.met_at is None:
        values["met_at"] = at
    connection.execute(update(handoffs).where(handoffs.c.id == handoff.id).values(values))


def entrust(
    connection: Connection, handoff_id: str, owner_id: str | None, due_at: datetime
) -> bool:
    """Make an open task somebody's (``None``: nobody's), due then. False if it is over."""
    return _change(connection, handoff_id, owner_id=owner_id, due_at=due_at)


def hurry(connection: Connection, handoff_id: str, due_at: datetime) -> bool:
    """Have an open task due at ``due_at`` if it were due later."""
    moved = connection.execute(
        update(handoffs)
        .where(
            handoffs.c.id == handoff_id,
            handoffs.c.closed_at.is_(None),
            handoffs.c.due_at > due_at,
        )
        .values(due_at=due_at)
    )
    return moved.rowcount == 1


def inquired(connection: Connection, handoff_id: str, event_id: str) -> bool:
    """Note the newest inquiry in an open task. False if it is known there."""
    noted = connection.execute(
        update(handoffs)
        .where(
            handoffs.c.id == handoff_id,
            handoffs.c.closed_at.is_(None),
            handoffs.c.event_id.is_distinct_from(event_id),
        )
        .values(event_id=event_id)
    )
    return noted.rowcount == 1


def close(
    connection: Connection, handoff_id: str, outcome: DealOutcome, closed_at: datetime
) -> bool:
    """End an open task. False if it was over."""
    return _change(connection, handoff_id, outcome=outcome, closed_at=closed_at)


def correct(connection: Connection, handoff_id: str, outcome: DealOutcome) -> None:
    """A task that is over ended otherwise than it was told."""
    connection.execute(
        update(handoffs)
        .where(handoffs.c.id == handoff_id, handoffs.c.closed_at.is_not(None))
        .values(outcome=outcome)
    )


def count_open(connection: Connection) -> int:
    return connection.execute(
        select(func.count()).select_from(handoffs).where(handoffs.c.closed_at.is_(None))
    ).scalar_one()


def forgotten(
    connection: Connection, *, hot_at: float, since: datetime, most: int = MOST
) -> list[Forgotten]:
    """Readers who are hot or have inquired and whom nobody has reached out to since ``since``, the
    hottest first. Left out are those who did nothing any more since their deal was won or lost."""
    touched = func.max(handoffs.c.touched_at)
    over = func.max(handoffs.c.closed_at)
    of_reader = (
        select(handoffs.c.reader_id, touched.label("touched_at"), over.label("closed_at"))
        .group_by(handoffs.c.reader_id)
        .subquery()
    )
    given_lately = exists().where(
        handoffs.c.reader_id == readers.c.id, handoffs.c.opened_at > since
    )
    rows = connection.execute(
        select(
            *named(PERSON, "person"),
            readers.c.score,
            readers.c.stage,
            readers.c.inquired_at,
            readers.c.acted_at,
            of_reader.c.touched_at,
        )
        .outerjoin(of_reader, of_reader.c.reader_id == readers.c.id)
        .where(
            readers.c.email.is_not(None),
            (readers.c.score >= hot_at) | readers.c.inquired_at.is_not(None),
            of_reader.c.touched_at.is_(None) | (of_reader.c.touched_at <= since),
            of_reader.c.closed_at.is_(None) | (of_reader.c.closed_at < readers.c.acted_at),
            func.coalesce(readers.c.inquired_at, readers.c.created_at) <= since,
            ~given_lately,
        )
        .order_by(readers.c.score.desc(), readers.c.id)
        .limit(most)
    )
    return [
        Forgotten(
            person(row),
            row.score,
            stage_or_none(row.stage),
            row.inquired_at,
            row.touched_at,
            row.acted_at,
        )
        for row in rows
    ]


def _change(connection: Connection, handoff_id: str, **values: Any) -> bool:
    changed = connection.execute(
        update(handoffs)
        .where(handoffs.c.id == handoff_id, handoffs.c.closed_at.is_(None))
        .values(values)
    )
    return changed.rowcount == 1


def _selected() -> Select[Any]:
    return (
        select(*_COLUMNS, *named(PERSON, "person"), accounts.c.email.label("owner_email"))
        .join(readers, readers.c.id == handoffs.c.reader_id)
        .outerjoin(accounts, accounts.c.id == handoffs.c.owner_id)
    )


def _first(connection: Connection, *conditions: ColumnElement[bool]) -> Handoff | None:
    row = connection.execute(
        select(*_COLUMNS)
        .where(and_(*conditions))
        .order_by(handoffs.c.opened_at.desc(), handoffs.c.id)
        .limit(1)
    ).one_or_none()
    return _handoff(row) if row else None


def _listed(row: Any) -> Listed:
    return Listed(_handoff(row), person(row), row.owner_email)


def _handoff(row: Any) -> Handoff:
    values = {name: getattr(row, name) for name in Handoff.__dataclass_fields__}
    return Handoff(
        **{
            **values,
            "cause": HandoffCause(row.cause),
            "stage": stage_or_none(row.stage),
            "reasons": tuple(row.reasons),
            "outcome": DealOutcome(row.outcome) if row.outcome else None,
        }
    )
