"""The store restarts, hangs, is locked, full or gone: the reader does not notice, and afterwards
everything is there once."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from tests.conftest import NOW, House
from tests.faults.crashing import event, fold_and_die, hold_the_lock, start
from tests.faults.disks import full_disk
from tests.faults.postgres import Postgres
from tests.walking import AGREED, FORM, become_a_reader, path_in, states
from tracker.fold import fold
from tracker.journal import Entry, Journal
from tracker.store import events
from tracker.store.engine import is_away, open_store, reading, upgrade
from tracker.words import DeliveryState, EventKind

only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def view(name: str) -> Entry:
    return Entry(id=name, at=NOW, kind=EventKind.PAGE_VIEW, page="articles/why/")


def in_the_log(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return [e.id for e in events.after(connection, 0, 100_000)]


@pytest.fixture
def server() -> Iterator[Postgres]:
    it = Postgres()
    yield it
    it.close()


@pytest.fixture
def own_house(make_house: Callable[..., House], server: Postgres) -> House:
    """A house whose PostgreSQL is its own."""
    upgrade(server.url)
    return make_house(database_url=server.url)


def every_door(house: House, browser: FlaskClient) -> dict[str, int]:
    """What each door of a reader answers."""
    mails = house.postbox.mails
    step = mails[-1]
    seen = {"pv": f"{time.monotonic_ns():032x}", "page": "articles/why/"}
    view = {**seen, "events": [{"n": 0, "e": "page_view"}]}
    return {
        "click": browser.get(path_in(step, "c")).status_code,
        "beacon": browser.post("/e", json=view).status_code,
        "gate": browser.post("/gates/guide", data={**FORM, **AGREED, "name": "別"}).status_code,
        "inquiry": browser.post("/inquiries", data={**FORM, "message": "相談です"}).status_code,
        "confirm": browser.post(path_in(mails[0], "confirm")).status_code,
        "preferences": browser.post(path_in(step, "preferences"), data={"do": "pause"}).status_code,
        "unsubscribe": browser.post(path_in(step, "unsubscribe"), data={"stop": "yes"}).status_code,
    }


ALWAYS = {
    "click": 302,
    "beacon": 204,
    "gate": 303,
    "inquiry": 303,
    "confirm": 200,
    "preferences": 200,
    "unsubscribe": 200,
}


@only_sqlite
def test_a_store_that_is_gone_for_an_hour_changes_nothing_for_the_reader(
    own_house: House, server: Postgres
) -> None:
    house, browser = own_house, own_house.browser()
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    before = in_the_log(house.tools.engine)
    server.pull_out()
    began = time.monotonic()
    assert every_door(house, browser) == ALWAYS
    assert browser.get("/gates/guide").status_code == 200
    assert time.monotonic() - began < 5
    with pytest.raises(DBAPIError) as told:
        house.fold()
    assert is_away(told.value)
    house.clock.advance(hours=1)
    ready = browser.get("/readyz")
    assert ready.status_code == 200
    assert ready.get_json()["journal_depth"] == len(ALWAYS)
    assert ready.get_json()["journal_age_seconds"] == 3600
    server.start()
    while house.fold():
        pass
    after = in_the_log(house.tools.engine)
    fresh = [e for e in after if e not in before]
    # Confirming an address a second time is the same fact.
    assert len(fresh) == len(set(fresh)) == len(ALWAYS) - 1
    assert house.context.journal.depth() == 0


@only_sqlite
def test_a_store_restarted_in_the_middle_of_the_fold_gets_each_event_once(
    own_house: House, server: Postgres
) -> None:
    house = own_house
    names = [f"{n:05}" for n in range(4000)]
    house.context.journal.append([view(name) for name in names])
    done = threading.Event()
    troubles: list[DBAPIError] = []

    def folding() -> None:
        while house.context.journal.depth():
            try:
                house.fold()
            except DBAPIError as error:
                troubles.append(error)
        done.set()

    folder = threading.Thread(target=folding, daemon=True)
    folder.start()
    for _ in range(2):
        time.sleep(0.2)
        server.pull_out()
        server.start()
    assert done.wait(60)
    assert all(is_away(trouble) for trouble in troubles)
    assert in_the_log(house.tools.engine) == names


def test_a_fold_killed_before_the_journal_forgets_folds_nothing_twice(house: House) -> None:
    house.context.journal.append([view("a"), view("b")])
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    killed = start(fold_and_die, house.context.settings)
    killed.join(60)
    assert killed.exitcode == -9
    assert len(in_the_log(house.tools.engine)) == 3
    assert house.context.journal.depth() == 3
    house.work()
    assert len(in_the_log(house.tools.engine)) == 3
    assert len(house.postbox.mails) == 1


def test_the_journals_of_two_hosts_meet_in_one_store(house: House, tmp_path: Path) -> None:
    """And who reads up to the newest place misses nothing of either."""
    journals = [Journal(tmp_path / name / "journal.db") for name in ("one", "two")]
    for number, journal in enumerate(journals):
        for n in range(0, 1500, 50):
            journal.append([view(f"{number}-{n + m:04}") for m in range(50)])
    engines = [open_store(house.context.settings.store_url) for _ in journals]
    seen: list[str] = []
    ended = threading.Event()

    def follow() -> None:
        place = 0
        while True:
            last_round = ended.is_set()
            with reading(house.tools.engine) as connection:
                batch = events.after(connection, place, 10_000)
            if batch:
                place = batch[-1].seq
                seen.extend(e.id for e in batch)
            elif last_round:
                return

    def fold_all(journal: Journal, engine: Engine) -> None:
        while fold(journal, engine):
            pass

    follower = threading.Thread(target=follow)
    follower.start()
    folders = [
        threading.Thread(target=fold_all, args=pair) for pair in zip(journals, engines, strict=True)
    ]
    for folder in folders:
        folder.start()
    for folder in folders:
        folder.join(60)
    ended.set()
    follower.join(30)
    assert sorted(seen) == sorted(f"{h}-{n:04}" for h in (0, 1) for n in range(1500))
    for host in (0, 1):
        own = [name for name in seen if name.startswith(f"{host}-")]
        assert own == sorted(own)
    for engine in engines:
        engine.dispose()


@only_sqlite
def test_a_store_that_another_program_locks_keeps_no_reader_waiting(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    held, release = event(), event()
    path = house.context.settings.store_url.removeprefix("sqlite:///")
    other = start(hold_the_lock, path, held, release)
    assert held.wait(60)
    folding = threading.Thread(target=house.fold)
    began = time.monotonic()
    assert every_door(house, house.browser()) == ALWAYS
    assert time.monotonic() - began < 5
    folding.start()
    time.sleep(0.2)
    assert folding.is_alive()
    assert house.context.journal.depth() == len(ALWAYS)
    release.set()
    folding.join(30)
    other.join(10)
    assert house.context.journal.depth() == 0


@only_sqlite
def test_a_store_whose_disk_is_full_takes_all_once_there_is_room(house: House) -> None:
    house.context.journal.append([view(f"{n:04}") for n in range(800)])
    with full_disk(100_000):
        for _ in range(4):
            with suppress(DBAPIError, sqlite3.Error):
                house.fold()
    assert house.context.journal.depth() > 0
    assert house.context.journal.count_set_aside() == 0
    while house.fold():
        pass
    assert in_the_log(house.tools.engine) == [f"{n:04}" for n in range(800)]


def test_a_full_disk_loses_a_click_openly_and_gives_a_form_its_words_back(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    browser = house.browser()
    journal = house.context.journal
    with full_disk(1000):
        click = browser.get(path_in(house.postbox.mails[-1], "c"))
        form = browser.post("/inquiries", data={**FORM, "message": "たいせつな相談"})
    assert click.status_code == 302
    assert form.status_code == 503
    assert "たいせつな相談" in form.text
    assert browser.get("/readyz").get_json()["events_lost"] == 2
    assert journal.depth() == 0
    assert browser.post("/inquiries", data={**FORM, "message": "たいせつな相談"}).status_code == 303
    assert journal.depth() == 1


@only_sqlite
@pytest.mark.parametrize("moment", ["handle_RCPT", "handle_DATA"])
def test_a_store_that_restarts_while_a_mail_is_handed_over_leaves_no_doubt_about_it(
    own_house: House, server: Postgres, moment: str
) -> None:
    """Before DATA the mail goes back and leaves a minute later; after it the worker knows that it
    was taken and waits until it can say so."""
    house = own_house
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    real = getattr(house.postbox, moment)
    back = threading.Timer(0.5, server.start)

    async def meanwhile(*given: object) -> str:
        if server.runs:
            server.pull_out()
            back.start()
        return str(await real(*given))

    setattr(house.postbox, moment, meanwhile)
    with suppress(DBAPIError):
        house.work()
    back.join(30)
    setattr(house.postbox, moment, real)
    house.clock.advance(minutes=2)
    house.work()
    assert states(house) == {DeliveryState.SENT: 1}
    assert len(house.postbox.mails) == 1
