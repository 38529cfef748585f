"""A seminar as a calendar file, read back by a calendar's own rules."""

from datetime import UTC, datetime

from icalendar import Calendar

from tests.conftest import NOW
from tests.more_content import JOIN, seminar_page
from tracker.calendars import calendar

URL = "https://a.example/seminars/exits/"


def made(join: str = "", now: datetime = NOW, **changes: object) -> bytes:
    page = seminar_page(**changes).model_copy(update={"title": "直す会; 一回目, 二つ\\三つ"})
    assert page.seminar is not None
    return calendar(page.seminar, page, url=URL, domain="example.jp", now=now, join=join)


def test_a_calendar_reads_it_as_it_is_held() -> None:
    (event,) = Calendar.from_ical(made()).walk("VEVENT")
    assert event["summary"] == "直す会; 一回目, 二つ\\三つ"
    assert event.decoded("dtstart") == datetime(2026, 11, 9, 5, 0, tzinfo=UTC)
    assert event.decoded("dtend") == datetime(2026, 11, 9, 6, 30, tzinfo=UTC)
    assert event["url"] == URL
    assert URL in event["description"]


def test_the_same_seminar_is_the_same_event_when_it_is_moved() -> None:
    later = datetime(2026, 11, 10, 9, 0)  # noqa: DTZ001 - local time of its zone
    uids = {
        str(Calendar.from_ical(file).walk("VEVENT")[0]["uid"])
        for file in (made(), made(now=NOW.replace(day=5)), made(starts=later))
    }
    assert uids == {"exits@example.jp"}


def test_no_line_is_longer_than_75_octets_and_each_ends_in_crlf() -> None:
    file = made(place="東京都架空区見本町の、とても長い名前の会議室" * 5)
    assert file.endswith(b"\r\n")
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    assert b"\n" not in file.replace(b"\r\n", b"")
    file.decode("utf-8")


def test_only_who_has_a_place_is_told_how_to_take_part() -> None:
    assert JOIN.encode() not in made().replace(b"\r\n ", b"")
    assert JOIN.encode() in made(join=JOIN).replace(b"\r\n ", b"")
