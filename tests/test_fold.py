"""The fold: exactly once, in any store, and nothing in its way."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.conftest import NOW, House
from tracker.fold import fold
from tracker.folding import Folder
from tracker.journal import Entry, Journal
from tracker.store import events
from tracker.store.engine import reading, writing
from tracker.tallies import Tallies
from tracker.words import EventKind


def view(name: str, **about: object) -> Entry:
    return Entry(id=name, at=NOW, kind=EventKind.PAGE_VIEW, page="articles/why/", **about)  # type: ignore[arg-type]


def in_the_log(house: House) -> list[str]:
    with reading(house.context.engine) as connection:
        return [event.id for event in events.after(connection, 0, 10_000)]


def test_every_entry_reaches_the_log_in_order(house: House) -> None:
    house.context.journal.append([view(f"{n:04}") for n in range(1200)])
    assert [house.fold() for _ in range(4)] == [500, 500, 200, 0]
    assert in_the_log(house) == [f"{n:04}" for n in range(1200)]
    assert house.context.journal.depth() == 0


def test_a_crash_between_commit_and_forgetting_folds_nothing_twice(house: House) -> None:
    journal = house.context.journal
    journal.append([view("a"), view("b")])
    journal.forget, forget = lambda _place: None, journal.forget  # type: ignore[method-assign]
    house.fold()
    journal.forget = forget  # type: ignore[method-assign]
    assert journal.depth() == 2
    house.fold()
    assert in_the_log(house) == ["a", "b"]


def test_an_entry_the_store_refuses_is_set_aside_and_holds_up_nobody(house: House) -> None:
    journal = house.context.journal
    spoilt = view("spoilt", person={"email_normalised": {"not": "text"}, "email": "x"})
    journal.append([view("a"), spoilt, view("b")])
    house.fold()
    assert in_the_log(house) == ["a", "b"]
    assert journal.depth() == 0
    (kept,) = journal._db.execute("SELECT id, reason FROM set_aside").fetchall()
    assert kept[0] == "spoilt"
    assert kept[1]


def test_while_the_store_is_away_the_journal_keeps_all(house: House) -> None:
    journal = house.context.journal
    journal.append([view("a")])
    away = create_engine("sqlite:////nowhere/at/all.db")
    with pytest.raises(OperationalError):
        fold(journal, away)
    assert journal.depth() == 1
    assert house.fold() == 1


def test_what_is_personal_never_enters_the_event_log(house: House) -> None:
    house.browser().post(
        "/inquiries",
        data={
            "name": "山田 太郎",
            "company": "ためし製作所",
            "email": "taro@example.jp",
            "message": "ひみつの相談",
        },
    )
    house.fold()
    with reading(house.context.engine) as connection:
        rows = connection.execute(text("SELECT * FROM events")).all()
    assert len(rows) == 1
    for word in ("山田", "ためし製作所", "taro@", "ひみつ"):
        assert word not in str(rows)


def test_the_folder_folds_by_itself_and_wakes_the_worker(house: House) -> None:
    import threading

    woken = threading.Event()
    folder = Folder(house.context.journal, house.context.engine, woken.set)
    folder.start()
    house.context.journal.append([view("a")])
    assert woken.wait(10)
    folder.stop()
    assert in_the_log(house) == ["a"]


def test_a_second_folder_on_the_host_waits_for_its_turn(house: House) -> None:
    import threading

    first_woken, second_woken = threading.Event(), threading.Event()
    first = Folder(house.context.journal, house.context.engine, first_woken.set)
    second = Folder(house.context.journal, house.context.engine, second_woken.set)
    first.start()
    house.context.journal.append([view("a")])
    assert first_woken.wait(10)
    second.start()
    first_woken.clear()
    house.context.journal.append([view("b")])
    assert first_woken.wait(10)
    assert not second_woken.is_set()
    first.stop()
    house.context.journal.append([view("c")])
    assert second_woken.wait(10)
    second.stop()
    assert in_the_log(house) == ["a", "b", "c"]


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("trouble", ["a standby", "no table"])
def test_a_store_that_takes_nothing_is_not_blamed_on_the_entries(
    house: House, trouble: str
) -> None:
    journal = house.context.journal
    journal.append([view("a"), view("b")])
    with writing(house.tools.engine) as connection:
        if trouble == "a standby":
            connection.execute(text("ALTER ROLE sodate SET default_transaction_read_only = on"))
        else:
            connection.execute(text("ALTER TABLE events RENAME TO elsewhere"))
    house.context.engine.dispose()
    try:
        with pytest.raises(DBAPIError):
            house.fold()
        assert (journal.depth(), journal.count_set_aside()) == (2, 0)
    finally:
        with house.tools.engine.connect() as connection:
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.execute(text("ALTER ROLE sodate RESET default_transaction_read_only"))
            if trouble == "no table":
                connection.execute(text("ALTER TABLE elsewhere RENAME TO events"))
            connection.commit()
    house.context.engine.dispose()
    house.fold()
    assert in_the_log(house) == ["a", "b"]


def test_the_log_does_not_tell_who_was_in_an_entry_that_was_set_aside(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    person = {
        "email": "taro@example.jp",
        "email_normalised": "taro@example.jp",
        "name": {"山田": 1},
    }
    house.context.journal.append([Entry(id="x", at=NOW, kind=EventKind.INQUIRY, person=person)])
    house.fold()
    assert house.context.journal.count_set_aside() == 1
    assert "entry x set aside" in caplog.text
    assert "taro" not in caplog.text
    assert "山田" not in caplog.text
    ((reason,),) = house.context.journal._db.execute("SELECT reason FROM set_aside").fetchall()
    assert "taro" not in reason


def test_a_store_away_is_not_asked_again_at_each_event(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    journal = house.context.journal
    folder = Folder(journal, create_engine("sqlite:////nowhere/at/all.db"), lambda: None)
    folder.start()
    for n in range(200):
        journal.append([view(f"{n:03}")])
    folder.stop()
    assert caplog.text.count("store away") <= 2
    assert journal.depth() == 200


def test_a_redis_away_is_not_tried_after_each_batch(house: House) -> None:
    tried = []

    def wake() -> bool:
        tried.append(1)
        return False

    folder = Folder(house.context.journal, house.context.engine, wake)
    folder.start()
    for n in range(20):
        house.context.journal.append([view(f"{n:03}")])
        time.sleep(0.02)
    until(lambda: house.context.journal.depth() == 0)
    folder.stop()
    assert len(tried) == 1


def test_the_losses_of_every_process_are_counted_together(house: House) -> None:
    other = Journal(house.context.journal.path)
    tallies = Tallies(house.context.settings.data / "tallies")
    other.lost = 3
    folder = Folder(other, house.context.engine, lambda: None, tallies)
    folder.start()
    until(lambda: house.context.tallies.all() == {"events_lost": 3})
    house.context.journal.lost = 2
    for _ in range(2):
        assert house.browser().get("/readyz").get_json()["events_lost"] == 5
    folder.stop()
    assert Tallies(house.context.settings.data / "tallies").all() == {"events_lost": 5}


def until(true: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_locked_store_only_delays(house: House) -> None:
    house.context.journal.append([view("a")])
    with writing(house.tools.engine):
        assert house.context.journal.depth() == 1
        house.context.journal.append([view("b")])
    assert house.fold() == 2
