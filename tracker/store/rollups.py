"""What reports are counted from, kept beside the event log: each view of a page in one row, and
how each visitor first came.

All of it follows from the log in its order, whatever the pieces it is taken in by: ``rebuild``
gives the same rows again. Numbers of what is true are 0 or 1, so that both engines add them up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tracker.store import cursors
from tracker.store.tables import contacts, events, views, visitors
from tracker.words import EventKind

CURSOR = "views"
BATCH = 5000
ATTENTIVE_MS = 1000
"""A view with less attention than that looks like a program's."""

_KINDS = (
    EventKind.PAGE_VIEW,
    EventKind.SECTION,
    EventKind.CTA_SEEN,
    EventKind.CTA_CLICK,
    EventKind.PAGE_END,
)
_WITH_DATA = (EventKind.PAGE_VIEW, EventKind.PAGE_END)
_AT_ONCE = 400
_MOST_SECTIONS = 500
_LONGEST_MS = 24 * 3_600_000
_SOURCES = frozenset({"search", "social", "referral", "internal", "mail"})
DIRECT = "direct"
"""Where no source is known: an address typed in, a bookmark, an app."""

Key = TypeVar("Key")


@dataclass
class _View:
    view: str
    page: str
    at: datetime | None = None
    visitor: str | None = None
    source: str = DIRECT
    reached: int = 0
    done: int = 0
    ended: int = 0
    active_ms: int = 0
    saw: int = 0
    clicked: int = 0

    @property
    def counts_as(self) -> tuple[int, int]:
        """What it adds to its visitor's views, and to the attentive ones."""
        known = int(self.at is not None and self.visitor is not None)
        return known, known * int(self.active_ms >= ATTENTIVE_MS)

    def take(self, row: Any) -> None:
        told: Mapping[str, Any] = row.data or {}
        if row.kind == EventKind.PAGE_VIEW:
            if self.at is None:
                self.at, self.visitor = row.at, row.visitor
                self.source = told["ref"] if told.get("ref") in _SOURCES else DIRECT
        elif row.kind == EventKind.SECTION:
            self.reached = max(self.reached, min(row.section or 0, _MOST_SECTIONS))
        elif row.kind == EventKind.CTA_SEEN:
            self.saw = 1
        elif row.kind == EventKind.CTA_CLICK:
            self.saw = self.clicked = 1
        else:
            self.ended = 1
            self.done = max(self.done, int(told.get("done") is True))
            active = told.get("active_ms")
            if type(active) is int:
                self.active_ms = max(self.active_ms, min(active, _LONGEST_MS))


@dataclass
class _Contact:
    visitor: str
    first_at: datetime
    page: str
    source: str
    views: int = 0
    attentive: int = 0

    @property
    def first(self) -> tuple[datetime, str, str]:
        return self.first_at, self.page, self.source


def take(connection: Connection, most: int = BATCH) -> int:
    """Take in up to ``most`` events behind the cursor, and move it; how many there were."""
    place = cursors.hold(connection, CURSOR)
    data = case((events.c.kind.in_(_WITH_DATA), events.c.data))  # most events carry none
    rows = connection.execute(
        select(
            events.c.seq, events.c.at, events.c.kind, events.c.visitor, events.c.view,
            events.c.page, events.c.section, data.label("data"),
        ).where(events.c.seq > place).order_by(events.c.seq).limit(most)
    ).all()  # fmt: skip
    if not rows:
        return 0
    _fold(connection, rows)
    cursors.move(connection, CURSOR, rows[-1].seq)
    return len(rows)


def rebuild(connection: Connection) -> None:
    """Forget what was counted, so that ``take`` begins at the log's first event again."""
    cursors.hold(connection, CURSOR)
    for table in (views, contacts):
        connection.execute(delete(table))
    cursors.move(connection, CURSOR, 0)


def rename(connection: Connection, visitor: str, new: str) -> None:
    """The log calls the visitor by another name from now on."""
    for table in (views, contacts):
        connection.execute(update(table).where(table.c.visitor == visitor).values(visitor=new))


def part(connection: Connection, before: datetime) -> None:
    """The log parted what nameless visitors did before then from one another: so it is here."""
    old = (
        views.c.visitor.is_not(None),
        views.c.at < before,
        views.c.visitor.not_in(select(visitors.c.visitor)),
    )
    names = list(connection.execute(select(views.c.visitor).where(*old).distinct()).scalars())
    connection.execute(update(views).where(*old).values(visitor=None))
    for some in _some(names):
        connection.execute(delete(contacts).where(contacts.c.visitor.in_(some)))
        left = [
            _View(**row._mapping)
            for row in connection.execute(select(views).where(views.c.visitor.in_(some)))
        ]
        _meet(connection, [((0, 0), view) for view in left])


def _fold(connection: Connection, rows: Sequence[Any]) -> None:
    told: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        if row.kind in _KINDS and row.view is not None and row.page is not None:
            told.setdefault((row.view, row.page), []).append(row)
    found = _held(connection, told)
    met = []
    for key, own in told.items():
        view = found.setdefault(key, _View(*key))
        before = view.counts_as
        for row in own:
            view.take(row)
        if view.counts_as != before:
            met.append((before, view))
    _put(connection, views, [vars(found[key]) for key in told])
    _meet(connection, met)


def _held(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], _View]:
    # Not by pairs: SQLite looks for those without an index.
    found = {}
    for some in _some({view for view, _ in keys}):
        for row in connection.execute(select(views).where(views.c.view.in_(some))):
            found[row.view, row.page] = _View(**row._mapping)
    return found


def _meet(connection: Connection, met: Iterable[tuple[tuple[int, int], _View]]) -> None:
    """Count these views for their visitors; each comes with what it counted as before."""
    met = [(before, view) for before, view in met if view.visitor and view.at]
    found: dict[str, _Contact] = {}
    for some in _some({view.visitor for _, view in met}):
        for row in connection.execute(select(contacts).where(contacts.c.visitor.in_(some))):
            found[row.visitor] = _Contact(**row._mapping)
    for (views_before, attentive_before), view in met:
        assert view.visitor is not None
        assert view.at is not None
        contact = found.setdefault(
            view.visitor, _Contact(view.visitor, view.at, view.page, view.source)
        )
        first = min(contact.first, (view.at, view.page, view.source))
        contact.first_at, contact.page, contact.source = first
        counted, attentive = view.counts_as
        contact.views += counted - views_before
        contact.attentive += attentive - attentive_before
    _put(connection, contacts, [vars(contact) for contact in found.values()])


def _put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows``, in place of those of the same keys."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    values = {c.name: statement.excluded[c.name] for c in table.c if c.name not in keys}
    connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=values), list(rows)
    )


def _some(keys: Iterable[Key]) -> Iterator[list[Key]]:
    """``keys`` in pieces that one statement can name."""
    everything = list(keys)
    for start in range(0, len(everything), _AT_ONCE):
        yield everything[start : start + _AT_ONCE]
