"""The event log: append-only facts, read by place or by reader."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, case, func, select, type_coerce
from sqlalchemy.types import NullType

from tracker.events import Event
from tracker.store.engine import count_new, insert_new
from tracker.store.tables import EPOCH, events, verdicts, visitors
from tracker.words import EventKind

_PLAIN: list[ColumnElement[Any]] = [
    type_coerce(events.c.at, BigInteger).label("at_ms"),
    events.c.seq,
    events.c.id,
    events.c.kind,
    events.c.reader_id.label("own_reader_id"),
    events.c.visitor,
    events.c.view,
    events.c.page,
    events.c.section,
    events.c.cta,
    events.c.gate,
    events.c.delivery_id,
]
_DATA = type_coerce(events.c.data, NullType).label("data_text")
_TOLD = case((events.c.kind.not_in([EventKind.PAGE_VIEW, EventKind.CTA_CLICK]), _DATA))
"""The columns of an event as the database has them: millions are read in one go."""

_KINDS = {kind.value: kind for kind in EventKind}
_BY_TIME = attrgetter("at", "seq")
_AT_ONCE = 5000

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


def append_all(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """As ``append``, for facts of which nothing follows: nobody asks which of them were new."""
    count_new(connection, events, rows)


def after(connection: Connection, seq: int, most: int) -> list[Event]:
    """Up to ``most`` events behind place ``seq``, in order."""
    rows = connection.execute(
        select(events.c.reader_id, *_PLAIN, _DATA)
        .where(events.c.seq > seq)
        .order_by(events.c.seq)
        .limit(most)
    )
    return [_plain_event(row) for row in rows.all()]


def last_seq(connection: Connection) -> int:
    """The place of the newest event; 0 in an empty log."""
    return connection.execute(select(func.max(events.c.seq))).scalar() or 0


def of_reader(connection: Connection, reader_id: str) -> list[Event]:
    """All a reader did, oldest first: under their own name, and as the visitor they were.

    A diagnosis that was made theirs by mail is left out where the visitor who took it turned out
    to be them: it was taken once.
    """
    return of_readers(connection, [reader_id])[reader_id]


def of_readers(
    connection: Connection, reader_ids: Collection[str], without: Collection[EventKind] = ()
) -> dict[str, list[Event]]:
    """As ``of_reader``, for many: three questions for all of them. Where kinds are to be left out,
    so is the ``data`` of page views and of CTAs pressed, of which nothing is concluded."""
    found: dict[str, list[Event]] = {reader_id: [] for reader_id in reader_ids}
    clicks: dict[str, tuple[str, int]] = {}
    # Not `IS NULL`: nearly all events are, and SQLite would begin with its index of them.
    nameless = func.coalesce(events.c.reader_id, "") == ""
    columns = [*_PLAIN, _TOLD if without else _DATA]
    own = select(events.c.reader_id, *columns).where(events.c.reader_id.in_(reader_ids))
    as_visitors = (
        select(visitors.c.reader_id, *columns)
        .join(events, events.c.visitor == visitors.c.visitor)
        .where(visitors.c.reader_id.in_(reader_ids), nameless)
    )
    for statement in (own, as_visitors):
        if without:
            statement = statement.where(events.c.kind.not_in(without))
        for row in connection.execute(statement).all():
            owner, event = row[0], _plain_event(row)
            if event.kind is EventKind.MAIL_CLICK:
                clicks[event.id] = owner, len(found[owner])
            found[owner].append(event)
    for event_id, held in _verdicts(connection, clicks).items():
        owner, place = clicks[event_id]
        event = found[owner][place]
        found[owner][place] = replace(event, data={**(event.data or {}), **held})
    for owner, done in found.items():
        done.sort(key=_BY_TIME)
        if any(event.kind is EventKind.DIAGNOSIS for event in done):
            found[owner] = _once(done)
    return found


def _once(done: list[Event]) -> list[Event]:
    ids = {event.id for event in done}
    return [
        event
        for event in done
        if event.kind is not EventKind.DIAGNOSIS or (event.data or {}).get("answered") not in ids
    ]


def _verdicts(connection: Connection, hit_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    wanted = list(hit_ids)
    found = {}
    for first in range(0, len(wanted), _AT_ONCE):
        rows = connection.execute(
            select(
                verdicts.c.event_id, verdicts.c.verdict, verdicts.c.signs, verdicts.c.forwarded
            ).where(verdicts.c.event_id.in_(wanted[first : first + _AT_ONCE]))
        )
        for row in rows:
            held = {"verdict": row.verdict, "signs": row.signs, "forwarded": row.forwarded or []}
            found[row.event_id] = held
    return found


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
    row = connection.execute(
        select(events.c.reader_id, *_PLAIN, _DATA).where(events.c.id == event_id)
    ).one_or_none()
    return _plain_event(row) if row else None


def _plain_event(row: Sequence[Any]) -> Event:
    _, at, seq, event_id, kind, reader, visitor, view, page, section, cta, gate, mail, data = row
    if isinstance(data, str):
        data = json.loads(data)
    moment = EPOCH + timedelta(milliseconds=at)
    what = _KINDS[kind]
    return Event(
        seq, event_id, moment, what, reader, visitor, view, page, section, cta, gate, mail, data
    )
