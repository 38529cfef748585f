"""``/consent/withdraw``: the reading is recorded no more."""

import json

import pytest

from tests.conftest import House
from tests.doors.posting import recorded

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def test_withdrawing_takes_the_cookie_away_and_records_nothing(open_house: House) -> None:
    browser = open_house.browser()
    body = {"pv": "0" * 32, "page": "articles/why/", "events": [{"n": 0, "e": "page_view"}]}
    browser.post("/e", data=json.dumps(body), content_type="text/plain")
    assert browser.get_cookie("sodate_visitor") is not None
    answer = browser.post("/consent/withdraw")
    assert answer.status_code == 204
    assert browser.get_cookie("sodate_visitor") is None
    assert len(recorded(open_house)) == 1
