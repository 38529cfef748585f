"""Accepted means committed: what the journal took is there, whatever happens next."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.disks import full_disk
from tracker.journal import Entry, Journal, JournalError, fresh_id
from tracker.words import EventKind

NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


def entry(name: str) -> Entry:
    return Entry(
        id=name,
        at=NOW,
        kind=EventKind.MAIL_CLICK,
        page="cases/金属/",
        data={"place": 1},
        person={"name": "山田"},
    )


def test_an_entry_comes_back_as_it_went_in(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    journal.append([entry("a"), entry("b")])
    assert [e for _, e in journal.oldest(10)] == [entry("a"), entry("b")]


def test_the_same_fact_twice_is_one_entry(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    journal.append([entry("a")])
    journal.append([entry("a"), entry("a"), entry("b")])
    assert [e.id for _, e in journal.oldest(10)] == ["a", "b"]


def test_what_was_folded_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    journal.append([entry(str(n)) for n in range(5)])
    place, _ = journal.oldest(3)[-1]
    journal.forget(place)
    assert [e.id for _, e in journal.oldest(10)] == ["3", "4"]
    assert journal.depth() == 2


def test_many_threads_lose_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")

    def write(worker: int) -> None:
        for n in range(50):
            journal.append([entry(f"{worker}-{n}")])

    threads = [threading.Thread(target=write, args=(w,)) for w in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.depth() == 400


WRITER = """
import sys
from tests.test_journal import entry
from tracker.journal import Journal
from pathlib import Path
journal = Journal(Path(sys.argv[1]))
n = 0
while True:
    journal.append([entry(f"{sys.argv[2]}-{n}")])
    print(n, flush=True)
    n += 1
"""


def test_two_processes_killed_in_the_middle_lose_nothing_they_answered(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    root = Path(__file__).parents[1]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name],
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        for name in ("one", "two")
    ]
    answered = {}
    for name, writer in zip(("one", "two"), writers, strict=True):
        assert writer.stdout is not None
        for line in writer.stdout:
            answered[name] = int(line)
            if answered[name] >= 100:
                break
    for writer in writers:
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.communicate()[0].split()
        name = "one" if writer is writers[0] else "two"
        answered[name] = max([answered[name], *map(int, rest)])
    kept = {e.id for _, e in Journal(path).oldest(1_000_000)}
    for name, last in answered.items():
        assert {f"{name}-{n}" for n in range(last + 1)} <= kept


def test_a_journal_that_cannot_be_written_says_so_and_counts_the_loss(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    journal._db.execute("PRAGMA query_only=1")
    with pytest.raises(JournalError):
        journal.append([entry("a"), entry("b")])
    assert journal.lost == 2
    journal._db.execute("PRAGMA query_only=0")
    journal.append([entry("a")])
    assert journal.depth() == 1


def test_a_full_disk_loses_what_it_must_and_the_journal_mends_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    kept, lost = [], []
    with full_disk(100_000):
        for n in range(60):
            try:
                journal.append([entry(str(n))])
                kept.append(str(n))
            except JournalError:
                lost.append(str(n))
    assert kept
    assert lost
    assert journal.lost == len(lost)
    journal.append([entry(name) for name in lost])
    assert {e.id for _, e in journal.oldest(1000)} == {*kept, *lost}
    journal.close()
    again = Journal(tmp_path / "journal.db")
    assert again.depth() == 60
    again.close()


def test_a_commit_that_fails_fails_for_all_who_waited_and_for_nobody_after(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path / "journal.db")
    told: list[str] = []

    def write(name: str) -> None:
        try:
            journal.append([entry(name)])
            told.append(f"{name} kept")
        except JournalError:
            told.append(f"{name} lost")

    threads = [threading.Thread(target=write, args=(str(n),)) for n in range(8)]
    with journal._alone():
        journal._db.execute("PRAGMA query_only=1")
        for thread in threads:
            thread.start()
        while len(journal._queue) < 8:
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert sorted(told) == [f"{n} lost" for n in range(8)]
    journal._db.execute("PRAGMA query_only=0")
    write("after")
    assert told[-1] == "after kept"


def test_a_leader_that_breaks_down_is_followed_by_another(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    insert = journal._insert

    def break_down(_rows: object) -> None:
        journal._insert = insert  # type: ignore[method-assign]
        raise MemoryError

    journal._insert = break_down  # type: ignore[method-assign]
    with pytest.raises(MemoryError):
        journal.append([entry("a")])
    journal.append([entry("b")])
    assert [e.id for _, e in journal.oldest(10)] == ["b"]


def test_more_events_than_one_statement_takes_are_one_commit(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    journal.append([entry(str(n)) for n in range(5000)])
    assert journal.depth() == 5000


def test_text_that_is_none_spoils_nobody_elses_event(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    journal.append([entry("a"), replace(entry("b"), page="\ud800x"), entry("\udfff")])
    assert [(e.id, e.page) for _, e in journal.oldest(10)] == [
        ("a", "cases/金属/"),
        ("b", "?x"),
        ("?", "cases/金属/"),
    ]


def test_the_journal_tells_how_old_its_oldest_event_is(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    assert journal.oldest_at() is None
    journal.append([entry("a"), replace(entry("b"), at=NOW + timedelta(hours=1))])
    assert journal.oldest_at() == NOW
    journal.forget(journal.oldest(1)[0][0])
    assert journal.oldest_at() == NOW + timedelta(hours=1)


def test_what_the_fold_reads_does_not_wait_for_who_writes(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    journal.append([entry("a")])
    with journal._alone():
        assert journal.depth() == 1
        assert [e.id for _, e in journal.oldest(10)] == ["a"]


def test_fresh_ids_are_in_the_order_of_time_and_never_the_same() -> None:
    made = [fresh_id() for _ in range(5000)]
    assert len(set(made)) == 5000
    assert [name[:12] for name in made] == sorted(name[:12] for name in made)
    assert {len(name) for name in made} == {32}


def test_a_journal_in_an_impossible_place_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="file"):
        Journal(tmp_path / "file" / "journal.db")


def test_only_its_owner_can_read_the_journal(tmp_path: Path) -> None:
    Journal(tmp_path / "journal.db")
    assert (tmp_path / "journal.db").stat().st_mode & 0o777 == 0o600


def test_the_journal_syncs_each_commit(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert sqlite3.sqlite_version_info >= (3, 35)
