"""``/unsubscribe/<token>``: the way out."""

import base64
import json
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.conftest import House
from tests.doors.posting import AGREED, PERSON, page, recorded, token
from tests.walking import become_a_reader, path_in, the_reader
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


def out_by_address(house: House, typed: str = PERSON["email"], **more: str) -> TestResponse:
    return house.browser().post("/unsubscribe", data={"email": typed}, headers=more)


def test_who_names_their_address_is_out_at_once(house: House) -> None:
    become_a_reader(house)
    assert "アドレスを入力して配信を停止" in page(house.browser().get("/unsubscribe"))
    assert "配信を停止しました" in page(out_by_address(house, "ＴＡＲＯ＠example.jp"))
    house.work()
    assert not the_reader(house).agrees_to_mail
    came = len(house.postbox.mails)
    house.clock.advance(days=30)
    house.work()
    assert len(house.postbox.mails) == came
    out_by_address(house)
    house.work()
    with reading(house.tools.engine) as connection:
        done = log.of_reader(connection, the_reader(house).id)
    assert [e.data for e in done if e.kind is EventKind.MAIL_UNSUB] == [{"by": "address"}]


def test_nobody_learns_whose_address_is_known(house: House) -> None:
    become_a_reader(house)
    known, unknown = out_by_address(house), out_by_address(house, "jiro@example.jp")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    house.work()
    assert the_reader(house).email == PERSON["email"], "and nobody new is made of it"


def test_an_address_out_before_it_was_known_stays_out_until_a_fresh_tick(house: House) -> None:
    out_by_address(house)
    house.work()
    house.clock.advance(days=1)
    house.browser().post("/gates/guide", data=PERSON)
    house.work()
    house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    assert not the_reader(house).agrees_to_mail
    house.clock.advance(days=1)
    become_a_reader(house)
    assert the_reader(house).agrees_to_mail


def test_what_is_no_address_comes_back_and_another_sites_form_is_refused(house: House) -> None:
    for typed in ("", "taro", "a@b.jp,c@d.jp", "a@b.jp\r\nBcc: c@d.jp", '"><script>@x.jp'):
        answer = out_by_address(house, typed)
        assert answer.status_code == 422, typed
        assert 'aria-invalid="true"' in page(answer)
        assert "<script>" not in answer.text
    elsewhere = house.browser().post(
        "/unsubscribe", data=PERSON, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert elsewhere.status_code == 403
    assert recorded(house) == []


def test_a_crowd_that_names_addresses_is_put_off(house: House) -> None:
    told = [out_by_address(house, f"p{n}@example.jp").status_code for n in range(101)]
    assert told == [200] * 100 + [429]


def test_while_the_journal_cannot_be_written_nobody_is_told_to_be_out(house: House) -> None:
    house.context.journal._db.execute("PRAGMA query_only=1")
    answer = out_by_address(house)
    assert answer.status_code == 503
    assert 'value="taro@example.jp"' in page(answer)


def test_whose_key_was_lost_is_shown_the_way_out_by_address(
    make_house: Callable[..., House],
) -> None:
    link = f"/unsubscribe/{token(make_house(), Unsubscription('d'))}"
    house = make_house(secret_keys="the key that came after the loss")
    answer = house.browser().get(link)
    assert answer.status_code == 404
    assert 'href="/unsubscribe"' in page(answer)
