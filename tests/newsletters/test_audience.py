"""Who gets an issue, and why the others do not: decided without a database."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nurture_worker.newsletters.audience import Candidate, counted, in_order, seat
from nurture_worker.scenarios.schedule import Calendar
from tests.conftest import NOW as FIRST
from tracker.catalogue.issues import Audience
from tracker.catalogue.sendings import Sending
from tracker.words import LeftOut, Stage

NOW = FIRST + timedelta(days=7)
"""A Monday, 10:00 in Tokyo, with no holiday behind it."""

CALENDAR = Calendar(Sending.model_validate({}), ZoneInfo("Asia/Tokyo"))
READER = Candidate(
    "r", signed_up=True, stage=Stage.INTEREST, persona="owner", acted_at=NOW - timedelta(days=10)
)
MEANT = Audience(stages=(Stage.INTEREST,), personas=("owner",), engaged_since=30)


def reason(reader: Candidate, audience: Audience = MEANT, at: datetime = NOW) -> LeftOut | None:
    return seat(audience, reader, at, CALENDAR, quiet_days=60).left_out


def test_who_is_meant_gets_it_when_the_window_opens() -> None:
    assert seat(MEANT, READER, NOW, CALENDAR, 60).due_at == NOW
    night = NOW + timedelta(hours=10)  # Monday, 20:00
    assert seat(MEANT, READER, night, CALENDAR, 60).due_at == NOW + timedelta(hours=23)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"signed_up": False}, LeftOut.NOT_SIGNED_UP),
        ({"signed_up": False, "unsubscribed": True}, LeftOut.UNSUBSCRIBED),
        ({"suppressed": True}, LeftOut.SUPPRESSED),
        ({"sunset": True}, LeftOut.SUNSET),
        ({"paused_until": NOW + timedelta(minutes=1)}, LeftOut.PAUSED),
        ({"paused_until": NOW}, None),
        ({"inquired_at": NOW - timedelta(days=59)}, LeftOut.INQUIRED),
        ({"inquired_at": NOW - timedelta(days=60)}, None),
        ({"dealt_at": NOW - timedelta(days=59)}, LeftOut.DEAL),
        ({"dealt_at": NOW - timedelta(days=60)}, None),
        ({"stage": Stage.TRUST}, LeftOut.STAGE),
        ({"stage": None}, LeftOut.STAGE),
        ({"persona": "marketer"}, LeftOut.PERSONA),
        ({"acted_at": NOW - timedelta(days=30)}, None),
        ({"acted_at": NOW - timedelta(days=30, seconds=1)}, LeftOut.NOT_ENGAGED),
        ({"acted_at": None}, LeftOut.NOT_ENGAGED),
    ],
)
def test_each_reason_is_told(change: dict[str, object], told: LeftOut | None) -> None:
    assert reason(replace(READER, **change)) is told  # type: ignore[arg-type]


def test_an_audience_that_says_nothing_is_all_who_signed_up() -> None:
    bare = Candidate("r", signed_up=True)
    assert reason(bare, Audience()) is None
    assert reason(replace(bare, signed_up=False), Audience()) is LeftOut.NOT_SIGNED_UP


def test_an_issue_waits_for_room_but_not_for_long() -> None:
    today = replace(READER, sent=(NOW - timedelta(minutes=30),))
    assert seat(MEANT, today, NOW, CALENDAR, 60).due_at == NOW + timedelta(hours=23)
    tuesday = NOW + timedelta(days=1)
    three = tuple(tuesday - timedelta(days=n, minutes=1) for n in (0, 1, 2))
    assert reason(replace(READER, sent=three), at=tuesday) is LeftOut.CAPPED


def test_the_reasons_are_counted_in_the_order_they_are_asked() -> None:
    readers = [READER, replace(READER, stage=None), replace(READER, unsubscribed=True), READER]
    given, left = counted(seat(MEANT, one, NOW, CALENDAR, 60) for one in readers)
    assert given == 2
    assert in_order(left) == [(LeftOut.UNSUBSCRIBED, 1), (LeftOut.STAGE, 1)]
