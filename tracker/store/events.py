"""The event log: append-only facts, read by place or by reader."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from tracker.events import Event
from tracker.store.engine import insert_new
from tracker.store.tables import events, verdicts, visitors
from tracker.words import EventKind

_ONE_AT_A_TIME = 0x50DA7E
"""PostgreSQL's advisory lock of who appends."""


def alone(connection: Connection) -> None:
    """Hold up whoever else appends, or erases, until this transaction ends (in SQLite it is alone
    by itself). Call it first in the transaction.

    So places are given out in the order in which they can be seen: a cursor at the newest has
    seen all before it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))


def append(connection: Connection, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Append those whose id is not in the log yet; returns the ids that were new. The transaction
    must be ``alone``."""
    return {row["id"] for row in insert_new(connection, events, rows)}


def after(connection: Connection, seq: int, most: int) -> list[Event]:
    """Up to ``most`` events behind place ``seq``, in order."""
    rows = connection.execute(
        select(events).where(events.c.seq > seq).order_by(events.c.seq).limit(most)
    )
    return [_event(row) for row in rows]


def last_seq(connection: Connection) -> int:
    """The place of the newest event; 0 in an empty log."""
    return connection.execute(select(func.max(events.c.seq))).scalar() or 0


def of_reader(connection: Connection, reader_id: str) -> list[Event]:
    """All a reader did, oldest first: under their own name, and as the visitor they were.

    A diagnosis that was made theirs by mail is left out where the visitor who took it turned out
    to be them: it was taken once.
    """
    own_visitors = select(visitors.c.visitor).where(visitors.c.reader_id == reader_id)
    rows = connection.execute(
        select(events, verdicts.c.verdict, verdicts.c.signs, verdicts.c.forwarded)
        .outerjoin(verdicts, verdicts.c.event_id == events.c.id)
        .where(
            or_(
                events.c.reader_id == reader_id,
                (events.c.reader_id.is_(None)) & events.c.visitor.in_(own_visitors),
            )
        )
        .order_by(events.c.at, events.c.seq)
    )
    found = [_event(row) for row in rows]
    ids = {event.id for event in found}
    return [
        event
        for event in found
        if event.kind is not EventKind.DIAGNOSIS or (event.data or {}).get("answered") not in ids
    ]


def readers_of(connection: Connection, found: Iterable[Event]) -> set[str]:
    """The known readers whom these events concern."""
    found = list(found)
    direct = {event.reader_id for event in found if event.reader_id}
    names = {event.visitor for event in found if event.visitor and not event.reader_id}
    if not names:
        return direct
    rows = connection.execute(
        select(visitors.c.reader_id).where(visitors.c.visitor.in_(names)).distinct()
    )
    return direct | set(rows.scalars())


def get(connection: Connection, event_id: str) -> Event | None:
    row = connection.execute(select(events).where(events.c.id == event_id)).one_or_none()
    return _event(row) if row else None


def _event(row: Row[Any]) -> Event:
    values = dict(row._mapping)
    verdict, signs = values.pop("verdict", None), values.pop("signs", None)
    forwarded = values.pop("forwarded", None)
    if verdict is not None:
        held = {"verdict": verdict, "signs": signs, "forwarded": forwarded or []}
        values["data"] = {**(values["data"] or {}), **held}
    return Event(**{**values, "kind": EventKind(values["kind"])})
