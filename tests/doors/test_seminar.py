"""The doors of seminars, the newsletter, preferences and the withdrawn consent, by table."""

import json
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import insert

from tests.conftest import House
from tests.content import FIRM
from tests.more_content import (
    JOIN,
    NEWSLETTER,
    NEWSLETTER_PAGE,
    VIDEO_PAGE,
    publish,
    seminar,
    seminar_page,
)
from tracker.journal import Entry, fresh_id
from tracker.links import Confirmation, Preferences, Ticket
from tracker.store.engine import writing
from tracker.store.tables import events
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

FORM = {"name": "山田 太郎", "company": "ためし製作所", "email": "taro@example.jp"}
SIGN_UP = {"email": "taro@example.jp", "consent": "yes", "consent_hash": NEWSLETTER.consent.hash}
GATE = "seminar:exits"


def recorded(house: House) -> list[Entry]:
    return [entry for _, entry in house.context.journal.oldest(1000)]


def token(house: House, link: Any) -> str:
    return house.context.links.sign(link, house.clock())


def fill_places(house: House, *readers: str) -> None:
    with writing(house.tools.engine) as connection:
        for reader in readers:
            row = {"id": fresh_id(), "at": house.clock(), "kind": EventKind.SEMINAR_REGISTER}
            connection.execute(insert(events).values(**row, gate=GATE, reader_id=reader))


@pytest.fixture
def house(house: House) -> House:
    publish(house, seminar_page(), NEWSLETTER_PAGE, VIDEO_PAGE)
    return house


def test_a_form_for_a_place_is_thanked_and_recorded(house: House) -> None:
    answer = house.browser().post("/seminars/exits", data=FORM)
    assert (answer.status_code, answer.location) == (303, "/seminars/exits/thanks")
    assert "出口を点検する会" in house.browser().get(answer.location).text
    (entry,) = recorded(house)
    assert (entry.kind, entry.gate, entry.page) == (
        EventKind.GATE_SUBMIT,
        GATE,
        "seminars/exits/",
    )
    assert "wording" not in entry.person


def test_a_bad_form_comes_back_with_its_words(house: House) -> None:
    answer = house.browser().post("/seminars/exits", data={**FORM, "email": "taro"})
    assert answer.status_code == 422
    assert 'value="ためし製作所"' in answer.text
    assert 'action="/seminars/exits"' in answer.text
    assert recorded(house) == []


@pytest.mark.parametrize(
    ("late", "told"),
    [
        (timedelta(0), "この回は始まりました"),
        (timedelta(minutes=89), "この回は始まりました"),
        (timedelta(minutes=90), "この回は終わりました"),
    ],
)
def test_who_comes_too_late_gets_a_friendly_page_and_is_not_recorded(
    house: House, late: timedelta, told: str
) -> None:
    house.clock.now = seminar().begins + late
    answer = house.browser().post("/seminars/exits", data=FORM)
    assert answer.status_code == 410
    assert told in answer.text
    assert recorded(house) == []


def test_the_page_of_a_seminar_that_is_over_leads_to_the_recording_and_the_next(
    house: House,
) -> None:
    later = seminar_page(id="next", starts=seminar().starts + timedelta(days=30))
    publish(house, seminar_page(recording="/videos/stages.md"), later, VIDEO_PAGE)
    house.clock.now = seminar().ends
    text = house.browser().post("/seminars/exits", data=FORM).text
    assert 'href="/videos/stages/"' in text
    assert 'href="/seminars/next/"' in text


def test_who_is_one_too_many_is_told_that_it_is_full(house: House) -> None:
    fill_places(house, "one", "one")  # who registered twice has one place
    assert house.browser().post("/seminars/exits", data=FORM).status_code == 303
    fill_places(house, "two")
    answer = house.browser().post("/seminars/exits", data={**FORM, "email": "jiro@example.jp"})
    assert answer.status_code == 409
    assert "満席になりました" in answer.text
    assert len(recorded(house)) == 1


def test_while_the_store_is_away_a_form_is_taken_all_the_same(house: House) -> None:
    fill_places(house, "one", "two")
    with writing(house.tools.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE events RENAME TO gone")
    assert house.browser().post("/seminars/exits", data=FORM).status_code == 303
    assert len(recorded(house)) == 1


def test_a_seminar_there_is_not_is_a_page_not_found(house: House) -> None:
    assert house.browser().post("/seminars/none", data=FORM).status_code == 404
    assert house.browser().get("/seminars/none.ics").status_code == 404


@pytest.mark.parametrize("door", ["/seminars/exits", "/newsletter", "/consent/withdraw"])
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}])
def test_what_another_site_sends_is_refused(
    house: House, door: str, headers: dict[str, str]
) -> None:
    assert house.browser().post(door, data=FORM, headers=headers).status_code == 403
    assert recorded(house) == []


def test_a_machine_is_thanked_and_not_recorded(house: House) -> None:
    for door, form in (("/seminars/exits", FORM), ("/newsletter", SIGN_UP)):
        answer = house.browser().post(door, data={**form, "website": "http://spam.example"})
        assert answer.status_code == 303
    assert recorded(house) == []


def test_the_calendar_file_tells_how_to_take_part_to_ticket_holders_only(house: House) -> None:
    browser = house.browser()
    ticket = token(house, Ticket("d", "exits"))
    for query, knows in (
        ("", False),
        (f"?ticket={ticket}", True),
        (f"?ticket={ticket[:-1]}", False),
        (f"?ticket={token(house, Ticket('d', 'another'))}", False),
    ):
        answer = browser.get(f"/seminars/exits.ics{query}")
        assert answer.content_type == "text/calendar; charset=utf-8"
        (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
        assert (JOIN in event["description"]) is knows


def test_the_button_gives_the_place_and_tells_how_to_take_part(house: House) -> None:
    made = token(house, Confirmation("d", GATE))
    asked = house.browser().get(f"/confirm/{made}")
    assert "確認して席をとる" in asked.text
    assert JOIN not in asked.text
    assert recorded(house) == []
    answer = house.browser().post(f"/confirm/{made}")
    assert answer.status_code == 200
    assert JOIN in answer.text
    assert "/seminars/exits.ics?ticket=" in answer.text
    assert recorded(house)[0].gate == GATE


def test_the_button_comes_too_late_or_one_too_many(house: House) -> None:
    made = token(house, Confirmation("d", GATE))
    fill_places(house, "one", "two")
    assert house.browser().post(f"/confirm/{made}").status_code == 409
    house.clock.now = seminar().begins
    assert house.browser().get(f"/confirm/{made}").status_code == 410
    assert recorded(house) == []


def test_a_sign_up_is_recorded_with_the_newsletters_own_wording(house: House) -> None:
    answer = house.browser().post("/newsletter", data=SIGN_UP)
    assert (answer.status_code, answer.location) == (303, "/newsletter/thanks")
    assert house.browser().get(answer.location).status_code == 200
    (entry,) = recorded(house)
    assert (entry.kind, entry.gate) == (EventKind.GATE_SUBMIT, "newsletter")
    assert entry.person["wording"]["text"] == NEWSLETTER.consent.mail


@pytest.mark.parametrize(
    "change",
    [{"consent": ""}, {"consent_hash": "another"}, {"consent_hash": FIRM.consent.hash}],
)
def test_without_a_tick_beside_its_wording_nobody_signs_up(
    house: House, change: dict[str, str]
) -> None:
    answer = house.browser().post("/newsletter", data={**SIGN_UP, **change})
    assert answer.status_code == 422
    assert "チェックが必要です" in answer.text
    assert recorded(house) == []


def test_the_confirmed_sign_up_is_welcomed(house: House) -> None:
    answer = house.browser().post(f"/confirm/{token(house, Confirmation('d', 'newsletter'))}")
    assert NEWSLETTER.welcome in answer.text


@pytest.mark.parametrize(
    ("posted", "kept"),
    [
        ({"do": "save", "want": ["newsletter", "step"]}, {"wants": ["step", "newsletter"]}),
        ({"do": "save"}, {"wants": []}),
        ({"do": "save", "want": ["everything"]}, {"wants": []}),
        ({"do": "pause"}, {"paused_until": "2026-12-02T01:00:00+00:00"}),
        ({"do": "resume"}, {"paused_until": "2026-11-02T01:00:00+00:00"}),
    ],
)
def test_preferences_are_recorded_against_their_mail(
    house: House, posted: dict[str, Any], kept: dict[str, Any]
) -> None:
    made = token(house, Preferences("d"))
    answer = house.browser().post(f"/preferences/{made}", data=posted)
    assert answer.status_code == 200
    (entry,) = recorded(house)
    assert (entry.kind, entry.delivery_id, entry.data) == (EventKind.PREFERENCES, "d", kept)


def test_preferences_are_taken_while_the_store_is_away_and_the_way_out_is_shown(
    house: House,
) -> None:
    made = token(house, Preferences("d"))
    with writing(house.tools.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE deliveries RENAME TO gone")
    looked = house.browser().get(f"/preferences/{made}")
    assert looked.status_code == 503
    assert "/unsubscribe/" in looked.text
    assert house.browser().post(f"/preferences/{made}", data={"do": "pause"}).status_code == 200
    assert len(recorded(house)) == 1


def test_a_link_of_another_purpose_opens_no_preferences(house: House) -> None:
    for link in (Confirmation("d", "guide"), Ticket("d", "exits")):
        assert house.browser().get(f"/preferences/{token(house, link)}").status_code == 404
        answer = house.browser().post(f"/preferences/{token(house, link)}", data={"do": "pause"})
        assert answer.status_code == 404
    assert recorded(house) == []


def beacon(house: House, browser: Any, *seen: dict[str, Any], page: str = "videos/stages/") -> int:
    body = {"pv": "0" * 32, "page": page, "events": list(seen)}
    status: int = browser.post("/e", data=json.dumps(body), content_type="text/plain").status_code
    return status


def test_how_far_a_video_was_watched_is_recorded(house: House) -> None:
    seen = {"n": 3, "e": "video_progress", "video": "stages", "percent": 25}
    assert beacon(house, house.browser(), seen) == 204
    (entry,) = recorded(house)
    assert (entry.kind, entry.page) == (EventKind.VIDEO_PROGRESS, "videos/stages/")
    assert entry.data == {"video": "stages", "percent": 25}


@pytest.mark.parametrize("percent", [0, 26, 101, -25, "25", None, 25.5])
def test_a_share_that_is_none_of_the_four_is_refused(house: House, percent: object) -> None:
    seen = {"n": 0, "e": "video_progress", "video": "stages", "percent": percent}
    assert beacon(house, house.browser(), seen) == 422


def test_a_video_of_another_page_adds_nothing(house: House) -> None:
    seen = {"n": 0, "e": "video_progress", "video": "stages", "percent": 25}
    assert beacon(house, house.browser(), seen, page="articles/why/") == 204
    assert beacon(house, house.browser(), {**seen, "video": "other"}) == 204
    assert recorded(house) == []


def test_withdrawing_takes_the_cookie_away_and_records_nothing(house: House) -> None:
    browser = house.browser()
    beacon(house, browser, {"n": 0, "e": "page_view"})
    assert browser.get_cookie("sodate_visitor") is not None
    answer = browser.post("/consent/withdraw")
    assert answer.status_code == 204
    assert browser.get_cookie("sodate_visitor") is None
    assert len(recorded(house)) == 1
