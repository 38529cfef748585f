"""``/preferences/<token>``: which mails a reader wants."""

from typing import Any

import pytest

from tests.conftest import House
from tests.doors.posting import recorded, token
from tracker.links import Confirmation, Preferences, Ticket
from tracker.store.engine import writing
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("posted", "kept"),
    [
        ({"do": "save", "want": ["newsletter", "step"]}, {"wants": ["step", "newsletter"]}),
        ({"do": "save"}, {"wants": []}),
        ({"do": "save", "want": ["everything"]}, {"wants": []}),
        ({"do": "pause"}, {"paused_until": "2026-12-02T01:00:00+00:00"}),
        ({"do": "resume"}, {"paused_until": "2026-11-02T01:00:00+00:00"}),
    ],
)
def test_preferences_are_recorded_against_their_mail(
    open_house: House, posted: dict[str, Any], kept: dict[str, Any]
) -> None:
    made = token(open_house, Preferences("d"))
    answer = open_house.browser().post(f"/preferences/{made}", data=posted)
    assert answer.status_code == 200
    (entry,) = recorded(open_house)
    assert (entry.kind, entry.delivery_id, entry.data) == (EventKind.PREFERENCES, "d", kept)


def test_preferences_are_taken_while_the_store_is_away_and_the_way_out_is_shown(
    open_house: House,
) -> None:
    made = token(open_house, Preferences("d"))
    with writing(open_house.tools.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE deliveries RENAME TO gone")
    looked = open_house.browser().get(f"/preferences/{made}")
    assert looked.status_code == 503
    assert "/unsubscribe/" in looked.text
    assert (
        open_house.browser().post(f"/preferences/{made}", data={"do": "pause"}).status_code == 200
    )
    assert len(recorded(open_house)) == 1


def test_a_link_of_another_purpose_opens_no_preferences(open_house: House) -> None:
    for link in (Confirmation("d", "guide"), Ticket("d", "exits")):
        assert (
            open_house.browser().get(f"/preferences/{token(open_house, link)}").status_code == 404
        )
        answer = open_house.browser().post(
            f"/preferences/{token(open_house, link)}", data={"do": "pause"}
        )
        assert answer.status_code == 404
    assert recorded(open_house) == []
