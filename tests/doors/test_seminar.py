"""``/seminars/<id>``: a place, and the seminar as a calendar file."""

from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import insert

from tests.conftest import House
from tests.doors.posting import PERSON, recorded, token
from tests.more_content import JOIN, VIDEO_PAGE, publish, seminar, seminar_page
from tracker.journal import fresh_id
from tracker.links import Confirmation, Ticket
from tracker.store.engine import writing
from tracker.store.tables import events
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

GATE = "seminar:exits"


def fill_places(open_house: House, *readers: str) -> None:
    with writing(open_house.tools.engine) as connection:
        for reader in readers:
            row = {"id": fresh_id(), "at": open_house.clock(), "kind": EventKind.SEMINAR_REGISTER}
            connection.execute(insert(events).values(**row, gate=GATE, reader_id=reader))


def test_a_form_for_a_place_is_thanked_and_recorded(open_house: House) -> None:
    answer = open_house.browser().post("/seminars/exits", data=PERSON)
    assert (answer.status_code, answer.location) == (303, "/seminars/exits/thanks")
    assert "出口を点検する会" in open_house.browser().get(answer.location).text
    (entry,) = recorded(open_house)
    assert (entry.kind, entry.gate, entry.page) == (
        EventKind.GATE_SUBMIT,
        GATE,
        "seminars/exits/",
    )
    assert "wording" not in entry.person


@pytest.mark.parametrize(
    ("late", "told"),
    [
        (timedelta(0), "この回は始まりました"),
        (timedelta(minutes=89), "この回は始まりました"),
        (timedelta(minutes=90), "この回は終わりました"),
    ],
)
def test_who_comes_too_late_gets_a_friendly_page_and_is_not_recorded(
    open_house: House, late: timedelta, told: str
) -> None:
    open_house.clock.now = seminar().begins + late
    answer = open_house.browser().post("/seminars/exits", data=PERSON)
    assert answer.status_code == 410
    assert told in answer.text
    assert recorded(open_house) == []


def test_the_page_of_a_seminar_that_is_over_leads_to_the_recording_and_the_next(
    open_house: House,
) -> None:
    later = seminar_page(id="next", starts=seminar().starts + timedelta(days=30))
    publish(open_house, seminar_page(recording="/videos/stages.md"), later, VIDEO_PAGE)
    open_house.clock.now = seminar().ends
    text = open_house.browser().post("/seminars/exits", data=PERSON).text
    assert 'href="/videos/stages/"' in text
    assert 'href="/seminars/next/"' in text


def test_who_is_one_too_many_is_told_that_it_is_full(open_house: House) -> None:
    fill_places(open_house, "one", "one")  # who registered twice has one place
    assert open_house.browser().post("/seminars/exits", data=PERSON).status_code == 303
    fill_places(open_house, "two")
    answer = open_house.browser().post(
        "/seminars/exits", data={**PERSON, "email": "jiro@example.jp"}
    )
    assert answer.status_code == 409
    assert "満席になりました" in answer.text
    assert len(recorded(open_house)) == 1


def test_while_the_store_is_away_a_form_is_taken_all_the_same(open_house: House) -> None:
    fill_places(open_house, "one", "two")
    with writing(open_house.tools.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE events RENAME TO gone")
    assert open_house.browser().post("/seminars/exits", data=PERSON).status_code == 303
    assert len(recorded(open_house)) == 1


def test_a_seminar_there_is_not_is_a_page_not_found(open_house: House) -> None:
    assert open_house.browser().post("/seminars/none", data=PERSON).status_code == 404
    assert open_house.browser().get("/seminars/none.ics").status_code == 404


def test_the_calendar_file_tells_how_to_take_part_to_ticket_holders_only(open_house: House) -> None:
    browser = open_house.browser()
    ticket = token(open_house, Ticket("d", "exits"))
    for query, knows in (
        ("", False),
        (f"?ticket={ticket}", True),
        (f"?ticket={ticket[:-1]}", False),
        (f"?ticket={token(open_house, Ticket('d', 'another'))}", False),
    ):
        answer = browser.get(f"/seminars/exits.ics{query}")
        assert answer.content_type == "text/calendar; charset=utf-8"
        (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
        assert (JOIN in event["description"]) is knows


def test_the_button_gives_the_place_and_tells_how_to_take_part(open_house: House) -> None:
    made = token(open_house, Confirmation("d", GATE))
    asked = open_house.browser().get(f"/confirm/{made}")
    assert "確認して席をとる" in asked.text
    assert JOIN not in asked.text
    assert recorded(open_house) == []
    answer = open_house.browser().post(f"/confirm/{made}")
    assert answer.status_code == 200
    assert JOIN in answer.text
    assert "/seminars/exits.ics?ticket=" in answer.text
    assert recorded(open_house)[0].gate == GATE


def test_the_button_comes_too_late_or_one_too_many(open_house: House) -> None:
    made = token(open_house, Confirmation("d", GATE))
    fill_places(open_house, "one", "two")
    assert open_house.browser().post(f"/confirm/{made}").status_code == 409
    open_house.clock.now = seminar().begins
    assert open_house.browser().get(f"/confirm/{made}").status_code == 410
    assert recorded(open_house) == []
