"""What every form promises: whoever fills it in is thanked alike, what is wrong comes back with its
words, and machines get nowhere."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from sqlalchemy import event

from tests.conftest import House
from tests.doors.posting import FORMS, PERSON, every_form, page, path, post, recorded
from tracker.journal import Entry
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

TOO_FAST = "もう一度送信してください"
KINDS = {"inquiry": (EventKind.INQUIRY, None)}
GATES = {"gate": "guide", "seminar": "seminar:exits", "report": "diagnosis:site-diagnosis"}


@every_form
def test_what_is_filled_in_is_recorded_once_and_thanked(open_house: House, name: str) -> None:
    browser = open_house.browser()
    for _ in range(2):
        answer = post(open_house, name, browser)
        assert answer.status_code == 303
        assert "<h1>" in page(browser.get(answer.location))
    (entry,) = recorded(open_house)
    kind, gate = KINDS.get(name, (EventKind.GATE_SUBMIT, GATES.get(name, name)))
    assert (entry.kind, entry.gate) == (kind, gate)
    assert entry.person["email"] == PERSON["email"]
    assert entry.person["network"] == "127.0.0.0/24"
    assert entry.person["wording"]["hash"] == FORMS[name].consent.hash
    assert not set(PERSON.values()) & set(map(str, asdict(entry)["data"].values()))


@every_form
def test_the_same_words_some_time_later_are_another_event(open_house: House, name: str) -> None:
    post(open_house, name)
    open_house.clock.advance(minutes=20)
    answer = open_house.browser().post(path(open_house, name), data=FORMS[name].ticked)
    assert answer.status_code == 303
    assert len(recorded(open_house)) == 2


UNTICKED: list[dict[str, str]] = [
    {"consent": ""},
    {"consent": "no"},
    {"consent_hash": ""},
    {"consent_hash": "another"},
]


@pytest.mark.parametrize("name", [name for name in FORMS if name != "newsletter"])
def test_without_a_tick_beside_the_wording_in_force_there_is_no_consent(
    open_house: House, name: str
) -> None:
    for number, box in enumerate(UNTICKED):
        email = f"taro{number}@example.jp"
        assert post(open_house, name, email=email, **box).status_code == 303, box
    assert ["wording" in entry.person for entry in recorded(open_house)] == [False] * 4


@every_form
def test_what_fills_in_the_hidden_field_is_thanked_and_not_recorded(
    open_house: House, name: str
) -> None:
    answer = post(open_house, name, website="http://spam.example")
    assert answer.status_code == 303
    assert open_house.browser().get(answer.location).status_code == 200
    assert recorded(open_house) == []


ELSEWHERE: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
]


@every_form
def test_a_form_on_another_site_is_refused(open_house: House, name: str) -> None:
    at, words = path(open_house, name), FORMS[name].ticked
    for headers in ELSEWHERE:
        answer = open_house.browser().post(at, data=words, headers=headers)
        assert answer.status_code == 403, headers
        assert "別のサイト" in page(answer)
    assert recorded(open_house) == []


def test_a_quiz_or_a_withdrawal_from_another_site_is_refused(open_house: House) -> None:
    for door in ("/diagnoses/site-diagnosis", "/consent/withdraw"):
        answer = open_house.browser().post(
            door, data={"q1": "0", "q2": "1"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 403
    assert recorded(open_house) == []


@every_form
def test_a_form_sent_in_no_time_comes_back_with_its_words_and_goes_through_at_once(
    open_house: House, name: str
) -> None:
    for took in ("0", "1999"):
        answer = post(open_house, name, took=took)
        assert answer.status_code == 422
        assert TOO_FAST in page(answer)
        assert 'value="taro@example.jp"' in answer.text
        assert 'name="took"' not in answer.text
        assert 'name="shown"' not in answer.text
    assert recorded(open_house) == []
    for took in ("", "2000", "-5", "9" * 99):
        assert post(open_house, name, took=took).status_code == 303, took
    assert len(recorded(open_house)) == 1


@pytest.mark.parametrize("name", ["gate", "report"])
def test_the_trackers_own_form_tells_when_it_was_shown(open_house: House, name: str) -> None:
    browser = open_house.browser()
    form = browser.get(path(open_house, name)).text
    shown = form.split('name="shown" value="')[1].split('"')[0]
    open_house.clock.advance(seconds=1)
    assert TOO_FAST in post(open_house, name, browser, shown=shown).text
    assert TOO_FAST not in post(open_house, name, browser, shown=shown[:-2]).text
    open_house.clock.advance(minutes=30)
    assert post(open_house, name, browser, shown=shown).status_code == 303


@every_form
def test_a_form_that_cannot_be_kept_comes_back_with_its_words(open_house: House, name: str) -> None:
    open_house.context.journal._db.execute("PRAGMA query_only=1")
    answer = post(open_house, name)
    assert answer.status_code == 503
    assert "taro@example.jp" in page(answer)
    assert " checked" in answer.text
    assert "入力した内容は残してあります" in answer.text


TARGETS = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "https:evil.example",
    "%2f%2fevil.example",
    "javascript:alert('evil')",
    "data:text/html,evil",
]


@every_form
def test_no_field_or_parameter_decides_where_a_form_leads(open_house: House, name: str) -> None:
    at = path(open_house, name)
    leads_to = post(open_house, name).location
    for target in TARGETS:
        answer = open_house.browser().post(
            f"{at}?return={target}&next={target}",
            data={**FORMS[name].ticked, "return": target, "next": target, "page": target},
            headers={"Referer": target, "X-Forwarded-Host": "evil.example"},
        )
        assert (answer.status_code, answer.location) == (303, leads_to), target
    assert "evil" not in json.dumps([asdict(e) for e in recorded(open_house)], default=str)


@every_form
def test_whoever_is_known_is_answered_like_whoever_is_not_and_by_the_same_work(
    open_house: House, name: str
) -> None:
    post(open_house, "gate")
    open_house.work()
    known = work_of(open_house, name, PERSON["email"])
    unknown = work_of(open_house, name, "jiro@example.jp")
    assert known == unknown
    if name != "seminar":  # whose free places are counted, whoever asks
        assert known["asked"] == []


def work_of(house: House, name: str, email: str) -> dict[str, Any]:
    """What a reader with that address sees, and what the door asked the store meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engine = house.context.engine
    before = len(recorded(house))
    event.listen(engine, "before_cursor_execute", note)
    try:
        browser = house.browser()
        answer = post(house, name, browser, email=email)
        thanks = browser.get(answer.location)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    new: list[Entry] = recorded(house)[before:]
    return {
        "status": answer.status_code,
        "headers": sorted(answer.headers),
        "leads to": answer.location,
        "page": thanks.text,
        "events": [entry.kind for entry in new],
        "asked": asked,
    }
