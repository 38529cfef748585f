"""What took part in inquiries, by each measure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.reports.paths import Journey, credits, removal, weights
from tracker.reports.rows import Kind, Thing

A, B, C = (Thing(Kind.PAGE, name) for name in "abc")


def test_first_last_and_position() -> None:
    found = {c.thing: c for c in credits([Journey((A, B, C), True, 1000), Journey((B,), False)])}
    assert (found[A].first, found[A].last) == (1, 0)
    assert (found[C].first, found[C].last) == (0, 1)
    assert [found[t].position for t in (A, B, C)] == pytest.approx([0.4, 0.2, 0.4])
    assert found[A].position_yen == pytest.approx(400)
    assert sum(c.removal or 0 for c in found.values()) == pytest.approx(1)


def test_what_every_way_goes_through_takes_all_with_it() -> None:
    ways = [Journey((A, C), True), Journey((B, C), True), Journey((A,), False)]
    effect = removal(ways)
    assert effect[C] == pytest.approx(1.0)
    assert effect[A] == pytest.approx(0.5)
    assert effect[B] == pytest.approx(0.5)


def test_a_way_that_turns_in_circles_ends() -> None:
    ways = [Journey((A, B) * 30 + (C,), True), Journey((A, B, A), False)]
    effect = removal(ways)
    assert all(0 <= value <= 1 for value in effect.values())
    assert effect[C] == pytest.approx(1.0)


def test_nothing_reached_gives_no_credit() -> None:
    assert credits([Journey((A,), False)]) == []
    assert credits([Journey((), True)]) == []
    assert credits([]) == []
    assert removal([Journey((), True)]) == {}


def test_what_is_rare_is_taken_together() -> None:
    rare = [Journey((Thing(Kind.PAGE, str(n)),), n % 2 == 0) for n in range(200)]
    found = credits([*rare, *[Journey((A,), True)] * 5])
    assert sum(c.position for c in found) == pytest.approx(105)
    assert next(c for c in found if c.thing == A).removal is not None


@given(
    st.lists(
        st.builds(
            Journey,
            st.lists(st.sampled_from([A, B, C]), max_size=6).map(tuple),
            st.booleans(),
            st.integers(0, 10**6),
        ),
        max_size=12,
    )
)
def test_each_measure_gives_out_each_goal_once(journeys: list[Journey]) -> None:
    found = credits(journeys)
    goals = sum(j.reached and bool(j.things) for j in journeys)
    for measure in ("first", "last", "position", "removal"):
        assert sum(getattr(c, measure) for c in found) == pytest.approx(goals)
    yen = sum(j.yen for j in journeys if j.reached and j.things)
    assert sum(c.position_yen for c in found) == pytest.approx(yen)


@given(st.integers(1, 40))
def test_positions_share_out_one(length: int) -> None:
    assert sum(weights(length)) == pytest.approx(1)
