"""Click-to-stage: what is followed by moves, how readers pass from stage to stage, what leads to
inquiries and orders."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection

from tracker.catalogue import Catalogue
from tracker.reporting.scope import LOOK_BACK, Reading, Scope, ms
from tracker.reports.followed import Followed, followed, ways_of
from tracker.reports.movement import Cohort, Passage, cohorts, passages
from tracker.reports.paths import Credit, Journey, credits
from tracker.reports.rows import GOAL, MONDAY_MS, WEEK_MS, Kind, Move, Thing, Touch
from tracker.store import orders
from tracker.store import touches as store
from tracker.store.strangers import strangers_by_week
from tracker.store.touches import Came

_THING = attrgetter("thing")


@dataclass(frozen=True)
class ClicksReport:
    """``moves`` counts who reached each stage and the goal in the period (index: rank); ``credits``
    share out the inquiries, ``order_credits`` the orders with their yen."""

    followed: tuple[Followed, ...]
    passages: tuple[Passage, ...]
    cohorts: tuple[Cohort, ...]
    credits: tuple[Credit, ...]
    order_credits: tuple[Credit, ...]
    moves: tuple[int, ...]
    moves_before: tuple[int, ...] | None
    inquiries: int
    untouched: int
    """Inquiries of which no touch is known."""
    orders: int
    yen: int


def report(
    connection: Connection, catalogue: Catalogue, scope: Scope, now: datetime
) -> ClicksReport:
    """Made of the store as it is now."""
    reading = Reading(catalogue)
    known = store.came(connection)
    first = store.first_seen(connection, known)
    if scope.source is not None:
        first = {r: seen for r, seen in first.items() if seen[1] == scope.source}
    moves = [move for move in store.moves(connection) if move.reader in first]
    ways = ways_of(moves)
    since = None if scope.since is None else scope.since - LOOK_BACK
    touched = sorted(
        (
            touch
            for touch in store.touches(
                connection, since, scope.until, reading.is_read, catalogue.moved
            )
            if touch.reader in first and reading.suits(touch.thing, scope.persona)
        ),
        key=attrgetter("at"),
    )
    own = _by_reader(touched)
    begin = scope.since_ms or 0
    rank = scope.stage.rank if scope.stage else None
    now_ms = ms(now)
    goals = {r: m.at for r, way in ways.items() for m in way if m.rank == GOAL}
    journeys = _journeys(own, goals, scope)
    won = {r: own for r, own in orders.won(connection).items() if r in first}
    bought = _bought(own, won, scope)
    before = scope.before
    return ClicksReport(
        followed=tuple(
            followed(
                [touch for touch in touched if touch.at >= begin],
                moves,
                now_ms,
                offset=scope.offset,
                stage=rank,
            )
        ),
        passages=tuple(passages(ways.values(), scope.since_ms, scope.until_ms, now_ms)),
        cohorts=tuple(_cohorts(connection, scope, known, first, ways)),
        credits=tuple(credits(journeys)),
        order_credits=tuple(credits(bought)),
        moves=_count(ways, scope),
        moves_before=_count(ways, before) if before else None,
        inquiries=sum(journey.reached for journey in journeys),
        untouched=sum(journey.reached and not journey.things for journey in journeys),
        orders=sum(journey.reached for journey in bought),
        yen=sum(journey.yen for journey in bought),
    )


def _count(ways: dict[str, list[Move]], scope: Scope) -> tuple[int, ...]:
    begin, end = scope.since_ms or 0, scope.until_ms
    found = Counter(m.rank for way in ways.values() for m in way if begin <= m.at < end)
    return tuple(found[rank] for rank in range(GOAL + 1))


def _cohorts(
    connection: Connection,
    scope: Scope,
    known: list[Came],
    first: dict[str, tuple[int, str, str | None]],
    ways: dict[str, list[Move]],
) -> list[Cohort]:
    monday = MONDAY_MS - scope.offset
    people: Counter[int] = Counter()
    for (number, source), count in strangers_by_week(
        connection, scope.since, scope.until, monday, WEEK_MS, known
    ).items():
        if scope.source in (None, source):
            people[monday + number * WEEK_MS] += count
    begin, end = scope.since_ms or 0, scope.until_ms
    seen = {reader: at for reader, (at, _, _) in first.items() if begin <= at < end}
    found = cohorts(people, seen, ways, scope.offset)
    return [Cohort(c.week, people[c.week] + c.readers, c.readers, c.reached, c.days) for c in found]


def _journeys(own: dict[str, list[Touch]], goals: dict[str, int], scope: Scope) -> list[Journey]:
    """One for each reader who came to the goal in the period (``goals``: when each did), or did
    something in it and has not."""
    begin, end = scope.since_ms or 0, scope.until_ms
    found = [
        Journey(_things(_before(own.get(reader, []), at)), True)
        for reader, at in goals.items()
        if begin <= at < end
    ]
    for reader, some in own.items():
        if reader not in goals and some[-1].at >= begin:
            found.append(Journey(_things(t for t in some if t.at >= begin), False))
    return found


def _bought(
    own: dict[str, list[Touch]], won: dict[str, tuple[tuple[int, int], ...]], scope: Scope
) -> list[Journey]:
    """One for each order of the period, and for each reader who did something in it and has
    bought nothing."""
    begin, end = scope.since_ms or 0, scope.until_ms
    found = [
        Journey(_things(_before(own.get(reader, []), at)), True, yen)
        for reader, orders_of in won.items()
        for at, yen in orders_of
        if begin <= at < end
    ]
    rest = (some for reader, some in own.items() if reader not in won)
    return [*found, *(Journey(_things(some), False) for some in rest)]


def _by_reader(touched: list[Touch]) -> dict[str, list[Touch]]:
    """Each reader's touches in their order, but the CTAs, whose pages are there already."""
    found: dict[str, list[Touch]] = {}
    for touch in touched:
        if touch.thing.kind is not Kind.CTA:
            found.setdefault(touch.reader, []).append(touch)
    return found


def _before(some: list[Touch], at: int) -> list[Touch]:
    back = LOOK_BACK // timedelta(milliseconds=1)
    return [touch for touch in some if at - back <= touch.at <= at]


def _things(some: Iterable[Touch]) -> tuple[Thing, ...]:
    """The things touched; what was touched twice in a row once."""
    return tuple(thing for thing, _ in groupby(map(_THING, some)))
