"""Who first came when, without ever giving a name: whole quarters of an hour from what is kept of
them, the minutes before and after from the visitors themselves."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    func,
    select,
    true,
    type_coerce,
)

from tracker.store.rollups import quarter_of
from tracker.store.tables import EPOCH, arrivals, contacts, visitors
from tracker.store.touches import Came
from tracker.store.viewing import is_program

_QUARTER = timedelta(minutes=15)


def strangers_by_week(
    connection: Connection,
    since: datetime | None,
    until: datetime,
    monday_ms: int,
    week_ms: int,
    known: Iterable[Came],
) -> dict[tuple[int, str], int]:
    """Visitors without a name by the week and the source of their first visit: how many. The key
    is how many weeks lie between ``monday_ms`` (a quarter's beginning) and the visit. ``known``
    are all who have a name."""
    found: Counter[tuple[int, str]] = Counter()
    for weight, at, question in _questions(since, until):
        week = func.floor((type_coerce(at, BigInteger) - monday_ms) / week_ms).label("week")
        for source, count, number in connection.execute(
            question.add_columns(week).group_by(question.selected_columns[0], week)
        ):
            found[int(number), source] += weight * int(count)
    begin, end = (None if at is None else _milliseconds(at) for at in (since, until))
    for own in known:
        if (begin is None or own.at >= begin) and (end is None or own.at < end):
            found[(own.at - monday_ms) // week_ms, own.source] -= 1
    return {key: count for key, count in found.items() if count}


def _questions(
    since: datetime | None, until: datetime
) -> Iterator[tuple[int, ColumnElement[Any], Select[Any]]]:
    """What to add up, and what to take away, each with its time."""
    first = None if since is None else _quarter_from(since)
    last = quarter_of(until)
    own = contacts.c.first_at
    if first is not None and first >= last:
        yield 1, own, _of_contacts(since, until)
    else:
        yield (
            1,
            arrivals.c.at,
            select(arrivals.c.source, func.sum(arrivals.c.visitors)).where(
                arrivals.c.at < last, true() if first is None else arrivals.c.at >= first
            ),
        )
        if since is not None and first is not None and since < first:
            yield 1, own, _of_contacts(since, first)
        if last < until:
            yield 1, own, _of_contacts(last, until)
    nameless = contacts.c.visitor.not_in(select(visitors.c.visitor))
    yield -1, own, _of_contacts(since, until).where(is_program(), nameless)


def _milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def _quarter_from(at: datetime) -> datetime:
    """The first quarter of an hour that begins then or later."""
    quarter = quarter_of(at)
    return quarter if quarter == at else quarter + _QUARTER


def _of_contacts(since: datetime | None, until: datetime) -> Select[Any]:
    return select(contacts.c.source, func.count()).where(
        contacts.c.first_at < until, true() if since is None else contacts.c.first_at >= since
    )
