"""How much is taken from one place: machines are slowed down, readers keep their words, and a Redis
that is away or asleep holds nobody up."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from redis import Redis

from tests.conftest import House
from tests.doors.posting import FORMS, every_form, page, path, post, recorded, token
from tracker.links import Click, Confirmation, Download, Preferences, Unsubscription
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}


def crowd(house: House, most: int = 101) -> None:
    """As many forms from one network as a minute takes, and one more."""
    browser = house.browser()
    for _ in range(most):
        browser.post("/gates/guide", data={})


@every_form
def test_of_two_hundred_forms_a_minute_from_one_network_half_are_put_off(
    open_house: House, name: str
) -> None:
    browser = open_house.browser()
    told = [browser.post(path(open_house, name), data={}).status_code for _ in range(200)]
    assert told == [422] * 100 + [429] * 100
    answer = post(open_house, name)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert "短い時間に、同じところから何度も送られています" in page(answer)
    assert 'value="taro@example.jp"' in answer.text
    assert " checked" in answer.text
    assert recorded(open_house) == []
    elsewhere = open_house.browser().post(
        path(open_house, name), data=FORMS[name].ticked, environ_base=ELSEWHERE
    )
    assert elsewhere.status_code == 303


def test_a_quiz_sent_by_a_crowd_comes_back_with_its_answers(open_house: House) -> None:
    crowd(open_house)
    answer = open_house.browser().post("/diagnoses/site-diagnosis", data={"q1": "0", "q2": "1"})
    assert answer.status_code == 429
    assert page(answer).count(" checked") == 2
    assert recorded(open_house) == []


def test_a_neighbour_in_the_same_network_counts_as_one(open_house: House) -> None:
    browser = open_house.browser()
    for host in range(101):
        there = {"REMOTE_ADDR": f"198.51.100.{host}"}
        answer = browser.post("/gates/guide", data={}, environ_base=there)
    assert answer.status_code == 429


def test_a_crowd_at_the_forms_closes_no_mails_links(open_house: House) -> None:
    crowd(open_house)
    browser = open_house.browser()
    click = token(open_house, Click("d", 1, "cases/metal/"))
    assert browser.get(f"/c/{click}").status_code == 302
    for door, link in (
        ("unsubscribe", Unsubscription("d")),
        ("confirm", Confirmation("d", "guide")),
    ):
        at = f"/{door}/{token(open_house, link)}"
        told = [browser.post(at, data={"stop": "yes"}).status_code for _ in range(150)]
        assert set(told) == {200}


@every_form
def test_forms_for_one_address_are_put_off_after_thirty_an_hour_wherever_they_come_from(
    open_house: House, name: str
) -> None:
    at = path(open_house, name)
    told = []
    for number in range(31):
        words = {**FORMS[name].ticked, "email": ("TARO@", "taro＠")[number % 2] + "example.jp"}
        there = {"REMOTE_ADDR": f"198.51.{number}.1"}
        told.append(open_house.browser().post(at, data=words, environ_base=there))
    assert [answer.status_code for answer in told] == [303] * 30 + [429]
    assert told[-1].headers["Retry-After"] == "3600"
    assert post(open_house, name, email="jiro@example.jp").status_code == 303


def test_no_address_network_or_link_can_be_read_off_the_keys_in_redis(open_house: House) -> None:
    post(open_house, "gate")
    redis = open_house.context.redis
    kept = b" ".join(redis.keys("*LIMITS*"))
    assert kept.count(b"LIMITS") == 2
    for secret in (b"taro", b"example", b"127.0.0"):
        assert secret not in kept
    assert all(0 < redis.ttl(key) <= 3600 for key in redis.keys("*LIMITS*"))


def test_a_download_link_used_by_hundreds_is_closed_and_told_to_marketing_once(
    open_house: House,
) -> None:
    link = f"/d/{token(open_house, Download('d', 'guide'))}"
    told = [open_house.browser().get(link) for _ in range(305)]
    assert [answer.status_code for answer in told] == [200] * 300 + [429] * 5
    assert "今日はもう使えません" in page(told[-1])
    assert 'href="/resources/guide/"' in told[-1].text
    assert told[-1].headers["Retry-After"] == "86400"
    kinds = [entry.kind for entry in recorded(open_house)]
    assert kinds == [EventKind.GATE_DOWNLOAD, EventKind.GATE_SHARED]
    other = f"/d/{token(open_house, Download('e', 'guide'))}"
    assert open_house.browser().get(other).status_code == 200


def test_preferences_are_not_changed_without_end(open_house: House) -> None:
    link = f"/preferences/{token(open_house, Preferences('d'))}"
    browser = open_house.browser()
    told = [browser.post(link, data={"do": "pause"}) for _ in range(61)]
    assert [answer.status_code for answer in told] == [200] * 60 + [429]
    assert told[-1].headers["Retry-After"] == "3600"
    assert "少し待ってから" in page(told[-1])


def test_without_a_redis_each_process_counts_by_itself(
    make_house: Callable[..., House], tmp_path: object
) -> None:
    house = make_house(redis_url=f"unix://{tmp_path}/nobody.sock")
    began = time.monotonic()
    assert post(house, "gate").status_code == 303
    crowd(house)
    assert post(house, "gate", email="jiro@example.jp").status_code == 429
    assert time.monotonic() - began < 5


def test_a_redis_that_falls_asleep_holds_no_reader_up_and_is_used_again_when_it_wakes(
    open_house: House,
) -> None:
    redis = open_house.context.redis
    with asleep(redis):
        began = time.monotonic()
        for number in range(20):
            assert post(open_house, "gate", email=f"taro{number}@example.jp").status_code == 303
        assert time.monotonic() - began < 3
    redis.flushdb()
    end = time.monotonic() + 15
    while not redis.keys("*LIMITS*"):
        assert time.monotonic() < end, "not used again"
        time.sleep(0.1)
        open_house.browser().post("/inquiries", data={})


@contextmanager
def asleep(redis: Redis) -> Iterator[None]:
    """The server takes connections and answers nothing."""
    process = int(redis.info("server")["process_id"])
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def test_a_thousand_forms_for_one_address_are_one_mail_an_hour_and_six_a_day(
    open_house: House,
) -> None:
    """Whatever came past the door's own limit, over how many networks and hosts ever."""
    sent = []
    for hour in range(9):
        open_house.context.redis.flushdb()  # an hour has passed for the limits as well
        post(open_house, "gate", name=f"山田 {hour}", consent="")
        (form,) = recorded(open_house)
        flood = [
            replace(form, id=f"{form.id}:{number}") for number in range(1000 if not hour else 3)
        ]
        open_house.context.journal.append(flood)
        open_house.work()
        sent.append(len(open_house.postbox.mails))
        open_house.clock.advance(hours=1)
    assert sent == [1, 2, 3, 4, 5, 6, 6, 6, 6]
