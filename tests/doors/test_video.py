"""What the beacon says of videos; the consent taken back."""

import json
from typing import Any

import pytest

from tests.conftest import House
from tests.doors.posting import recorded
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def beacon(
    open_house: House, browser: Any, *seen: dict[str, Any], page: str = "videos/stages/"
) -> int:
    body = {"pv": "0" * 32, "page": page, "events": list(seen)}
    status: int = browser.post("/e", data=json.dumps(body), content_type="text/plain").status_code
    return status


def test_how_far_a_video_was_watched_is_recorded(open_house: House) -> None:
    seen = {"n": 3, "e": "video_progress", "video": "stages", "percent": 25}
    assert beacon(open_house, open_house.browser(), seen) == 204
    (entry,) = recorded(open_house)
    assert (entry.kind, entry.page) == (EventKind.VIDEO_PROGRESS, "videos/stages/")
    assert entry.data == {"video": "stages", "percent": 25}


@pytest.mark.parametrize("percent", [0, 26, 101, -25, "25", None, 25.5])
def test_a_share_that_is_none_of_the_four_is_refused(open_house: House, percent: object) -> None:
    seen = {"n": 0, "e": "video_progress", "video": "stages", "percent": percent}
    assert beacon(open_house, open_house.browser(), seen) == 422


def test_a_video_of_another_page_adds_nothing(open_house: House) -> None:
    seen = {"n": 0, "e": "video_progress", "video": "stages", "percent": 25}
    assert beacon(open_house, open_house.browser(), seen, page="articles/why/") == 204
    assert beacon(open_house, open_house.browser(), {**seen, "video": "other"}) == 204
    assert recorded(open_house) == []
