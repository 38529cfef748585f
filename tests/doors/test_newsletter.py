"""``/newsletter``: the sign-up."""

import pytest

from tests.conftest import House
from tests.content import FIRM
from tests.doors.posting import FORMS, recorded, token
from tests.more_content import NEWSLETTER
from tracker.links import Confirmation
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def test_a_sign_up_is_recorded_with_the_newsletters_own_wording(open_house: House) -> None:
    answer = open_house.browser().post("/newsletter", data=FORMS["newsletter"].ticked)
    assert (answer.status_code, answer.location) == (303, "/newsletter/thanks")
    assert open_house.browser().get(answer.location).status_code == 200
    (entry,) = recorded(open_house)
    assert (entry.kind, entry.gate) == (EventKind.GATE_SUBMIT, "newsletter")
    assert entry.person["wording"]["text"] == NEWSLETTER.consent.mail


@pytest.mark.parametrize(
    "change",
    [{"consent": ""}, {"consent_hash": "another"}, {"consent_hash": FIRM.consent.hash}],
)
def test_without_a_tick_beside_its_wording_nobody_signs_up(
    open_house: House, change: dict[str, str]
) -> None:
    answer = open_house.browser().post("/newsletter", data={**FORMS["newsletter"].ticked, **change})
    assert answer.status_code == 422
    assert "チェックが必要です" in answer.text
    assert recorded(open_house) == []


def test_the_confirmed_sign_up_is_welcomed(open_house: House) -> None:
    answer = open_house.browser().post(
        f"/confirm/{token(open_house, Confirmation('d', 'newsletter'))}"
    )
    assert NEWSLETTER.welcome in answer.text
