"""The weekly report on Mondays at eight, mails within the firm's window and not too many: all in
the firm's zone."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis.strategies import datetimes, integers, sampled_from

from nurture_worker.scenarios.schedule import Calendar, due_at, week_of
from tracker.catalogue.sendings import Sending, Weekday, Window

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


def at(zone: ZoneInfo, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def due(started: str, days: int, zone: ZoneInfo = TOKYO, **window: object) -> str:
    """When it is due, on the firm's clock."""
    found = due_at(at(zone, started), days, Window.model_validate(window), zone)
    return f"{found.astimezone(zone):%Y-%m-%d %H:%M}"


DUES = {
    "at the same time of the day": ("2026-11-09 10:30", 1, "2026-11-10 10:30"),
    "in the evening: when it opens next": ("2026-11-09 18:00", 1, "2026-11-11 09:00"),
    "a minute before it shuts": ("2026-11-09 17:59", 1, "2026-11-10 17:59"),
    "at night: in the morning": ("2026-11-09 03:00", 1, "2026-11-10 09:00"),
    "on a Saturday: on Monday": ("2026-11-12 10:30", 2, "2026-11-16 09:00"),
    "on a public holiday: the day after": ("2026-11-02 10:30", 1, "2026-11-04 09:00"),
    "in Golden Week: after it": ("2027-04-30 10:30", 1, "2027-05-06 09:00"),
    "on a substitute holiday: the day after": ("2027-03-19 10:30", 3, "2027-03-23 09:00"),
    "on New Year's Day": ("2026-12-31 10:30", 1, "2027-01-04 09:00"),
    "at the end of a leap February": ("2028-02-28 10:30", 1, "2028-02-29 10:30"),
}


@pytest.mark.parametrize(("started", "days", "wanted"), DUES.values(), ids=DUES)
def test_a_step_is_due_within_the_firms_window(started: str, days: int, wanted: str) -> None:
    assert due(started, days) == wanted


def test_a_firm_may_send_on_holidays_and_at_other_hours() -> None:
    assert due("2026-11-02 10:30", 1, holidays=True) == "2026-11-03 10:30"
    lunch = Window(days=(Weekday.SAT, Weekday.SUN), opens=12 * 60, closes=13 * 60)
    found = due_at(at(TOKYO, "2026-11-09 10:30"), 1, lunch, TOKYO)
    assert found == at(TOKYO, "2026-11-14 12:00")
    assert due("2026-11-09 23:59", 1, opens="0:00", closes="24:00") == "2026-11-10 23:59"


@pytest.mark.parametrize(
    ("started", "days", "wanted"),
    [
        ("2027-03-12 10:30", 3, "2027-03-15 10:30"),  # the clock springs forward on the 14th
        ("2026-10-30 10:30", 3, "2026-11-02 10:30"),  # and falls back on 1 November
        ("2026-10-30 02:30", 3, "2026-11-02 09:00"),
    ],
)
def test_where_clocks_change_a_day_is_a_day_of_the_clock(
    started: str, days: int, wanted: str
) -> None:
    assert due(started, days, ZoneInfo("America/New_York"), holidays=True) == wanted


@pytest.mark.parametrize("host", ["UTC", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati"])
def test_the_zone_of_the_host_changes_nothing(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", host)
    time.tzset()
    try:
        assert due("2026-11-12 10:30", 2) == "2026-11-16 09:00"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_where_a_day_is_seconds_the_window_holds_nothing_up() -> None:
    second = timedelta(seconds=1)
    begun = at(TOKYO, "2026-11-14 03:00")  # a Saturday night
    for days in (1, 3, 5, 7):
        found = due_at(begun, days, Window.model_validate({}), TOKYO, 20 * second)
        assert found == begun + days * 20 * second
    short = Calendar(Sending.model_validate({}), TOKYO, 20 * second)
    assert short.room_from(begun, [begun] * 9) == begun


@given(
    started=datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - put in a zone
    days=integers(1, 30),
    zone=sampled_from(["Asia/Tokyo", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
@settings(max_examples=150, deadline=None)
def test_nothing_is_ever_due_outside_the_window_or_before_its_day(
    started: datetime, days: int, zone: str
) -> None:
    there = ZoneInfo(zone)
    begun = started.replace(tzinfo=there)
    window = Window.model_validate({})
    local = due_at(begun, days, window, there).astimezone(there)
    assert local.weekday() < 5
    assert window.opens <= local.hour * 60 + local.minute < window.closes
    assert local.date() >= begun.date() + timedelta(days=days)


CALENDAR = Calendar(Sending.model_validate({}), TOKYO)


def room(now: str, *sent: str) -> str:
    found = CALENDAR.room_from(at(TOKYO, now), [at(TOKYO, one) for one in sent])
    return f"{found.astimezone(TOKYO):%m-%d %H:%M}"


def test_one_reader_gets_one_mail_a_day_and_three_in_seven_days() -> None:
    assert room("2026-11-09 10:00") == "11-09 10:00"
    assert room("2026-11-09 10:00", "2026-11-06 17:59") == "11-09 10:00"
    assert room("2026-11-09 15:00", "2026-11-09 09:00") == "11-10 09:00"
    three = ("2026-11-09 09:00", "2026-11-10 09:00", "2026-11-12 09:00")
    assert room("2026-11-13 10:00", *three) == "11-16 09:00"
    assert room("2026-11-13 10:00", *three[1:]) == "11-13 10:00"


def test_the_day_of_a_cap_is_the_firms_day_and_not_utcs() -> None:
    # 8:30 and 9:30 in Tokyo lie on two days of UTC.
    assert room("2026-11-10 09:30", "2026-11-10 08:30") == "11-11 09:00"
    # 23:30 and 9:00 lie on one.
    assert room("2026-11-10 09:00", "2026-11-09 23:30") == "11-10 09:00"


@pytest.mark.parametrize(
    ("at", "days", "closes"),
    [
        ("2026-11-02 10:00", 0, "2026-11-02 18:00"),
        ("2026-11-02 18:00", 0, "2026-11-04 18:00"),  # the day between is 文化の日
        ("2026-11-02 10:00", 1, "2026-11-04 18:00"),
        ("2026-11-02 23:00", 2, "2026-11-05 18:00"),
        ("2026-11-07 10:00", 0, "2026-11-09 18:00"),  # a Saturday
        ("2026-11-07 10:00", 1, "2026-11-09 18:00"),
    ],
)
def test_a_deadline_is_when_a_working_day_closes(at: str, days: int, closes: str) -> None:
    calendar = Calendar(Sending.model_validate({}), TOKYO)
    asked, told = (datetime.fromisoformat(text).replace(tzinfo=TOKYO) for text in (at, closes))
    assert calendar.close_of(asked, days) == told


def test_a_deadline_of_short_days_is_so_many_of_them() -> None:
    calendar = Calendar(Sending.model_validate({}), TOKYO, timedelta(seconds=20))
    assert calendar.close_of(MONDAY_EIGHT, 2) == MONDAY_EIGHT + timedelta(seconds=40)
