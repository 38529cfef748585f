"""``/unsubscribe/<token>``: the way out."""

import base64
import json
from collections.abc import Callable

import pytest

from tests.conftest import House
from tests.doors.posting import AGREED, PERSON, page, recorded, token
from tests.worker.test_house import become_a_reader, path_in, the_reader
from tracker.links import Click, Download, Preferences, Unsubscription
from tracker.store import deliveries, readers
from tracker.store import events as log
from tracker.store.engine import reading
from tracker.words import DeliveryState, EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_looking_at_the_way_out_changes_nothing(house: House) -> None:
    made = token(house, Unsubscription("d"))
    assert "配信を停止する" in page(house.browser().get(f"/unsubscribe/{made}"))
    assert recorded(house) == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (
            '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_one_click_unsubscribes_without_cookie_origin_or_redirect(
    house: House, body: str, content_type: str
) -> None:
    answer = house.browser().post(
        f"/unsubscribe/{token(house, Unsubscription('d'))}",
        data=body,
        content_type=content_type,
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 200
    (entry,) = recorded(house)
    assert (entry.kind, entry.delivery_id, entry.data["by"]) == (
        EventKind.MAIL_UNSUB,
        "d",
        "one-click",
    )


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "Yes"}, {"stop": ""}])
def test_another_body_shows_the_button_and_changes_nothing(
    house: House, body: dict[str, str]
) -> None:
    answer = house.browser().post(f"/unsubscribe/{token(house, Unsubscription('d'))}", data=body)
    assert answer.status_code == 200
    assert "下のボタンを押すと" in page(answer)
    assert recorded(house) == []


def test_the_way_out_never_expires(house: House) -> None:
    made = token(house, Unsubscription("d"))
    house.clock.advance(days=4000)
    assert house.browser().post(f"/unsubscribe/{made}", data={"stop": "yes"}).status_code == 200
    assert len(recorded(house)) == 1


def test_another_purposes_link_is_no_way_out(house: House) -> None:
    for link in (Click("d", 1, "cases/metal/"), Download("d", "guide"), Preferences("d")):
        answer = house.browser().post(f"/unsubscribe/{token(house, link)}", data=ONE_CLICK)
        assert answer.status_code == 404
    assert recorded(house) == []


def test_the_link_of_an_old_mail_works_after_its_key_was_replaced(
    make_house: Callable[..., House],
) -> None:
    before = make_house(secret_keys="the-first-key-of-all")
    link = f"/unsubscribe/{token(before, Unsubscription('d'))}"
    after = make_house(secret_keys="the-first-key-of-all,a-newer-key-that-signs")
    assert after.browser().post(link, data=ONE_CLICK).status_code == 200
    assert (
        after.browser().get(f"/unsubscribe/{token(after, Unsubscription('d'))}").status_code == 200
    )
    stranger = make_house(secret_keys="a-newer-key-that-signs")
    assert stranger.browser().post(link, data=ONE_CLICK).status_code == 404


def test_a_link_tells_neither_how_many_readers_there_are_nor_which_is_next(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    link = path_in(house.postbox.mails[-1], "unsubscribe")
    payload = link.rpartition("/")[2].partition(".")[0]
    hours, delivery_id = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert len(delivery_id) == 12
    assert not delivery_id.isdigit()
    assert isinstance(hours, int)
    with reading(house.tools.engine) as connection:
        reader_id = readers.of_delivery(connection, delivery_id)
        assert reader_id is not None
        assert str(reader_id[0]) not in payload


def test_both_ways_out_pressed_twice_are_one_and_end_every_mail_to_come(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    link = path_in(house.postbox.mails[-1], "unsubscribe")
    for body in (ONE_CLICK, {"stop": "yes"}, ONE_CLICK):
        assert house.browser().post(link, data=body).status_code == 200
        house.work()
    with reading(house.tools.engine) as connection:
        done = log.of_reader(connection, the_reader(house).id)
        assert [e.kind for e in done].count(EventKind.MAIL_UNSUB) == 1
        assert deliveries.count_by_state(connection).get(DeliveryState.PLANNED, 0) == 0
    came = len(house.postbox.mails)
    house.clock.advance(days=30)
    house.work()
    assert len(house.postbox.mails) == came


def test_who_left_stays_out_until_a_fresh_tick_is_confirmed(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    old = house.postbox.mails[-1]
    house.browser().post(path_in(old, "unsubscribe"), data=ONE_CLICK)
    house.work()
    for again in (
        {"consent": ""},
        {"consent": "yes", "consent_hash": "a wording that is not in force"},
        AGREED,  # ticked by whoever typed this address; its owner has not pressed the button yet
    ):
        house.clock.advance(days=1)
        house.browser().post("/gates/guide", data={**PERSON, **again})
        house.work()
        assert not the_reader(house).agrees_to_mail, again
    house.browser().post(path_in(house.postbox.mails[0], "confirm"))
    house.work()
    assert not the_reader(house).agrees_to_mail  # the button of a form that was ticked before
    house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    assert the_reader(house).agrees_to_mail
