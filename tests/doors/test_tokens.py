"""The links of mails and pages: only ours open a door."""

from typing import Any

import pytest

from tests.conftest import House
from tests.doors.posting import page, recorded, token
from tracker.links import Click, Confirmation, Download, Unsubscription

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

CLICK = Click("aB3_dE-fGh1k", 1, "cases/metal/")


@pytest.mark.parametrize("door", ["c", "confirm", "d", "unsubscribe", "diagnoses/result"])
@pytest.mark.parametrize("spoilt", ["forged", "cut", "foreign", "padded", "endless", "strange"])
def test_a_token_that_is_not_ours_gets_a_friendly_page_and_records_nothing(
    house: House, door: str, spoilt: str
) -> None:
    own = {
        "c": CLICK,
        "confirm": Confirmation("d", "guide"),
        "d": Download("d", "guide"),
        "unsubscribe": Unsubscription("d"),
    }.get(door, CLICK)
    foreign = Unsubscription("d") if door != "unsubscribe" else CLICK
    made = token(house, own)
    text = {
        "forged": made[:-3] + "AAA",
        "cut": made[: len(made) // 2],
        "foreign": token(house, foreign),
        "padded": made + "=",
        "endless": "x" * 5000,
        "strange": "%F0%9F%99%82%00",
    }[spoilt]
    for method in ("get", "post"):
        if method == "post" and door in ("c", "d"):
            continue
        answer = getattr(house.browser(), method)(f"/{door}/{text}")
        assert answer.status_code == 404
        assert "このリンクは読み取れませんでした" in page(answer)
    assert recorded(house) == []


@pytest.mark.parametrize(
    ("door", "link"), [("confirm", Confirmation("d", "guide")), ("d", Download("d", "guide"))]
)
def test_a_link_past_its_time_leads_back_to_the_resource(
    house: House, door: str, link: Any
) -> None:
    made = token(house, link)
    house.clock.advance(days=15)
    answer = house.browser().get(f"/{door}/{made}")
    assert answer.status_code == 410
    assert "/resources/guide/" in page(answer)
    assert recorded(house) == []
