"""What was read, counted from the log: in both engines."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.conftest import NOW
from tests.desk.story import Story
from tracker.counts import Counts, CtaCounts, FormCounts, PageCounts
from tracker.store.engine import open_store, writing
from tracker.store.reading import counts

WHY = "articles/why/"
SINCE, UNTIL = NOW - timedelta(days=30), NOW + timedelta(hours=1)


@pytest.fixture
def story(store_url: str) -> Iterator[Story]:
    engine = open_store(store_url)
    with writing(engine) as connection:
        yield Story(connection)
    engine.dispose()


def counted(story: Story) -> Counts:
    return counts(story.connection, SINCE, UNTIL)


def test_an_empty_log_counts_nothing(story: Story) -> None:
    assert counted(story) == Counts({}, visitors=0, machines=0, inquiries=0)


def test_views_are_counted_by_how_they_ended(story: Story) -> None:
    ended = {"active_ms": 30_000, "done": False}
    story.view(WHY, view="left", visitor="a", reached=1, end=ended)
    story.view(
        WHY, view="done", visitor="b", reached=2, end={**ended, "active_ms": 90_000, "done": True}
    )
    story.view(WHY, view="lost", visitor="c", reached=1)
    story.view(WHY, view="took", visitor="a", reached=1, end=ended, clicked=("guide-in-why",))
    story.view(WHY, view="top", visitor="d", end=ended, seen=("guide-in-why",))
    story.inquiry(story.reader("taro"), "相談")
    assert counted(story) == Counts(
        pages={
            WHY: PageCounts(
                WHY,
                views=5,
                done=1,
                left=(1, 1, 0),
                took=(0, 1, 0),
                lost=(0, 1, 0),
                active_ms=30_000,
                ctas={"guide-in-why": CtaCounts(seen=2, clicked=1)},
            )
        },
        visitors=4,
        machines=0,
        inquiries=1,
        sessions=4,
        forms={"inquiry": FormCounts(leads=1, inquirers=1)},
    )


def test_a_view_begun_outside_the_period_is_not_of_it(story: Story) -> None:
    story.view(WHY, view="before", visitor="a", at=SINCE - timedelta(milliseconds=1))
    story.view(WHY, view="first", visitor="a", at=SINCE)
    story.view(WHY, view="after", visitor="a", at=UNTIL)
    assert counted(story).views == 1


def test_a_cta_seen_and_clicked_many_times_in_one_view_counts_once(story: Story) -> None:
    story.view(WHY, view="v", visitor="a", seen=("c", "c"), clicked=("c", "c"))
    assert counted(story).pages[WHY].ctas == {"c": CtaCounts(1, 1)}


@pytest.mark.parametrize(
    ("views", "seconds_apart", "active_ms", "machine"),
    [
        (15, 60, 999, True),
        (14, 60, 0, False),
        (15, 60, 1000, False),
        (15, 129, 0, False),
        (15, 128, 0, True),
        (15, 60, None, True),
    ],
)
def test_fifteen_pages_in_half_an_hour_without_a_second_of_attention_are_a_machine(
    story: Story, views: int, seconds_apart: int, active_ms: int | None, machine: bool
) -> None:
    for n in range(views):
        story.view(
            WHY,
            view=f"v{n}",
            visitor="robot",
            at=NOW - timedelta(days=1) + timedelta(seconds=n * seconds_apart),
            end=None if active_ms is None else {"active_ms": active_ms, "done": False},
            seen=("c",),
        )
    story.view(WHY, view="person", visitor="person", seen=("c",))
    found = counted(story)
    assert (found.machines, found.views) == (int(machine), 1 if machine else views + 1)
    assert found.pages[WHY].ctas["c"].seen == found.views
