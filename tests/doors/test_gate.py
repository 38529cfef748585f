"""``/gates/<gate>``: a form in front of a resource."""

from typing import Any

import pytest

from tests.conftest import House
from tests.content import FIRM
from tests.doors.posting import AGREED, PERSON, page, recorded
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def test_a_good_form_is_thanked_and_recorded_with_its_consent(house: House) -> None:
    answer = house.browser().post("/gates/guide", data={**PERSON, **AGREED})
    assert (answer.status_code, answer.location) == (303, "/gates/guide/thanks")
    assert "メールをお送りしました" in page(house.browser().get(answer.location))
    (entry,) = recorded(house)
    assert (entry.kind, entry.gate, entry.page) == (
        EventKind.GATE_SUBMIT,
        "guide",
        "resources/guide/",
    )
    assert entry.person["email"] == "taro@example.jp"
    assert entry.person["wording"]["hash"] == FIRM.consent.hash
    assert entry.person["network"] == "127.0.0.0/24"
    assert entry.data == {}


def test_a_bad_address_comes_back_with_the_words_still_there(house: House) -> None:
    answer = house.browser().post(
        "/gates/guide", data={**PERSON, **AGREED, "email": "taro", "name": '<b>"山田'}
    )
    assert answer.status_code == 422
    text = page(answer)
    assert "「@」を入れて" in text
    assert 'value="taro"' in text
    assert "&lt;b&gt;&#34;山田" in text
    assert "<b>" not in text
    assert recorded(house) == []


def test_an_unknown_gate_is_a_page_not_found(house: House) -> None:
    assert house.browser().post("/gates/none", data=PERSON).status_code == 404


def test_readers_pages_run_no_script_of_others_and_are_not_framed(house: House) -> None:
    answer = house.browser().get("/gates/guide")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.text.count("<script") == 1
    assert '<script src="/static/forms.js" defer></script>' in answer.text
    assert "sodate.reader" in house.browser().get("/static/forms.js").text
    assert " style=" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_in_production_there_is_no_inbox_and_no_site_door(make_house: Any) -> None:
    browser = make_house(env="production").browser()
    assert browser.get("/inbox/").status_code == 404
    assert browser.get("/").status_code == 404
