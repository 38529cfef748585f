"""From stage to stage: how many, how long, with those who may yet move."""

import pytest

from tracker.reports.movement import cohorts, curve, passages
from tracker.reports.rows import DAY_MS, GOAL, Move, week_of

NOW = 200 * DAY_MS


def test_who_has_not_moved_yet_counts_as_long_as_they_were_seen() -> None:
    steps = curve([(1.0, True), (2.0, False), (3.0, True), (9.0, False)])
    assert [step.days for step in steps] == [1.0, 3.0]
    assert [step.share for step in steps] == pytest.approx([0.25, 0.625])
    assert all(step.low <= step.share <= step.high for step in steps)


def test_a_curve_of_nobody_or_of_everybody_is_no_accident() -> None:
    assert curve([]) == ()
    assert curve([(5.0, False)]) == ()
    (step,) = curve([(2.0, True), (2.0, True)])
    assert (step.share, step.low, step.high) == (1.0, 1.0, 1.0)


def test_a_passage_leads_to_whatever_later_stage_came() -> None:
    """A reader who jumps has gone on from where they stood; an inquiry is the goal of all."""
    ways = [
        [Move("a", 100 * DAY_MS, 0), Move("a", 110 * DAY_MS, 2)],
        [Move("b", 100 * DAY_MS, 0), Move("b", 104 * DAY_MS, GOAL)],
        [Move("c", 100 * DAY_MS, 0)],
        [Move("d", 10 * DAY_MS, 0)],
    ]
    first, second, third, last = passages(ways, 50 * DAY_MS, NOW, NOW)
    assert (first.entered, first.moved, first.median_days) == (3, 2, 10.0)
    assert (second.entered, third.entered, third.moved, last.entered) == (0, 1, 0, 0)
    assert first.by(4.0) is not None
    assert third.by(30.0) is None


def test_cohorts_are_by_the_week_of_the_first_contact() -> None:
    week = week_of(100 * DAY_MS, 0)
    ways = {"a": [Move("a", 101 * DAY_MS, 0), Move("a", 103 * DAY_MS, 2)],
            "b": [Move("b", 105 * DAY_MS, GOAL)]}  # fmt: skip
    found = cohorts({week: 40, week + 7 * DAY_MS: 9}, {"a": 100 * DAY_MS, "b": 100 * DAY_MS}, ways)
    first, second = found
    assert (first.week, first.readers) == (week, 2)
    assert first.reached == (1, 1, 1, 0, 1)
    assert first.days[GOAL] == 5.0
    assert first.days[3] is None
    assert (second.people, second.readers, second.reached) == (9, 0, (0, 0, 0, 0, 0))
