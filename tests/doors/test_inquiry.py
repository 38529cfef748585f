"""``/inquiries``: a reader writes."""

import pytest

from tests.conftest import House
from tests.doors.posting import PERSON, page, recorded
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def test_an_inquiry_is_thanked_and_recorded(house: House) -> None:
    answer = house.browser().post("/inquiries", data={**PERSON, "message": "相談です\n二行目"})
    assert answer.status_code == 303
    assert "受け付けました" in page(house.browser().get(answer.location))
    (entry,) = recorded(house)
    assert (entry.kind, entry.person["message"]) == (EventKind.INQUIRY, "相談です\n二行目")


def test_an_inquiry_without_words_comes_back(house: House) -> None:
    answer = house.browser().post("/inquiries", data=PERSON)
    assert answer.status_code == 422
    assert "ご相談の内容を入力してください" in page(answer)
