"""A mail is forwarded, a browser is shared: nobody is shown, or taken for, somebody else."""

import json
import re

import pytest
from flask.testing import FlaskClient

from tests.conftest import House
from tests.doors.posting import AGREED, FORMS, PERSON, recorded
from tests.servers import text_of
from tests.walking import path_in
from tracker.store import events as log
from tracker.store.engine import reading
from tracker.store.tables import readers, visitors
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

JIRO = {"name": "鈴木 次郎", "company": "別の製作所", "email": "jiro@example.jp"}


def reads(house: House, browser: FlaskClient, page: str) -> None:
    """A view of ``page`` by a reader who agreed to be recorded."""
    house.clock.advance(minutes=1)
    view = f"{round(house.clock().timestamp()):032x}"
    body = {"pv": view, "page": page, "events": [{"n": 0, "e": "page_view"}]}
    answer = browser.post("/e", data=json.dumps(body), content_type="text/plain")
    assert answer.status_code == 204


def orders(house: House, browser: FlaskClient, person: dict[str, str]) -> str:
    """Order the guide; the path of the button's page in the mail that comes."""
    browser.post("/gates/guide", data={**person, **AGREED})
    house.work()
    assert house.postbox.recipients[-1] == person["email"]
    return path_in(house.postbox.mails[-1], "confirm")


def read_by(house: House, person: dict[str, str]) -> list[str]:
    """The pages that count as read by the reader with that address."""
    house.work()
    with reading(house.tools.engine) as connection:
        found = connection.execute(readers.select().where(readers.c.email == person["email"])).one()
        done = log.of_reader(connection, found.id)
    return [event.page or "" for event in done if event.kind is EventKind.PAGE_VIEW]


def test_a_visitor_who_confirms_an_address_brings_their_reading_along(house: House) -> None:
    browser = house.browser()
    reads(house, browser, "articles/why/")
    button = orders(house, browser, PERSON)
    assert read_by(house, PERSON) == []
    browser.post(button)
    reads(house, browser, "cases/metal/")
    assert read_by(house, PERSON) == ["articles/why/", "cases/metal/"]


def test_two_readers_on_one_browser_are_kept_apart(house: House) -> None:
    browser = house.browser()
    reads(house, browser, "articles/why/")
    browser.post(orders(house, browser, PERSON))
    house.work()
    reads(house, browser, "resources/guide/")
    browser.post(orders(house, browser, JIRO))
    reads(house, browser, "cases/metal/")
    assert read_by(house, PERSON) == ["articles/why/", "resources/guide/"]
    assert read_by(house, JIRO) == ["cases/metal/"]


def test_the_same_reader_on_one_browser_stays_the_same_visitor(house: House) -> None:
    browser = house.browser()
    reads(house, browser, "articles/why/")
    before = browser.get_cookie("sodate_visitor")
    button = orders(house, browser, PERSON)
    for _ in range(2):
        answer = browser.post(button)
        house.work()
        assert "Set-Cookie" not in answer.headers
    assert browser.get_cookie("sodate_visitor") == before
    with reading(house.tools.engine) as connection:
        assert len(connection.execute(visitors.select()).all()) == 1


def test_a_browser_that_never_agreed_is_given_no_visitor_by_a_button(house: House) -> None:
    browser = house.browser()
    answer = browser.post(orders(house, browser, PERSON))
    assert "Set-Cookie" not in answer.headers
    assert recorded(house)[-1].visitor is None


def test_a_colleague_who_presses_a_button_already_pressed_stays_who_they_are(house: House) -> None:
    house.browser().post(button := orders(house, house.browser(), PERSON))
    house.work()
    colleague = house.browser()
    reads(house, colleague, "articles/why/")
    colleague.post(orders(house, colleague, JIRO))
    house.work()
    before = colleague.get_cookie("sodate_visitor")
    assert colleague.post(button).status_code == 200
    reads(house, colleague, "cases/metal/")
    assert colleague.get_cookie("sodate_visitor") == before
    assert read_by(house, PERSON) == []
    assert read_by(house, JIRO) == ["articles/why/", "cases/metal/"]


def test_whoever_opens_a_forwarded_mails_links_is_shown_nothing_of_its_reader(
    open_house: House,
) -> None:
    house = open_house
    browser = house.browser()
    for name in ("gate", "seminar", "newsletter"):  # an inquiry would end the scenario
        browser.post(FORMS[name].path, data={**PERSON, **FORMS[name].ticked})
    result = browser.post("/diagnoses/site-diagnosis", data={"q1": "0", "q2": "1"}).location
    browser.post(result, data={**PERSON, **AGREED})
    house.work()
    for mail in list(house.postbox.mails):
        for link in links_in(text_of(mail), "confirm"):
            browser.post(link)
    house.work()
    house.clock.advance(days=8)
    house.work()
    doors = ("confirm", "preferences", "unsubscribe", "c")
    links = {
        link
        for mail in house.postbox.mails
        for door in doors
        for link in links_in(text_of(mail) + str(mail["List-Unsubscribe"]), door)
    }
    assert {link.split("/")[1] for link in links} == set(doors)
    for link in sorted(links):
        colleague = house.browser()
        assert_tells_nothing(colleague, link)
        if link.startswith("/confirm/"):
            pressed = colleague.post(link)
            for onward in re.findall(r'href="(/(?:d|seminars)/[^"]+)"', pressed.text):
                assert_tells_nothing(colleague, onward.replace("&amp;", "&"))
        if link.startswith("/preferences/"):
            for do in ("save", "pause", "resume"):
                assert_tells_nothing(colleague, link, do)
        assert colleague.get_cookie("sodate_visitor") is None
        assert_tells_nothing(colleague, "/gates/guide")


def links_in(text: str, door: str) -> list[str]:
    return re.findall(rf"http://localhost(/{door}/[\w.-]+)", text)


def assert_tells_nothing(browser: FlaskClient, link: str, do: str = "") -> None:
    answer = browser.post(link, data={"do": do, "want": "step"}) if do else browser.get(link)
    assert answer.status_code in (200, 302), link
    told = answer.data.decode("utf-8", "replace") + str(answer.headers)
    for personal in (*PERSON.values(), "taro", "山田"):
        assert personal not in told, (link, personal)
