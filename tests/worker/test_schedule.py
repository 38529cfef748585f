"""The weekly report: on Mondays at eight, in the firm's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from nurture_worker.schedule import week_of

TOKYO = ZoneInfo("Asia/Tokyo")
DAY = timedelta(days=1)
MONDAY_EIGHT = datetime(2026, 11, 1, 23, 0, tzinfo=UTC)  # 2026-11-02 08:00 in Tokyo


def test_a_week_begins_on_monday_at_eight() -> None:
    second = timedelta(seconds=1)
    assert week_of(MONDAY_EIGHT, TOKYO, DAY) == ("2026-W45", MONDAY_EIGHT)
    before, begin = week_of(MONDAY_EIGHT - second, TOKYO, DAY)
    assert (before, begin) == ("2026-W44", MONDAY_EIGHT - 7 * DAY)


def test_a_week_has_one_name_to_its_end() -> None:
    names = {week_of(MONDAY_EIGHT + n * timedelta(hours=1), TOKYO, DAY)[0] for n in range(168)}
    assert names == {"2026-W45"}


def test_the_turn_of_the_year_has_one_name() -> None:
    monday = datetime(2026, 12, 28, 0, 0, tzinfo=UTC)
    names = {week_of(monday + n * DAY, TOKYO, DAY)[0] for n in range(7)}
    assert names == {"2026-W53"}


def test_a_clock_that_springs_forward_moves_no_monday() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    _, begin = week_of(datetime(2026, 3, 30, 12, 0, tzinfo=UTC), berlin, DAY)
    assert begin.astimezone(berlin).hour == 8


def test_a_short_day_makes_a_short_week() -> None:
    day = timedelta(seconds=20)
    first, begin = week_of(MONDAY_EIGHT, TOKYO, day)
    assert begin <= MONDAY_EIGHT < begin + 7 * day
    assert week_of(begin + 7 * day, TOKYO, day)[0] != first
