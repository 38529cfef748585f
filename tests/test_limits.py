"""What is counted in memory, a minute at a time."""

from datetime import timedelta

from tests.conftest import NOW
from tracker.limits import Window


def test_beacons_of_one_network_are_taken_up_to_a_minutes_worth() -> None:
    window = Window(6000)
    taken = [window.allow("192.0.2.0/24", NOW) for _ in range(100_000)]
    assert sum(taken) == 6000
    assert window.allow("198.51.100.0/24", NOW)
    assert window.allow("192.0.2.0/24", NOW + timedelta(minutes=1))


def test_beacons_of_networks_without_number_take_no_memory_without_end() -> None:
    window = Window(5)
    for number in range(30_000):
        window.allow(f"2001:db8:{number:x}::/48", NOW)
    assert len(window._counts) <= 10_001
    assert not window.allow("2001:db9::/48", NOW)
    assert window.allow("2001:db8:1::/48", NOW)
