"""The views of pages in a period, page by page, without those of programs: whole days from what is
kept of them, the hours before and after from the views themselves."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    select,
    true,
)

from tracker.reports.content import Viewed
from tracker.store.rollups import day_of
from tracker.store.tables import contacts, page_days, views

FEWEST_OF_A_PROGRAM = 15
_DAY = timedelta(days=1)
_FIGURES = ("ended", "done", "saw", "clicked")


def is_program() -> ColumnElement[bool]:
    """A visitor of 15 views or more, most of them without a second of attention."""
    # Written out: only so SQLite sees that ``ix_contacts_many`` holds them all.
    fewest: BindParameter[int] = bindparam("fewest", FEWEST_OF_A_PROGRAM, literal_execute=True)
    return (contacts.c.views >= fewest) & (contacts.c.attentive * 2 < contacts.c.views)


def viewed(
    connection: Connection,
    since: datetime | None,
    until: datetime,
    source: str | None = None,
    moved: Mapping[str, str] | None = None,
) -> list[Viewed]:
    """Of each page that a person viewed; ``source`` takes the views that came from there. ``moved``
    says of an address that a page had before which it has now: under that one all its views are
    counted."""
    moved = moved or {}
    found: dict[str, Counter[str]] = {}
    for weight, question in _questions(since, until, source):
        for page, *figures in connection.execute(question):
            own = found.setdefault(moved.get(page, page), Counter())
            for name, figure in zip(("views", *_FIGURES), figures, strict=True):
                own[name] += weight * int(figure)
    return [
        Viewed(page, *(own[name] for name in ("views", *_FIGURES)))
        for page, own in found.items()
        if own["views"]
    ]


def _questions(
    since: datetime | None, until: datetime, source: str | None
) -> Iterator[tuple[int, Select[Any]]]:
    """What to add up, and what to take away."""
    first = None if since is None else _day_from(since)
    last = day_of(until)
    if first is not None and first >= last:
        yield 1, _of_views(since, until, source)
    else:
        yield 1, _of_days(first, last, source)
        if since is not None and first is not None and since < first:
            yield 1, _of_views(since, first, source)
        if last < until:
            yield 1, _of_views(last, until, source)
    programs = select(contacts.c.visitor).where(is_program())
    yield -1, _of_views(since, until, source).where(views.c.visitor.in_(programs))


def _day_from(at: datetime) -> datetime:
    """The first UTC day that begins then or later."""
    day = day_of(at)
    return day if day == at else day + _DAY


def _of_days(first: datetime | None, last: datetime, source: str | None) -> Select[Any]:
    figures = (func.sum(page_days.c[name]) for name in ("views", *_FIGURES))
    return (
        select(page_days.c.page, *figures)
        .where(
            page_days.c.day < last,
            true() if first is None else page_days.c.day >= first,
            true() if source is None else page_days.c.source == source,
        )
        .group_by(page_days.c.page)
    )


def _of_views(since: datetime | None, until: datetime, source: str | None) -> Select[Any]:
    figures = (func.sum(views.c[name]) for name in _FIGURES)
    return (
        select(views.c.page, func.count(), *figures)
        .where(
            views.c.at < until,
            true() if since is None else views.c.at >= since,
            true() if source is None else views.c.source == source,
        )
        .group_by(views.c.page)
    )
