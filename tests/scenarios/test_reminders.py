"""When a seminar's reminders go out."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from nurture_worker.scenarios.reminders import Reminder, reminders
from tests.more_content import seminar
from tracker.catalogue.seminars import Seminar

DAY = timedelta(days=1)
TOKYO = ZoneInfo("Asia/Tokyo")
BEGINS = seminar().begins.astimezone(UTC)
EARLY = BEGINS - timedelta(days=7)


def at(registered: datetime, held: Seminar | None = None, day: timedelta = DAY) -> dict[str, str]:
    return {
        due.reminder.value: due.at.astimezone(TOKYO).strftime("%m-%d %H:%M:%S")
        for due in reminders(held or seminar(), registered, TOKYO, day)
    }


def test_they_go_out_the_morning_before_and_an_hour_before() -> None:
    assert at(EARLY) == {"day-before": "11-08 09:00:00", "hour-before": "11-09 13:00:00"}


def test_the_morning_is_the_firms_wherever_the_seminar_is() -> None:
    abroad = seminar(zone="America/New_York")  # 14:00 there is 4:00 of the next day in Tokyo
    assert at(EARLY, abroad) == {"day-before": "11-09 09:00:00", "hour-before": "11-10 03:00:00"}


def test_only_those_still_ahead_are_planned() -> None:
    assert at(BEGINS - timedelta(hours=24)) == {"hour-before": "11-09 13:00:00"}
    assert at(BEGINS - timedelta(hours=1)) == {}
    assert at(BEGINS + DAY) == {}


def test_with_a_short_day_the_way_to_them_is_short_in_proportion() -> None:
    short = reminders(seminar(), EARLY, TOKYO, timedelta(seconds=20))
    ways = {due.reminder: (due.at - EARLY).total_seconds() for due in short}
    assert ways == {Reminder.DAY_BEFORE: 115, Reminder.HOUR_BEFORE: 139}
