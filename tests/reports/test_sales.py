"""What sales made of hot readers, and what the score was worth."""

import pytest

from tracker.reports.sales import (
    FEWEST,
    HOUR_MS,
    Scored,
    Task,
    bands,
    cost_between,
    speed,
    thresholds,
)

NOW = 1000 * HOUR_MS


def task(opened: int, touched: int | None, won: bool | None = None) -> Task:
    at = opened * HOUR_MS
    seen = None if touched is None else touched * HOUR_MS
    return Task("r", at, at + 24 * HOUR_MS, seen, None, seen if won is not None else None, won)


def test_who_still_waits_counts_as_long_as_they_wait() -> None:
    found = speed([task(900, 902), task(900, 930), task(900, None), task(999, None)], NOW)
    assert (found.opened, found.touched, found.judged, found.in_time) == (4, 2, 3, 1)
    assert found.median_hours == 30.0
    assert (found.won, found.lost) == (0, 0)


def test_no_hand_offs_are_no_division_by_zero() -> None:
    found = speed([], NOW)
    assert (found.opened, found.judged, found.median_hours) == (0, 0, None)
    assert all(band.share is None for band in bands([]))
    assert not any(t.suggested for t in thresholds([], [], 3.0, 20))


def test_a_band_of_scores_says_how_many_bought_once_there_are_enough() -> None:
    readers = [Scored(45.0, n < 3) for n in range(FEWEST)] + [
        Scored(-2.0, False),
        Scored(250, True),
    ]
    found = bands(readers)
    forties = found[2]
    assert (forties.low, forties.high, forties.readers, forties.bought) == (40, 60, FEWEST, 3)
    assert forties.share == pytest.approx(0.3)
    assert forties.at_least is not None
    assert forties.at_most is not None
    assert forties.at_least < 0.3 < forties.at_most
    assert (found[0].readers, found[5].readers, found[5].share) == (1, 1, None)


def test_the_threshold_is_the_lowest_that_the_calls_allow() -> None:
    active = [15.0] * 30 + [45.0] * 30 + [75.0] * 9
    found = thresholds([Scored(s, s > 70) for s in active], active, 3.0, 13)
    assert [t.score for t in found if t.suggested] == [20.0]
    assert found[1].a_month == pytest.approx(13)
    assert found[1].share == pytest.approx(9 / 39)


def test_a_months_cost_is_shared_out_by_its_days() -> None:
    months = [(0, 30, 300), (30, 60, 600)]
    assert cost_between(months, 15, 45) == pytest.approx(150 + 300)
    assert cost_between(months, 60, 90) == 0
    assert cost_between([], 0, 10) == 0
