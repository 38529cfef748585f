"""The reading curve: what is known of readers whose end is known, and of the others."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture_worker.diagnosis.curve import curve
from tests.diagnosis.sites import read, structure
from tracker.counts import PageCounts


def counts(
    done: int, left: list[int], took: list[int] | None = None, lost: list[int] | None = None
) -> PageCounts:
    took, lost = took or [0] * len(left), lost or [0] * len(left)
    views = done + sum(left) + sum(took) + sum(lost)
    return PageCounts("articles/a/", views, done, tuple(left), tuple(took), tuple(lost))


def shares(page: PageCounts, sections: int) -> list[float | None]:
    return [point.share for point in curve(page, sections)]


def test_with_every_end_known_the_curve_is_plain_division() -> None:
    page = counts(20, [40, 30, 10])
    assert shares(page, 2) == [1.0, pytest.approx(0.6), pytest.approx(0.3), pytest.approx(0.2)]
    assert [point.reached for point in curve(page, 2)] == [100, 60, 30, 20]


def test_lost_ends_do_not_bend_the_curve() -> None:
    whole = counts(20, [40, 30, 10])
    halved = counts(20, [40, 30, 10], lost=[40, 30, 10])
    assert shares(halved, 2)[1] == pytest.approx(60 / 100, abs=0.12)
    half_lost = counts(10, [20, 15, 5], lost=[20, 15, 5])
    naive = half_lost.done / half_lost.views
    assert naive == pytest.approx(0.111, abs=0.001)
    end = shares(half_lost, 2)[3]
    assert end is not None
    assert end > naive
    assert shares(whole, 2)[3] == pytest.approx(0.2)


def test_a_reader_who_took_a_cta_has_not_left() -> None:
    without = shares(counts(50, [0, 50, 0]), 2)
    with_clicks = shares(counts(50, [0, 25, 0], took=[0, 25, 0]), 2)
    assert without[2] == pytest.approx(0.5)
    assert with_clicks[2] == pytest.approx(0.75)


def test_nobody_is_nothing_and_not_zero() -> None:
    for page in (counts(0, [0, 0]), counts(0, [0, 0], lost=[5, 3])):
        assert shares(page, 1) == [None, None, None]


def test_where_nobody_came_to_see_the_curve_says_nothing() -> None:
    assert shares(counts(0, [5, 0, 0], lost=[0, 3, 0]), 2) == [
        1.0,
        pytest.approx(3 / 8),
        None,
        None,
    ]


def test_sections_a_page_no_longer_has_count_as_its_last() -> None:
    assert shares(counts(2, [4, 2, 1, 1]), 1) == [1.0, pytest.approx(0.6), pytest.approx(0.2)]


figures = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 5), st.integers(0, 20)), min_size=1, max_size=10
)


@given(st.integers(0, 50), figures, st.integers(0, 8))
def test_any_counts_give_a_falling_curve_within_its_band(
    done: int, rows: list[tuple[int, int, int]], sections: int
) -> None:
    left, took, lost = (list(column) for column in zip(*rows, strict=True))
    points = curve(counts(done, left, took, lost), sections)
    assert len(points) == sections + 2
    known = [point for point in points if point.share is not None]
    assert [point.section for point in known] == list(range(len(known)))
    for before, after in pairwise(known):
        assert before.share is not None
        assert after.share is not None
        assert after.share <= before.share + 1e-12
    for point in known:
        assert point.low is not None
        assert point.share is not None
        assert point.high is not None
        assert 0 <= point.low <= point.share <= point.high <= 1


def test_the_band_covers_the_truth_four_times_in_five() -> None:
    rng, page = Random(11), structure(0, 4)
    leaving, truth = [0.3, 0.15, 0.1, 0.1, 0.1], 0.7 * 0.85 * 0.9
    inside = 0
    for _ in range(1500):
        point = curve(read(rng, page, leaving, 80), 4)[3]
        assert point.low is not None
        assert point.high is not None
        inside += point.low <= truth <= point.high
    assert 0.75 <= inside / 1500 <= 0.90
