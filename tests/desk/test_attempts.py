"""How long an attempt has to wait: by table; and how dear each is."""

from argon2 import Type
from hypothesis import given
from hypothesis import strategies as st

from tracker.desk.attempts import WINDOW, Attempts, admit
from tracker.store import accounts

HASHER = accounts._hasher
"""The house's own; the tests beside this one put a quick one in its place."""


def after(*times: float) -> tuple[Attempts, float]:
    kept, wait = Attempts(), 0.0
    for time in times:
        kept, wait = admit(kept, time)
    return kept, wait


def test_four_failures_cost_no_wait() -> None:
    kept, wait = after(0, 1, 2, 3)
    assert (kept.open_at, wait) == (0, 0)


def test_each_failure_past_the_fifth_doubles_the_wait() -> None:
    kept, now, waits = Attempts(), 0.0, []
    for _ in range(12):
        kept, wait = admit(kept, now)
        assert wait == 0
        waits.append(max(0.0, kept.open_at - now))
        now = max(now, kept.open_at)
    assert waits == [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900]


def test_all_is_forgotten_a_quarter_of_an_hour_after_the_last_attempt() -> None:
    kept, _ = after(0, 1, 2, 3, 4, 20, 51)
    fresh, wait = admit(kept, 51 + WINDOW.total_seconds() + 1)
    assert (fresh.count, wait) == (1, 0)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=300))
def test_hammering_never_locks_for_longer_than_a_quarter_of_an_hour(gaps: list[int]) -> None:
    kept, now = Attempts(), 0.0
    for gap in gaps:
        now += gap
        kept, wait = admit(kept, now)
        assert wait <= WINDOW.total_seconds()
        assert kept.open_at <= now + WINDOW.total_seconds()


@given(st.integers(1, 500))
def test_a_thousand_guesses_at_once_are_five(many: int) -> None:
    kept, tried = Attempts(), 0
    for _ in range(many):
        kept, wait = admit(kept, 0.0)
        tried += wait == 0
    assert tried == min(many, 5)


def test_a_guess_is_as_dear_as_rfc_9106_asks() -> None:
    assert HASHER.type is Type.ID
    assert HASHER.memory_cost >= 64 * 1024
    assert HASHER.time_cost >= 3
