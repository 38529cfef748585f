"""The mail server refuses, slows down, hangs up; the disk is full: what is due goes out once."""

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from nurture_worker.sending.delivering import send_due
from tests.conftest import House
from tests.faults.disks import full_disk
from tests.walking import AGREED, FORM, become_a_reader, states, the_reader
from tracker.store.engine import reading
from tracker.store.tables import deliveries as mails
from tracker.words import DeliveryState, MailKind

only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def order(house: House, *names: str) -> None:
    for name in names:
        house.browser().post("/gates/guide", data={**FORM, "email": f"{name}@example.jp"})
    house.fold()


def row(house: House, kind: MailKind = MailKind.DELIVERY) -> dict[str, object]:
    with reading(house.tools.engine) as connection:
        found = connection.execute(
            select(mails).where(mails.c.kind == kind).order_by(mails.c.due_at)
        ).first()
    assert found is not None
    return dict(found._mapping)


@only_sqlite
def test_a_server_that_is_away_is_asked_less_and_less_and_no_mail_fails_by_it(
    make_house: Callable[..., House], house: House
) -> None:
    away = make_house(smtp_url="smtp://127.0.0.1:1")
    order(away, "taro")
    waits = []
    for _ in range(7):
        away.work()
        told = row(away)
        assert (told["state"], told["tried_at"]) == (DeliveryState.PLANNED, None)
        waits.append(int((told["due_at"] - away.clock.now).total_seconds() / 60))  # type: ignore[operator]
        away.clock.advance(minutes=waits[-1])
    assert waits == [1, 5, 15, 60, 240, 480, 480]
    away.clock.advance(days=3)
    house.clock.now = away.clock.now
    house.work()
    assert [mail["Message-ID"] for mail in house.postbox.mails] == [told["message_id"]]


@only_sqlite
def test_a_greylisted_step_comes_later_as_the_same_mail_and_shifts_no_day(house: House) -> None:
    become_a_reader(house)
    before = len(house.postbox.mails)
    house.clock.advance(days=1)
    house.postbox.answers["taro@example.jp"] = "451 4.7.1 Greylisted for 300 seconds"
    house.work()
    first = row(house, MailKind.STEP)
    house.clock.advance(minutes=2)
    house.work()
    house.postbox.answers.clear()
    house.clock.advance(minutes=6)
    house.work()
    (mail,) = house.postbox.mails[before:]
    assert mail["Message-ID"] == first["message_id"]
    with reading(house.tools.engine) as connection:
        following = connection.execute(
            select(mails.c.due_at).where(
                mails.c.kind == MailKind.STEP, mails.c.state == DeliveryState.PLANNED
            )
        ).scalar_one()
    assert (following - first["planned_at"]).days == 3  # type: ignore[operator]


@only_sqlite
@pytest.mark.parametrize("told", ["421 4.7.0 Too fast, closing", "451 Rate limit exceeded"])
def test_a_server_that_says_too_much_slows_the_queue_and_fails_nobody(
    house: House, told: str
) -> None:
    order(house, "a", "b", "c", "d")
    house.postbox.answers.update({f"{name}@example.jp": told for name in "bcd"})
    house.postbox.answers.pop("a@example.jp", None)
    house.work()
    taken = len(house.postbox.mails)
    assert taken <= 1, "the rest is not tried in the same run"
    with reading(house.tools.engine) as connection:
        tried = connection.execute(
            select(mails.c.state, mails.c.tried_at).where(mails.c.state != DeliveryState.SENT)
        ).all()
    assert {tuple(one) for one in tried} == {(DeliveryState.PLANNED, None)}
    house.postbox.answers.clear()
    house.clock.advance(minutes=2)
    house.work()
    assert states(house) == {DeliveryState.SENT: 4}
    assert len(house.postbox.mails) == 4


@only_sqlite
def test_a_mail_too_big_fails_alone_and_suppresses_nobody(house: House) -> None:
    house.postbox.after_data["taro@example.jp"] = "552 5.3.4 message too big"
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    order(house, "hanako")
    house.work()
    counted = states(house)
    assert counted[DeliveryState.SENT] == 1
    assert counted.get(DeliveryState.FAILED, 0) + counted.get(DeliveryState.BOUNCED, 0) == 1
    with reading(house.tools.engine) as connection:
        assert not connection.exec_driver_sql(
            "SELECT 1 FROM readers WHERE suppressed_at IS NOT NULL"
        ).all()


def test_every_mail_has_one_recipient(house: House) -> None:
    order(house, "a", "b", "c")
    house.work()
    assert len(house.postbox.recipients) == len(house.postbox.mails) == 3
    assert {len(mail["To"].addresses) for mail in house.postbox.mails} == {1}


def test_ten_workers_with_one_mail_send_one(house: House) -> None:
    order(house, "taro")
    from nurture_worker.readers.digest import digest

    digest(house.tools)
    barrier = threading.Barrier(10)

    def run() -> None:
        barrier.wait()
        send_due(house.tools)

    crowd = [threading.Thread(target=run) for _ in range(10)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(60)
    assert len(house.postbox.mails) == 1
    assert states(house) == {DeliveryState.SENT: 1}


@only_sqlite
def test_a_full_disk_sends_nothing_that_it_cannot_claim_and_afterwards_all_once(
    house: House,
) -> None:
    order(house, "a", "b", "c")
    from nurture_worker.readers.digest import digest

    digest(house.tools)
    with full_disk(20_000), suppress(DBAPIError):
        send_due(house.tools)
    assert house.postbox.mails == []
    house.clock.advance(minutes=10)
    house.work()
    house.work()
    assert len(house.postbox.mails) == 3
    assert states(house) == {DeliveryState.SENT: 3}


@only_sqlite
def test_where_the_keys_are_lost_a_link_says_so_and_an_address_still_leads_out(
    house: House, make_house: Callable[..., House]
) -> None:
    become_a_reader(house)
    lost = make_house(secret_keys="another-key-altogether")
    lost.clock.now = house.clock.now
    lost.clock.advance(days=1)
    token = str(house.postbox.mails[-1]).split("/confirm/")[-1].split()[0]
    for door in ("unsubscribe", "preferences", "c"):
        assert lost.browser().get(f"/{door}/{token}").status_code in (302, 404)
    answer = lost.browser().get("/unsubscribe/WzAsImQiXQ.x")
    assert answer.status_code == 404
    assert 'href="/unsubscribe"' in answer.text
    browser = lost.browser()
    assert browser.post("/unsubscribe", data={"email": "no address"}).status_code == 422
    for address in ("nobody@example.jp", "Taro@Example.jp"):
        assert "停止しました" in browser.post("/unsubscribe", data={"email": address}).text
    lost.work()
    assert not the_reader(lost).may_be_mailed
    lost.clock.advance(days=9)
    lost.work()
    assert not [mail for mail in lost.postbox.mails if "日目" in str(mail["Subject"])]
