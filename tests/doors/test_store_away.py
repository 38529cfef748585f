"""The store is away: a reader notices nothing, but where what they ask is known to it alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.conftest import House
from tests.doors.posting import FORMS, every_form, page, path, post, recorded, token
from tests.more_content import JOIN, seminar_page
from tracker.app import create_app
from tracker.links import Confirmation, Download, Preferences, Ticket, Unsubscription
from tracker.words import EventKind

AWAY = {
    "refused": lambda _folder: "postgresql://sodate@127.0.0.1:1/nothing",
    "deleted": lambda folder: f"sqlite:///{folder}/no-folder/store.db",
}


@pytest.fixture(params=AWAY)
def cut_off(request: pytest.FixtureRequest, open_house: House, tmp_path: Path) -> Iterator[House]:
    """A tracker beside that of ``open_house``, over the same journal, that cannot reach the store."""
    url = AWAY[request.param](tmp_path)
    settings = open_house.context.settings.model_copy(update={"database_url": url})
    away = replace(open_house, app=create_app(settings, open_house.clock))
    away.app.testing = True
    yield away
    away.context.journal.close()
    away.context.engine.dispose()


pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@every_form
def test_a_form_is_thanked_as_ever(cut_off: House, name: str) -> None:
    browser = cut_off.browser()
    answer = post(cut_off, name, browser)
    assert answer.status_code == 303
    thanks = browser.get(answer.location)
    assert thanks.status_code == 200
    assert page(thanks)
    assert [entry.person["email"] for entry in recorded(cut_off)] == ["taro@example.jp"]


@every_form
def test_a_form_filled_in_wrongly_comes_back_as_ever(cut_off: House, name: str) -> None:
    answer = post(cut_off, name, email="taro")
    assert answer.status_code == 422
    assert "「@」を入れて" in page(answer)


def test_the_mail_follows_when_the_store_is_back(cut_off: House, open_house: House) -> None:
    post(cut_off, "gate")
    open_house.work()
    (mail,) = open_house.postbox.mails
    assert mail["To"] == "taro@example.jp"


@pytest.mark.parametrize(
    "gate", ["guide", "seminar:exits", "newsletter", "diagnosis:site-diagnosis"]
)
def test_the_button_of_a_mail_works_as_ever(cut_off: House, gate: str) -> None:
    link = f"/confirm/{token(cut_off, Confirmation('d', gate))}"
    browser = a_visitor(cut_off)
    assert browser.get(link).status_code == 200
    pressed = browser.post(link)
    assert pressed.status_code == 200
    assert (JOIN in pressed.text) is gate.startswith("seminar")
    assert [entry.kind for entry in recorded(cut_off)] == [EventKind.CONFIRM]


def a_visitor(house: House) -> FlaskClient:
    browser = house.browser()
    browser.set_cookie("sodate_visitor", "0" * 32)
    return browser


def test_the_file_the_calendar_and_the_way_out_are_there_as_ever(cut_off: House) -> None:
    browser = cut_off.browser()
    assert browser.get(f"/d/{token(cut_off, Download('d', 'guide'))}").status_code == 200
    ticket = token(cut_off, Ticket("d", "exits"))
    assert JOIN in browser.get(f"/seminars/exits.ics?ticket={ticket}").text.replace("\r\n ", "")
    out = f"/unsubscribe/{token(cut_off, Unsubscription('d'))}"
    assert browser.get(out).status_code == 200
    assert browser.post(out, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert [entry.kind for entry in recorded(cut_off)] == [
        EventKind.GATE_DOWNLOAD,
        EventKind.MAIL_UNSUB,
    ]


def test_only_what_a_reader_has_set_cannot_be_told_and_can_be_changed(cut_off: House) -> None:
    link = f"/preferences/{token(cut_off, Preferences('d'))}"
    browser = cut_off.browser()
    told = browser.get(link)
    assert told.status_code == 503
    assert "ただいま設定を開けません" in page(told)
    assert "/unsubscribe/" in told.text
    for posted in ({"do": "save", "want": "step"}, {"do": "pause"}, {"do": "resume"}):
        assert browser.post(link, data=posted).status_code == 200
    assert [entry.kind for entry in recorded(cut_off)] == [EventKind.PREFERENCES] * 3


def test_who_comes_too_late_for_a_seminar_is_told_so_all_the_same(cut_off: House) -> None:
    held = seminar_page().seminar
    assert held is not None
    cut_off.clock.now = held.begins
    assert post(cut_off, "seminar").status_code == 410
    assert FORMS["seminar"].path == path(cut_off, "seminar")
    assert recorded(cut_off) == []
