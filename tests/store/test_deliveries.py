"""The ledger: a mail is claimed once, and every end is visible."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine

from tests.conftest import NOW
from tracker.store import claims, deliveries, readers
from tracker.store.engine import open_store, reading, writing
from tracker.words import DeliveryState, MailKind


@pytest.fixture
def engine(store_url: str) -> Engine:
    return open_store(store_url)


def a_reader(connection: Connection, name: str = "a") -> str:
    address = f"{name}@example.jp"
    person = {"email": address, "email_normalised": address}
    reader_id = readers.identify(connection, person, NOW)
    wording = {"hash": "h", "version": "1", "text": "t"}
    readers.agree(
        connection,
        event_id=f"e-{name}",
        reader_id=reader_id,
        at=NOW,
        wording=wording,
        method="test",
        network=None,
    )
    readers.confirm(connection, reader_id, f"e-{name}", NOW)
    return reader_id


def a_mail(connection: Connection, reader_id: str, key: str = "k", days: float = 0) -> str | None:
    return deliveries.plan(
        connection,
        key=key,
        kind=MailKind.STEP,
        domain="example.jp",
        now=NOW,
        due_at=NOW + timedelta(days=days),
        reader_id=reader_id,
    )


def test_a_key_is_planned_once(engine: Engine) -> None:
    with writing(engine) as connection:
        reader = a_reader(connection)
        assert a_mail(connection, reader)
        assert a_mail(connection, reader) is None


def test_a_mail_is_claimed_once(engine: Engine) -> None:
    with writing(engine) as connection:
        mail = a_mail(connection, a_reader(connection)) or ""
        assert claims.claim(connection, mail, NOW)
        assert claims.claim(connection, mail, NOW) is None


def test_eight_workers_claim_each_mail_once(engine: Engine) -> None:
    with writing(engine) as connection:
        reader = a_reader(connection)
        mails = [a_mail(connection, reader, f"k{n}") or "" for n in range(30)]
    won: list[str] = []

    def work() -> None:
        for mail in mails:
            with writing(engine) as connection:
                if claims.claim(connection, mail, NOW):
                    won.append(mail)

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(won) == sorted(mails)


def test_nothing_is_claimed_before_its_time(engine: Engine) -> None:
    with writing(engine) as connection:
        mail = a_mail(connection, a_reader(connection), days=1) or ""
        assert claims.claim(connection, mail, NOW) is None
        assert deliveries.due(connection, NOW, 10) == []
        assert deliveries.due(connection, NOW + timedelta(days=1), 10) == [mail]


def test_after_an_opt_out_no_step_is_claimed(engine: Engine) -> None:
    with writing(engine) as connection:
        reader = a_reader(connection)
        mail = a_mail(connection, reader) or ""
        readers.opt_out(connection, reader, NOW)
        assert claims.claim(connection, mail, NOW) is None


def test_after_an_inquiry_no_step_is_claimed(engine: Engine) -> None:
    with writing(engine) as connection:
        reader = a_reader(connection)
        mail = a_mail(connection, reader) or ""
        readers.inquire(connection, event_id="i", reader_id=reader, at=NOW, message="")
        assert claims.claim(connection, mail, NOW) is None


def test_a_worker_lost_before_data_leaves_the_mail_due(engine: Engine) -> None:
    later = NOW + claims.LEASE + timedelta(seconds=1)
    with writing(engine) as connection:
        mail = a_mail(connection, a_reader(connection)) or ""
        claims.claim(connection, mail, NOW)
        assert claims.recover(connection, NOW) == (0, 0)
        assert claims.recover(connection, later) == (1, 0)
        assert claims.claim(connection, mail, later)


def test_a_worker_lost_during_data_leaves_it_uncertain_for_good(engine: Engine) -> None:
    later = NOW + claims.LEASE + timedelta(seconds=1)
    with writing(engine) as connection:
        mail = a_mail(connection, a_reader(connection)) or ""
        claimed = claims.claim(connection, mail, NOW)
        assert claimed
        assert claims.begin(connection, claimed, NOW)
        assert claims.recover(connection, later) == (0, 1)
        assert claims.claim(connection, mail, later) is None
        found = deliveries.get(connection, mail)
    assert found is not None
    assert found.state is DeliveryState.UNCERTAIN


def test_a_worker_thought_dead_cannot_touch_what_another_took(engine: Engine) -> None:
    later = NOW + claims.LEASE + timedelta(seconds=1)
    with writing(engine) as connection:
        mail = a_mail(connection, a_reader(connection)) or ""
        slow = claims.claim(connection, mail, NOW)
        claims.recover(connection, later)
        quick = claims.claim(connection, mail, later)
        assert slow
        assert quick
        assert not claims.begin(connection, slow, later)
        assert not claims.settle(connection, slow, DeliveryState.SENT, later)
        assert claims.begin(connection, quick, later)


def test_the_message_id_stays_on_every_attempt(engine: Engine) -> None:
    with writing(engine) as connection:
        mail = a_mail(connection, a_reader(connection)) or ""
        first = claims.claim(connection, mail, NOW)
        assert first
        claims.put_off(connection, first, NOW, reason="451 later", smtp_code=451)
        second = claims.claim(connection, mail, NOW)
    assert second
    assert second.message_id == first.message_id
    assert (first.attempts, second.attempts) == (1, 2)


def test_cancelling_takes_back_one_scenario_or_all(engine: Engine) -> None:
    with writing(engine) as connection:
        reader = a_reader(connection)
        for scenario in ("interest", "trust"):
            deliveries.plan(
                connection,
                key=scenario,
                kind=MailKind.STEP,
                domain="example.jp",
                now=NOW,
                due_at=NOW,
                reader_id=reader,
                scenario=scenario,
            )
        cancel = deliveries.cancel_open
        assert cancel(connection, "stage", NOW, reader_id=reader, scenario="interest") == 1
        assert cancel(connection, "unsubscribed", NOW, reader_id=reader) == 1
    with reading(engine) as connection:
        assert deliveries.count_by_state(connection) == {DeliveryState.CANCELLED: 2}
