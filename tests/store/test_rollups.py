"""What reports are counted from: the same as a scan of the whole log, however it was taken in."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, insert, select

from tests.conftest import NOW
from tests.desk.story import Story
from tracker.reports.rows import MONDAY_MS, WEEK_MS
from tracker.store import dossier, rollups, touches, viewing
from tracker.store.engine import open_store, reading, writing
from tracker.store.strangers import strangers_by_week
from tracker.store.tables import (
    arrivals,
    contacts,
    cursors,
    events,
    page_days,
    views,
    visitors,
)
from tracker.words import EventKind

TOLD = {
    EventKind.PAGE_VIEW: [{"ref": "search"}, {"ref": "mail"}, {"ref": "?"}, {}, None],
    EventKind.SECTION: [None],
    EventKind.CTA_SEEN: [None],
    EventKind.CTA_CLICK: [None],
    EventKind.PAGE_END: [
        {"active_ms": 400, "done": False},
        {"active_ms": 90_000, "done": True},
        {"active_ms": "long"},
        None,
    ],
    EventKind.CONFIRM: [None],
}


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    """One event of a few visitors on a few pages: late, repeated, or half told."""
    kind = draw(st.sampled_from(list(TOLD)))
    return {
        "kind": kind,
        "at": NOW + timedelta(minutes=draw(st.integers(-2 * 1440, 2 * 1440))),
        "visitor": draw(st.sampled_from(["ann", "bob", "cat", None])),
        "view": draw(st.sampled_from(["v1", "v2", "v3", "v4", None])),
        "page": draw(st.sampled_from(["a/", "b/", None])),
        "section": draw(st.integers(0, 4)) if kind is EventKind.SECTION else None,
        "data": draw(st.sampled_from(TOLD[kind])),
    }


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_store(store_url)
    yield engine
    engine.dispose()


def kept(connection: Connection) -> tuple[list[Any], ...]:
    return tuple(
        [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
        for table in (views, contacts, page_days, arrivals)
    )


def scanned(log: list[dict[str, Any]]) -> tuple[list[Any], ...]:
    """The same tables, by asking of each view and each visitor what the whole log says."""
    of_views = []
    for view, page in sorted({(e["view"], e["page"]) for e in log if e["view"] and e["page"]}):
        own = [e for e in log if (e["view"], e["page"]) == (view, page)]
        own = [e for e in own if e["kind"] is not EventKind.CONFIRM]
        if not own:
            continue
        opened = next((e for e in own if e["kind"] is EventKind.PAGE_VIEW), None)
        ends = [e["data"] or {} for e in own if e["kind"] is EventKind.PAGE_END]
        kinds = {e["kind"] for e in own}
        ref = ((opened or {}).get("data") or {}).get("ref")
        of_views.append(
            (
                view,
                page,
                opened and opened["at"],
                opened and opened["visitor"],
                ref if ref in ("search", "mail") else "direct",
                max([e["section"] for e in own if e["kind"] is EventKind.SECTION], default=0),
                int(any(end.get("done") for end in ends)),
                int(bool(ends)),
                max([e["active_ms"] for e in ends if type(e.get("active_ms")) is int], default=0),
                int(bool(kinds & {EventKind.CTA_SEEN, EventKind.CTA_CLICK})),
                int(EventKind.CTA_CLICK in kinds),
            )
        )
    of_visitors = []
    for visitor in sorted({row[3] for row in of_views if row[3]}):
        own_views = [row for row in of_views if row[3] == visitor and row[2]]
        first = min((row[2], row[1], row[4]) for row in own_views)
        attentive = sum(row[8] >= 1000 for row in own_views)
        of_visitors.append((visitor, *first, len(own_views), attentive))
    days: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * 5)
    for _view, page, at, _visitor, source, _reached, done, ended, _active, saw, clicked in of_views:
        if at is not None:
            day = datetime(at.year, at.month, at.day, tzinfo=UTC)
            for place, figure in enumerate((1, ended, done, saw, clicked)):
                days[day, page, source][place] += figure
    of_quarters = Counter(
        (datetime.fromtimestamp(row[1].timestamp() // 900 * 900, UTC), row[3])
        for row in of_visitors
    )
    return (
        of_views,
        of_visitors,
        [(*key, *figures) for key, figures in sorted(days.items())],
        [(*key, count) for key, count in sorted(of_quarters.items())],
    )


def written(connection: Connection, log: list[dict[str, Any]]) -> None:
    """The log, and nothing else."""
    for table in (events, views, contacts, page_days, arrivals, cursors):
        connection.execute(delete(table))
    if log:
        rows = [{"id": str(number), **fact} for number, fact in enumerate(log)]
        connection.execute(insert(events), rows)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(log=st.lists(facts(), max_size=30), most=st.integers(1, 7))
def test_kept_as_events_come_it_is_what_a_full_scan_finds(
    engine: Engine, log: list[dict[str, Any]], most: int
) -> None:
    with writing(engine) as connection:
        written(connection, log)
    taken = most
    while taken == most:
        with writing(engine) as connection:
            taken = rollups.take(connection, most)
    with reading(engine) as connection:
        step_by_step = kept(connection)
    with writing(engine) as connection:
        rollups.rebuild(connection)
        rollups.take(connection)
        at_once = kept(connection)
    assert step_by_step == at_once == scanned(log)


@pytest.mark.parametrize("fewest", [3, 15])
def test_a_period_is_told_as_a_scan_of_its_views_tells_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, fewest: int
) -> None:
    """Whatever minute it begins and ends at, with programs left out and readers told apart."""
    monkeypatch.setattr(viewing, "FEWEST_OF_A_PROGRAM", fewest)
    dice = Random(fewest)
    log = [
        {
            "kind": kind,
            "at": NOW + timedelta(minutes=dice.randrange(-4 * 1440, 4 * 1440)),
            "visitor": f"visitor{number % 23}",
            "view": f"view{number}",
            "page": f"{number % 3}/",
            "section": None,
            "data": dice.choice(TOLD[kind]),
        }
        for number in range(120)
        for kind in (EventKind.PAGE_VIEW, EventKind.PAGE_END, EventKind.CTA_CLICK)
        if kind is EventKind.PAGE_VIEW or dice.random() < 0.6
    ]
    of_views, of_visitors, _, _ = scanned(log)
    programs = {row[0] for row in of_visitors if row[4] >= fewest and row[5] * 2 < row[4]}
    assert bool(programs) is (fewest == 3)
    with writing(engine) as connection:
        written(connection, log)
        Story(connection).reader("bob", visitor="visitor1")
        rollups.take(connection)
        for _ in range(30):
            ends = [NOW + timedelta(minutes=dice.randrange(-4 * 1440, 4 * 1440)) for _ in range(2)]
            since, until = dice.choice([None, min(ends)]), max(ends)
            source = dice.choice([None, "search", "direct"])
            found = viewing.viewed(connection, since, until, source)
            assert {row.page: list(row[1:]) for row in found} == added_up(
                [
                    row
                    for row in of_views
                    if (since is None or row[2] >= since) and row[2] < until
                    if row[3] not in programs and source in (None, row[4])
                ]
            )
            monday = MONDAY_MS - 9 * 3_600_000
            first = Counter(
                ((int(row[1].timestamp() * 1000) - monday) // WEEK_MS, row[3])
                for row in of_visitors
                if (since is None or row[1] >= since) and row[1] < until
                if row[0] not in {*programs, "visitor1"}
            )
            assert (
                strangers_by_week(
                    connection, since, until, monday, WEEK_MS, touches.came(connection)
                )
                == first
            )


def added_up(of_views: list[Any]) -> dict[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0] * 5)
    for _view, page, _at, _who, _source, _reached, done, ended, _active, saw, clicked in of_views:
        for place, figure in enumerate((1, ended, done, saw, clicked)):
            found[page][place] += figure
    return dict(found)


def test_a_batch_that_was_not_committed_is_taken_in_again(engine: Engine) -> None:
    with writing(engine) as connection:
        Story(connection).view("a/", view="v1", visitor="ann", end={"active_ms": 5000})
    with suppress(RuntimeError), writing(engine) as connection:
        assert rollups.take(connection) == 2
        raise RuntimeError("killed")
    with writing(engine) as connection:
        assert rollups.take(connection) == 2
        assert rollups.take(connection) == 0
        assert [row[4:] for row in kept(connection)[1]] == [(1, 1)]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_who_is_parted_in_the_log_is_parted_here(engine: Engine) -> None:
    """A nameless visitor's old visits are nobody's; what came later is still theirs."""
    old, new = NOW - timedelta(days=400), NOW

    def both(connection: Connection, at: datetime, view: str) -> None:
        for visitor in ("ann", "known"):
            Story(connection).view("a/", view=view + visitor, visitor=visitor, at=at)

    with writing(engine) as connection:
        Story(connection).reader("taro", visitor="known")
        both(connection, old, "old")
        both(connection, new, "new")
        rollups.take(connection)
        dossier.forget_visitors(connection, NOW - timedelta(days=30))
        found = kept(connection)
        rollups.rebuild(connection)
        rollups.take(connection)
        assert kept(connection) == found
        assert [(row[0], row[1], row[4]) for row in found[1]] == [
            ("ann", new, 1),
            ("known", old, 2),
        ]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_an_erased_readers_visits_bear_another_name(engine: Engine) -> None:
    with writing(engine) as connection:
        story = Story(connection)
        story.reader("taro", visitor="cookie")
        story.view("a/", view="v1", visitor="cookie")
        rollups.take(connection)
        assert len(dossier.export(connection, "taro")["views"]) == 1
        dossier.erase(connection, "taro", NOW)
        found = kept(connection)
        assert "cookie" not in str(found)
        assert [row[4] for row in found[1]] == [1]
        rollups.rebuild(connection)
        rollups.take(connection)
        assert kept(connection) == found
        assert not connection.execute(select(visitors)).all()
