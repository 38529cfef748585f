"""The fold: exactly once, in any store, and nothing in its way."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from tests.conftest import NOW, House
from tracker.fold import Folder, fold
from tracker.journal import Entry
from tracker.store import events
from tracker.store.engine import reading, writing
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


def test_a_locked_store_only_delays(house: House) -> None:
    house.context.journal.append([view("a")])
    with writing(house.tools.engine):
        assert house.context.journal.depth() == 1
        house.context.journal.append([view("b")])
    assert house.fold() == 2
