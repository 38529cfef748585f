"""Chance, against figures that can be checked by hand or by counting every case."""

import math
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture_worker.diagnosis.chance import (
    askable,
    at_least,
    at_most,
    for_half_width,
    times_needed,
)
from tracker.chance import passing, wilson


@pytest.mark.parametrize("n", [20, 60, 200])
def test_an_80_percent_interval_covers_its_truth_four_times_in_five(n: int) -> None:
    truths = [k / 50 for k in range(1, 50)]
    covered = [
        sum(
            math.comb(n, x) * truth**x * (1 - truth) ** (n - x)
            for x in range(n + 1)
            if wilson(x / n, n)[0] <= truth <= wilson(x / n, n)[1]
        )
        for truth in truths
    ]
    assert 0.79 <= sum(covered) / len(covered) <= 0.83


def test_the_interval_of_nothing_is_everything() -> None:
    assert wilson(0.5, 0) == (0.0, 1.0)


@given(st.floats(0, 1), st.floats(0.01, 1e6))
def test_an_interval_holds_its_share_and_stays_within_0_and_1(share: float, n: float) -> None:
    low, high = wilson(share, n)
    assert 0 <= low <= share <= high <= 1


def test_tails_are_those_of_counting_every_case() -> None:
    def chance_of(hits: int, n: int, share: float) -> float:
        return sum(
            math.prod(share if hit else 1 - share for hit in row)
            for row in product((0, 1), repeat=n)
            if sum(row) == hits
        )

    assert at_most(3, 10, 0.35) == pytest.approx(sum(chance_of(k, 10, 0.35) for k in range(4)))
    assert at_least(4, 10, 0.2) == pytest.approx(sum(chance_of(k, 10, 0.2) for k in range(4, 11)))


def test_doubt_about_the_usual_share_makes_an_odd_count_less_odd() -> None:
    assert at_least(30, 100, 0.15, 0.05) < at_least(30, 100, 0.15, 0.3) < 0.2


def test_a_little_doubt_is_next_to_none() -> None:
    for hits in (5, 40, 90):
        certain = at_most(hits, 1000, 0.05)
        assert at_most(hits, 1000, 0.05, 0.001) == pytest.approx(certain, rel=0.02)


@given(st.floats(0.01, 0.97), st.floats(0, 1.5), st.integers(1, 400), st.data())
def test_tails_are_chances_and_grow_with_what_they_take_in(
    mean: float, cv: float, n: int, data: st.DataObject
) -> None:
    hits = data.draw(st.integers(0, n))
    fewer, more = at_most(hits, n, mean, cv), at_least(hits, n, mean, cv)
    assert 0 <= fewer <= 1
    assert 0 <= more <= 1
    assert fewer + more >= 1 - 1e-6
    assert hits == 0 or at_most(hits - 1, n, mean, cv) <= fewer + 1e-9


def test_questions_that_could_never_be_answered_are_not_asked() -> None:
    assert askable([0.001, 0.9, 0.2, 0.0001], 0.05) == [True, False, False, True]
    assert askable([0.9, 0.9], 0.05) == [False, False]
    assert askable([], 0.05) == []


def test_of_many_chances_only_those_too_small_for_their_place_pass() -> None:
    assert passing([0.001, 0.04, 0.02, 0.5], 0.05) == [True, False, True, False]
    assert passing([0.04, 0.04], 0.05) == [True, True]
    assert passing([], 0.05) == []


def test_what_is_needed_is_enough() -> None:
    times = times_needed(20, 0.35, 0.20, 0.0, 0.0, 0.005)
    assert times is not None
    n = round(20 * times)
    rng = Random(5)
    told = sum(
        at_most(sum(rng.random() < 0.20 for _ in range(n)), n, 0.35) <= 0.005 for _ in range(1000)
    )
    assert 740 <= told <= 900


def test_no_number_is_enough_where_the_usual_is_too_uncertain() -> None:
    assert times_needed(20, 0.2, 0.3, 0.0, 0.25, 0.005) is None
    assert times_needed(0, 0.2, 0.1, 0.0, 0.0, 0.05) is None


def test_half_a_width_of_six_points_takes_about_a_hundred() -> None:
    n = for_half_width(0.06)
    assert 110 <= n <= 120
    low, high = wilson(0.5, n)
    assert (high - low) / 2 <= 0.06
