"""``/confirm/<token>``: the page of a delivery mail, and its button."""

import pytest

from tests.conftest import House
from tests.doors.posting import page, recorded, token
from tracker.links import Confirmation
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def test_looking_at_the_confirmation_page_confirms_nothing(house: House) -> None:
    made = token(house, Confirmation("d", "guide"))
    answer = house.browser().get(f"/confirm/{made}")
    assert "確認して資料を受け取る" in page(answer)
    assert recorded(house) == []


def test_the_button_confirms_and_hands_out_the_file(house: House) -> None:
    browser = house.browser()
    answer = browser.post(f"/confirm/{token(house, Confirmation('d', 'guide'))}")
    assert answer.status_code == 200
    link = answer.text.split('href="/d/')[1].split('"')[0]
    file = browser.get(f"/d/{link}")
    assert file.data == b"%PDF-1.7 the guide"
    assert file.headers["Content-Disposition"].startswith(
        "attachment; filename=guide.pdf; filename*=UTF-8''%E3%81%AF"
    )
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert [e.kind for e in recorded(house)] == [EventKind.CONFIRM, EventKind.GATE_DOWNLOAD]
