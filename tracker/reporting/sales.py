"""Sales: how soon hot readers were reached out to, what came of them, what they cost, and what the
score was worth."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from tracker.catalogue import Catalogue
from tracker.reporting.scope import Scope, ms
from tracker.reporting.who import of_scope
from tracker.reports.sales import Band, Speed, Threshold, bands, cost_between, speed, thresholds
from tracker.store import costs, orders, sales
from tracker.store import touches as store
from tracker.store.people import Person

MONTH = timedelta(days=30)
MOST_WAITING = 100
CALLS = 20
"""Calls a month that sales can make, where nobody says another number."""


@dataclass(frozen=True)
class Waiting:
    """A reader given to sales, whose time is over, and to whom nobody reached out."""

    id: str
    person: Person
    opened_at: datetime
    due_at: datetime
    score: float


@dataclass(frozen=True)
class SalesReport:
    """``hot`` readers are there now; ``leads`` came in the period, ``orders`` with their ``yen``
    were won in it, for ``cost`` yen (None: nobody told, or of a part of the readers). ``months`` are what was told."""

    hot: int
    hot_at: float
    speed: Speed
    speed_before: Speed | None
    leads: int
    leads_before: int | None
    orders: int
    yen: int
    orders_before: int | None
    yen_before: int | None
    cost: float | None
    months: dict[str, int]
    waiting: tuple[Waiting, ...]
    bands: tuple[Band, ...]
    thresholds: tuple[Threshold, ...]
    calls: int


def report(
    connection: Connection,
    catalogue: Catalogue,
    scope: Scope,
    now: datetime,
    *,
    calls: int = CALLS,
) -> SalesReport:
    """Made of the store as it is now; sales can make ``calls`` a month."""
    hot_at = catalogue.scoring.hot_at
    who = of_scope(connection, catalogue, scope, standing=True)
    everybody = [row for row in sales.scored(connection) if who is None or row[0] in who]
    began = ms(now - MONTH * 3)
    active = [one.score for _, one, at in everybody if at >= began and not one.bought]
    before = scope.before
    bought = _bought(connection, scope, who)
    known = store.became_known(connection)
    earlier = _bought(connection, before, who) if before else None
    months = costs.by_month(connection)
    spent = [(*_span(month, scope.offset), yen) for month, yen in months.items()]
    begin = (
        scope.since_ms if scope.since_ms is not None else min((s for s, _, _ in spent), default=0)
    )
    cost = cost_between(spent, begin, scope.until_ms)
    return SalesReport(
        hot=sum(one.score >= hot_at for _, one, _ in everybody),
        hot_at=hot_at,
        speed=_speed(connection, scope, who, now),
        speed_before=_speed(connection, before, who, now) if before else None,
        leads=_leads(known, scope, who),
        leads_before=_leads(known, before, who) if before else None,
        orders=bought[0],
        yen=bought[1],
        orders_before=earlier[0] if earlier else None,
        yen_before=earlier[1] if earlier else None,
        cost=cost if cost > 0 and who is None else None,
        months=months,
        waiting=tuple(Waiting(*row) for row in sales.waiting(connection, now, MOST_WAITING, who)),
        bands=tuple(bands(one for _, one, _ in everybody)),
        thresholds=tuple(thresholds([one for _, one, _ in everybody], active, 3.0, calls)),
        calls=calls,
    )


def _speed(
    connection: Connection, scope: Scope, who: Collection[str] | None, now: datetime
) -> Speed:
    found = sales.tasks(connection, scope.since, scope.until)
    return speed([task for task in found if who is None or task.reader in who], ms(now))


def _leads(known: dict[str, int], scope: Scope, who: Collection[str] | None) -> int:
    begin, end = scope.since_ms or 0, scope.until_ms
    return sum(begin <= at < end and (who is None or r in who) for r, at in known.items())


def _bought(connection: Connection, scope: Scope, who: Collection[str] | None) -> tuple[int, int]:
    begin, end = scope.since_ms or 0, scope.until_ms
    won = [
        yen
        for reader, own in orders.won(connection).items()
        if who is None or reader in who
        for at, yen in own
        if begin <= at < end
    ]
    return len(won), sum(won)


def _span(month: str, offset: int) -> tuple[int, int]:
    year, number = (int(part) for part in month.split("-"))
    first = datetime(year, number, 1, tzinfo=UTC)
    after = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return ms(first) - offset, ms(after) - offset
