"""Accepted means committed: what the journal took is there, whatever happens next."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tracker.journal import Entry, Journal, JournalError
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
