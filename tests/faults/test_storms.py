"""The storms of ``./run faults``, in small."""

from collections.abc import Iterator

import pytest

from tests.faults import storms
from tests.faults.crashing import Point
from tests.faults.hall import Hall, hall
from tests.faults.postgres import Postgres


@pytest.fixture
def over(store_url: str, redis_url: str) -> Iterator[Hall]:
    with hall(store_url, redis_url) as it:
        yield it


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("point", list(Point))
def test_a_worker_killed_sends_nothing_twice_and_forgets_nothing(over: Hall, point: Point) -> None:
    outcome = storms.killed(over, point, count=4, every=3)
    assert outcome.kills >= 1
    assert outcome.kept, outcome


def test_workers_at_the_same_moment_send_each_mail_once(over: Hall) -> None:
    assert storms.crowded(over, count=12, workers=3).kept


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_redis_that_is_emptied_again_and_again_only_delays(over: Hall) -> None:
    outcome = storms.flushed(over, count=30, every=0.3)
    assert outcome.kept, outcome


def test_who_unsubscribes_first_gets_no_mail(over: Hall) -> None:
    assert storms.raced(over, rounds=40).kept


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_worker_told_to_end_finishes_the_mail_in_hand_and_begins_no_other(over: Hall) -> None:
    outcome = storms.told_to_end(over, count=200, after=5)
    assert outcome.kept, outcome


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_clock_that_leaps_makes_no_burst_and_no_second_mail(over: Hall) -> None:
    assert storms.leaping(over, count=3).kept


def test_a_store_pulled_out_in_the_middle_of_a_batch_makes_no_second_mail() -> None:
    server = Postgres()
    try:
        with hall(server.url) as it:
            outcome = storms.store_pulled_out(it, server, count=30, times=1)
    finally:
        server.close()
    assert outcome.kept, outcome
