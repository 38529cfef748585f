"""Content: what each page did, and whether there is something to read where readers stand."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from tracker.catalogue import Catalogue
from tracker.catalogue.coverage import coverage
from tracker.reporting.scope import LOOK_BACK, Reading, Scope, ms
from tracker.reporting.who import likeness
from tracker.reports.content import Demand, Goals, Viewed, Worth, demands, worths
from tracker.reports.rows import GOAL, Kind
from tracker.store import orders
from tracker.store import touches as store
from tracker.store.viewing import viewed
from tracker.words import Stage

UNKNOWN = ""
"""Readers of whom it is not known whom they are like."""


@dataclass(frozen=True)
class ContentReport:
    """``demands`` hold one row for each stage and persona, and ``unlike`` how many readers of each
    stage are like none of them."""

    pages: tuple[Worth, ...]
    demands: tuple[Demand, ...]
    unlike: tuple[int, ...]
    views: int
    views_before: int | None
    leads: int
    inquirers: int
    leads_before: int | None
    inquirers_before: int | None


def report(
    connection: Connection, catalogue: Catalogue, scope: Scope, now: datetime
) -> ContentReport:
    """Made of the store as it is now (``now`` is the scope's end at the latest)."""
    reading = Reading(catalogue)
    first = store.first_seen(connection, store.came(connection))
    if scope.source is not None:
        first = {r: seen for r, seen in first.items() if seen[1] == scope.source}
    since = None if scope.since is None else scope.since - LOOK_BACK
    until = min(scope.until, now)
    reads: dict[str, dict[str, int]] = defaultdict(dict)
    for touch in store.reads(connection, since, until, reading.is_read, catalogue.moved):
        if touch.reader in first and touch.thing.kind is Kind.PAGE:
            own = reads[touch.reader]
            own[touch.thing.id] = min(touch.at, own.get(touch.thing.id, touch.at))
    goals = _goals(connection, scope, set(first))
    seen = [
        page
        for page in viewed(connection, scope.since, scope.until, scope.source, catalogue.moved)
        if reading.is_for(page.page, scope)
    ]
    before = scope.before
    earlier = gone = None
    if before is not None:
        gone = _goals(connection, before, set(first))
        earlier = {
            page.page: page.views
            for page in viewed(
                connection, before.since, before.until, scope.source, catalogue.moved
            )
            if reading.is_for(page.page, scope)
        }
    pages = [
        worth
        for worth in worths(seen, earlier, reads, goals)
        if reading.is_for(worth.viewed.page, scope)
    ]
    asked, unlike = _demands(connection, catalogue, reading, reads, seen)
    return ContentReport(
        pages=tuple(pages),
        demands=tuple(asked),
        unlike=unlike,
        views=sum(page.views for page in seen),
        views_before=None if earlier is None else sum(earlier.values()),
        leads=len(goals.leads),
        inquirers=len(goals.inquiries),
        leads_before=None if gone is None else len(gone.leads),
        inquirers_before=None if gone is None else len(gone.inquiries),
    )


def _goals(connection: Connection, scope: Scope, who: set[str]) -> Goals:
    begin, end = scope.since_ms or 0, ms(scope.until)
    return Goals(
        leads={
            reader: at
            for reader, at in store.became_known(connection).items()
            if begin <= at < end and reader in who
        },
        inquiries={
            move.reader: move.at
            for move in store.moves(connection)
            if move.rank == GOAL and begin <= move.at < end and move.reader in who
        },
        orders={
            reader: in_period
            for reader, own in orders.won(connection).items()
            if reader in who and (in_period := tuple(o for o in own if begin <= o[0] < end))
        },
    )


def _demands(
    connection: Connection,
    catalogue: Catalogue,
    reading: Reading,
    reads: dict[str, dict[str, int]],
    seen: list[Viewed],
) -> tuple[list[Demand], tuple[int, ...]]:
    views_of = {page.page: page.views for page in seen}
    pages: dict[tuple[int, str], int] = {}
    views: dict[tuple[int, str], int] = {}
    for cell in coverage(catalogue).cells:
        key = (cell.stage.rank, cell.persona.id)
        pages[key] = len(cell.pages)
        views[key] = sum(views_of.get(page.url, 0) for page in cell.pages)
    standing = standing_as(connection, reading, reads)
    unlike = tuple(standing.pop((stage.rank, UNKNOWN), 0) for stage in Stage)
    return demands(pages, views, standing), unlike


def standing_as(
    connection: Connection, reading: Reading, reads: Mapping[str, Iterable[str]]
) -> Counter[tuple[int, str]]:
    """How many readers stand at which stage (rank) now, by whom they are like as far as the pages
    say that each of them ``reads``."""
    found: Counter[tuple[int, str]] = Counter()
    like = likeness(reading, reads)
    for reader, rank in store.standing(connection).items():
        found[rank, like.get(reader) or UNKNOWN] += 1
    return found
