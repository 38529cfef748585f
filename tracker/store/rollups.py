"""What reports are counted from, kept beside the event log: each view of a page in one row, how
each visitor first came, and how much of both there was day by day.

All of it follows from the log in its order, whatever the pieces it is taken in by: ``rebuild``
gives the same rows again. Numbers of what is true are 0 or 1, so that both engines add them up.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    Subquery,
    Text,
    case,
    cast,
    delete,
    func,
    select,
    type_coerce,
    update,
)

from tracker.store import cursors
from tracker.store.among import among
from tracker.store.engine import add, put
from tracker.store.tables import EPOCH, arrivals, contacts, events, page_days, views, visitors
from tracker.words import EventKind

CURSOR = "views"
BATCH = 5000
ATTENTIVE_MS = 1000
"""A view with less attention than that looks like a program's."""

_TOLD = (EventKind.PAGE_VIEW, EventKind.PAGE_END)
_SEEN = (EventKind.SECTION, EventKind.CTA_SEEN, EventKind.CTA_CLICK)
_AT_ONCE = 400
_MOST_SECTIONS = 500
_LONGEST_MS = 24 * 3_600_000
_SOURCES = frozenset({"search", "social", "referral", "internal", "mail"})
DIRECT = "direct"
"""Where no source is known: an address typed in, a bookmark, an app."""

Key = TypeVar("Key")


@dataclass(slots=True)
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

    @property
    def figures(self) -> tuple[int, ...]:
        """What it adds to its page's day."""
        known = int(self.at is not None)
        return known, known * self.ended, known * self.done, known * self.saw, known * self.clicked

    def open(self, at: datetime, visitor: str | None, told: Mapping[str, Any]) -> None:
        if self.at is None:
            self.at, self.visitor = at, visitor
            self.source = told["ref"] if told.get("ref") in _SOURCES else DIRECT

    def end(self, told: Mapping[str, Any]) -> None:
        self.ended = 1
        if told.get("done") is True:
            self.done = 1
        active = told.get("active_ms")
        if type(active) is int and active > self.active_ms:
            self.active_ms = min(active, _LONGEST_MS)

    def see(self, reached: int, saw: int, clicked: int) -> None:
        self.reached = max(self.reached, min(reached, _MOST_SECTIONS))
        self.saw = max(self.saw, saw)
        self.clicked = max(self.clicked, clicked)


_NOTHING = _View("", "").counts_as, _View("", "").figures


@dataclass(slots=True)
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
    coming = select(events.c.seq).where(events.c.seq > place).order_by(events.c.seq).limit(most)
    count: int
    count, last = connection.execute(select(func.count(), func.max(coming.subquery().c.seq))).one()
    if not count:
        return 0
    # With its own limit it is read along the log, whatever index the engine thinks of.
    batch = (
        select(events)
        .where(events.c.seq > place, events.c.seq <= last)
        .order_by(events.c.seq)
        .limit(most)
        .subquery()
    )
    _fold(connection, batch)
    cursors.move(connection, CURSOR, last)
    return count


def rebuild(connection: Connection) -> None:
    """Forget what was counted, so that ``take`` begins at the log's first event again."""
    cursors.hold(connection, CURSOR)
    for table in (views, contacts, page_days, arrivals):
        connection.execute(delete(table))
    cursors.move(connection, CURSOR, 0)


def rename(connection: Connection, visitor: str, new: str) -> None:
    """The log calls the visitor by another name from now on."""
    cursors.hold(connection, CURSOR)  # or who takes events in meanwhile would know the old one
    for table in (views, contacts):
        connection.execute(update(table).where(table.c.visitor == visitor).values(visitor=new))


def part(connection: Connection, before: datetime) -> None:
    """The log parted what nameless visitors did before then from one another: so it is here."""
    cursors.hold(connection, CURSOR)
    old = (
        views.c.visitor.is_not(None),
        views.c.at < before,
        views.c.visitor.not_in(select(visitors.c.visitor)),
    )
    names = list(connection.execute(select(views.c.visitor).where(*old).distinct()).scalars())
    connection.execute(update(views).where(*old).values(visitor=None))
    for some in _some(names):
        gone = connection.execute(
            delete(contacts)
            .where(contacts.c.visitor.in_(some))
            .returning(contacts.c.first_at, contacts.c.source)
        ).all()
        _arrive(connection, Counter(), Counter((quarter_of(at), source) for at, source in gone))
        left = [
            _View(**row._mapping)
            for row in connection.execute(select(views).where(views.c.visitor.in_(some)))
        ]
        _meet(connection, [((0, 0), view) for view in left])


def day_of(at: datetime) -> datetime:
    """The UTC day's first moment."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def quarter_of(at: datetime) -> datetime:
    """The quarter of an hour's first moment: every zone's midnight is one."""
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)


def _fold(connection: Connection, batch: Subquery) -> None:
    named = (batch.c.view.is_not(None), batch.c.page.is_not(None))
    told = connection.execute(
        select(
            batch.c.view, batch.c.page, batch.c.kind, type_coerce(batch.c.at, BigInteger),
            batch.c.visitor, cast(batch.c.data, Text),
        )
        .where(batch.c.kind.in_(_TOLD), *named)
        .order_by(batch.c.seq)
    ).all()  # fmt: skip
    clicked = case((batch.c.kind == EventKind.CTA_CLICK, 1), else_=0)
    saw = case((batch.c.kind != EventKind.SECTION, 1), else_=0)
    reached = case((batch.c.kind == EventKind.SECTION, func.coalesce(batch.c.section, 0)), else_=0)
    seen = connection.execute(
        select(
            batch.c.view, batch.c.page, func.max(reached), func.max(saw), func.max(clicked)
        )
        .where(batch.c.kind.in_(_SEEN), *named)
        .group_by(batch.c.view, batch.c.page)
    ).all()  # fmt: skip
    found = _held(connection, {row[0] for row in (*told, *seen)})
    before: dict[tuple[str, str], tuple[tuple[int, int], tuple[int, ...]]] = {}

    def of(key: tuple[str, str]) -> _View:
        view = found.get(key)
        if view is None:
            view = found[key] = _View(*key)
            before[key] = _NOTHING
        elif key not in before:
            before[key] = (view.counts_as, view.figures)
        return view

    for view_id, page, kind, at, visitor, data in told:
        facts: Mapping[str, Any] = (data and json.loads(data)) or {}
        if kind == EventKind.PAGE_END:
            of((view_id, page)).end(facts)
        else:
            of((view_id, page)).open(EPOCH + timedelta(milliseconds=at), visitor, facts)
    for view_id, page, *marks in seen:
        of((view_id, page)).see(*marks)
    days: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * 5)
    met = []
    for key, (counted, figures) in before.items():
        view = found[key]
        now = view.figures
        if view.at is not None and now != figures:
            day = days[day_of(view.at), view.page, view.source]
            for place in range(5):
                day[place] += now[place] - figures[place]
        if view.counts_as != counted:
            met.append((counted, view))
    put(connection, views, [_plain(found[key]) for key in before])
    names = ("views", "ended", "done", "saw", "clicked")
    add(
        connection,
        page_days,
        [
            {"day": day, "page": page, "source": source, **dict(zip(names, own, strict=True))}
            for (day, page, source), own in days.items()
        ],
    )
    _meet(connection, met)


def _held(connection: Connection, names: Iterable[str]) -> dict[tuple[str, str], _View]:
    # Not by pairs: SQLite looks for those without an index.
    rows = connection.execute(select(views).where(among(connection, views.c.view, names)))
    return {(row.view, row.page): _View(*row) for row in rows}


def _meet(connection: Connection, met: Iterable[tuple[tuple[int, int], _View]]) -> None:
    """Count these views for their visitors; each comes with what it counted as before."""
    met = [(before, view) for before, view in met if view.visitor and view.at]
    found: dict[str, _Contact] = {}
    names = {view.visitor for _, view in met if view.visitor}
    for row in connection.execute(
        select(contacts).where(among(connection, contacts.c.visitor, names))
    ):
        found[row.visitor] = _Contact(*row)
    gone = Counter((quarter_of(held.first_at), held.source) for held in found.values())
    for (views_before, attentive_before), view in met:
        assert view.visitor is not None
        assert view.at is not None
        contact = found.get(view.visitor)
        if contact is None:
            contact = found[view.visitor] = _Contact(view.visitor, view.at, view.page, view.source)
        else:
            first = min(contact.first, (view.at, view.page, view.source))
            contact.first_at, contact.page, contact.source = first
        counted, attentive = view.counts_as
        contact.views += counted - views_before
        contact.attentive += attentive - attentive_before
    put(connection, contacts, [_plain(contact) for contact in found.values()])
    come = Counter((quarter_of(held.first_at), held.source) for held in found.values())
    _arrive(connection, come, gone)


def _arrive(
    connection: Connection,
    come: Counter[tuple[datetime, str]],
    gone: Counter[tuple[datetime, str]],
) -> None:
    """So many visitors' first visits are of that quarter of an hour and source, or no longer."""
    come.subtract(gone)
    add(
        connection,
        arrivals,
        [
            {"at": at, "source": source, "visitors": count}
            for (at, source), count in come.items()
            if count
        ],
    )
    if any(count < 0 for count in come.values()):
        connection.execute(delete(arrivals).where(arrivals.c.visitors == 0))


def _plain(row: _View | _Contact) -> dict[str, Any]:
    names = row.__slots__
    return dict(zip(names, attrgetter(*names)(row), strict=True))


def _some(keys: Iterable[Key]) -> Iterator[list[Key]]:
    """``keys`` in pieces that one statement can name."""
    everything = list(keys)
    for start in range(0, len(everything), _AT_ONCE):
        yield everything[start : start + _AT_ONCE]
