"""Why a reader has the points they have: every entry, and the sum of what is left of them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import content
from tests.conftest import NOW
from tracker.catalogue import Catalogue
from tracker.catalogue.scoring import FitRule
from tracker.desk.worth import MOST_LINES, worth
from tracker.events import Event
from tracker.store.histories import ScoreEntry
from tracker.words import EventKind

CATALOGUE = content.catalogue()
DAY = timedelta(days=1)


def test_an_entry_says_what_happened_by_which_rule_and_what_is_left() -> None:
    got = Event(1, "e", NOW - 30 * DAY, EventKind.GATE_DOWNLOAD, gate="guide")
    found = worth(CATALOGUE, [got], [ScoreEntry("e", "download", got.at, 10)], [], NOW)
    (line,) = found.lines
    assert (line.text, line.rule, line.rule_id) == (
        "資料『はじめてのガイド』を受け取った",
        "資料を受け取った",
        "download",
    )
    assert (line.points, line.left, found.score) == (10, 5.0, 5.0)


@given(
    st.lists(st.tuples(st.integers(-100, 100).filter(bool), st.integers(0, 400)), max_size=90),
)
def test_what_is_left_of_all_adds_up_to_the_score(given_: list[tuple[int, int]]) -> None:
    entries = [
        ScoreEntry(f"e{n}", "view", NOW - days * DAY, points)
        for n, (points, days) in enumerate(given_)
    ]
    found = worth(CATALOGUE, [], entries, [], NOW)
    shown = sum(round(10 * line.left) for line in found.lines) + round(10 * found.rest[1])
    assert shown == round(10 * found.total)
    exact = sum(points * 0.5 ** (days / 30) for points, days in given_)
    assert found.total == pytest.approx(exact, abs=0.051)
    assert found.score >= 0


def test_what_is_long_is_summed_up() -> None:
    entries = [ScoreEntry(f"e{n}", "view", NOW - n * DAY, 1) for n in range(MOST_LINES + 5)]
    found = worth(CATALOGUE, [], entries, [], NOW)
    assert [line.at for line in found.lines] == [NOW - n * DAY for n in range(MOST_LINES)]
    assert found.rest[0] == 5


def test_points_for_who_a_reader_is_stay_and_old_rules_are_named() -> None:
    scoring = CATALOGUE.scoring.model_copy(
        update={"fits": (FitRule(id="rival", points=-60, domains=("rival.jp",)),)}
    )
    catalogue = Catalogue.model_validate({**CATALOGUE.model_dump(), "scoring": scoring})
    long_ago = NOW - 300 * DAY
    entries = [ScoreEntry("a", "rival", long_ago, -60), ScoreEntry("b", "gone", NOW, 8)]
    found = worth(catalogue, [], entries, [], NOW)
    assert [(line.rule, line.left) for line in found.lines] == [
        ("以前の規則（gone）", 8.0),
        ("どんな人か", -60.0),
    ]
    assert (found.total, found.score) == (-52.0, 0.0)
