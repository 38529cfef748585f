"""The host's journal: an accepted event is committed here before the reader is answered.

A local SQLite file (WAL, synchronous=FULL), so that the store may be away and no reader notices.
Commits are in groups: whoever leads commits for all that wait, and hands the lead to one that came
meanwhile. Between processes an ``flock`` stands in for SQLite's own busy handler, which sleeps.
"""

import fcntl
import json
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from time import time_ns
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

from tracker.words import EventKind

log = logging.getLogger(__name__)


class JournalError(Exception):
    """The journal cannot be written: nothing was accepted."""


@dataclass(frozen=True)
class Entry:
    """One accepted event, as the door recorded it.

    ``id`` is stable from its source: the same fact sent twice is one event. ``person`` holds what
    is personal (name, address, message, consent); the fold puts it into the reader's rows and it
    never enters the event log.
    """

    id: str
    at: datetime
    kind: EventKind
    visitor: str | None = None
    view: str | None = None
    page: str | None = None
    section: int | None = None
    cta: str | None = None
    gate: str | None = None
    delivery_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The entry as JSON, without what it does not tell."""
        told = {
            name: value
            for name, value in self.__dict__.items()
            if value is not None and value != {}
        }
        told["at"] = _told_at(self.at)
        try:
            return to_json(told).decode()
        except PydanticSerializationError:  # a lone surrogate: rare, and no reason to lose a fact
            return _storable(_with_anything(told))

    @classmethod
    def from_json(cls, text: str) -> "Entry":
        values = from_json(text)
        values["at"] = datetime.fromisoformat(values["at"])
        values["kind"] = EventKind(values["kind"])
        return cls(**values)


@lru_cache(maxsize=64)
def _told_at(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


_with_anything = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _storable(text: str) -> str:
    """``text`` with a question mark for each lone surrogate: nobody's event may keep those that
    are committed with it from being written."""
    return text.encode("utf-8", "replace").decode()


def fresh_id() -> str:
    """An id for a fact that has none from its source. Ids of one time stand side by side in an
    index, so that a group of them is written with few pages."""
    return f"{time_ns() // 1_000_000:012x}{token_hex(10)}"


Row = tuple[str, str]
"""An entry as the file has it: its id and its JSON."""


class _Ticket:
    """One caller of ``append`` that waits: to be told that its rows are committed, or to lead."""

    __slots__ = ("done", "error", "rows", "told")

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.done = False
        self.error: BaseException | None = None
        self.told = threading.Lock()
        self.told.acquire()


_INSERT = "INSERT OR IGNORE INTO entries (id, body) VALUES "
_AT_ONCE = 100
_SMALL_CACHE = "PRAGMA cache_size=-512"
"""KiB a connection: new rows stand at the end and the oldest at the beginning, so more is not used."""


class Journal:
    """The journal of one host, shared by its tracker processes. Safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        """Open or create the journal at ``path``. Raises ``JournalError``."""
        self.path = path
        self._queue: list[_Ticket] = []
        self._mutex = threading.Lock()  # guards the queue and who leads
        self._led = False
        self._writer = threading.Lock()  # guards the connection that writes
        self._reader = threading.Lock()  # guards the connection that reads
        self._of_thread = threading.local()
        self.appended = threading.Event()
        self.lost = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._gate = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
            with self._alone():
                self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                os.chmod(path, 0o600)
                self._db.execute(_SMALL_CACHE)
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.execute(
                    "CREATE TABLE IF NOT EXISTS entries ("
                    "seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
                    " body TEXT NOT NULL)"
                )
                self._db.execute(
                    "CREATE TABLE IF NOT EXISTS set_aside ("
                    "seq INTEGER PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL,"
                    " reason TEXT NOT NULL)"
                )
            self._view = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._view.execute(_SMALL_CACHE)
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"{path}: {error}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The connection that writes, held against all other threads and processes."""
        with self._writer:
            fcntl.flock(self._gate, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._gate, fcntl.LOCK_UN)

    def append(self, entries: Sequence[Entry]) -> None:
        """Commit ``entries``; when this returns they are durable. An id already here is left as
        it is. Raises ``JournalError`` when nothing was written."""
        if not entries:
            return
        rows = [(_storable(entry.id), entry.to_json()) for entry in entries]
        held: list[Row] | None = getattr(self._of_thread, "held", None)
        if held is not None:
            held += rows
            return
        ticket = _Ticket(rows)
        with self._mutex:
            self._queue.append(ticket)
            leads, self._led = not self._led, True
        if not leads:
            ticket.told.acquire()
            leads = not ticket.done
        if leads:
            self._lead()
        if ticket.error is not None:
            with self._mutex:
                self.lost += len(ticket.rows)
            log.error("journal: %d event(s) lost (%d in all): %s", len(ticket.rows), self.lost,
                      ticket.error)  # fmt: skip
            raise JournalError(str(ticket.error)) from ticket.error
        if not self.appended.is_set():
            self.appended.set()

    @contextmanager
    def held(self) -> Iterator[list[Row]]:
        """Within, what this thread appends is put into that list and not committed: for who
        answers nobody before ``commit``."""
        rows: list[Row] = []
        self._of_thread.held = rows
        try:
            yield rows
        finally:
            self._of_thread.held = None

    def commit(self, rows: list[Row]) -> None:
        """Commit what was ``held``, of many requests at once; when this returns it is durable.
        Raises ``JournalError`` when nothing was written, which counts as no loss yet."""
        try:
            with self._alone():
                self._insert(rows)
        except (OSError, sqlite3.Error) as error:
            raise JournalError(str(error)) from error
        if not self.appended.is_set():
            self.appended.set()

    def _lead(self) -> None:
        """Commit for all that wait, tell them, and hand the lead to one that came meanwhile."""
        group: list[_Ticket] = []
        error: BaseException | None = None
        try:
            with self._alone():
                group = self._waiting()
                self._insert([row for ticket in group for row in ticket.rows])
        except BaseException as problem:
            error = problem
            group = group or self._waiting()
            if not isinstance(problem, OSError | sqlite3.Error):
                raise
        finally:
            with self._mutex:
                following = self._queue[0] if self._queue else None
                self._led = following is not None
            if following:
                following.told.release()
            for ticket in group:
                ticket.error = error
                ticket.done = True
                ticket.told.release()

    def _waiting(self) -> list[_Ticket]:
        with self._mutex:
            group, self._queue = self._queue, []
        return group

    def _insert(self, rows: list[Row]) -> None:
        """One statement is one transaction, and lets the other threads run only once."""
        if len(rows) <= _AT_ONCE:
            values = ",".join(["(?,?)"] * len(rows))
            self._db.execute(f"{_INSERT}{values}", [value for row in rows for value in row])
            return
        with self._transaction():
            self._db.executemany(f"{_INSERT}(?,?)", rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def oldest(self, most: int) -> list[tuple[int, Entry]]:
        """Up to ``most`` entries not yet folded, oldest first, each with its place."""
        rows = self._read("SELECT seq, body FROM entries ORDER BY seq LIMIT ?", most)
        return [(seq, Entry.from_json(body)) for seq, body in rows]

    def forget(self, up_to: int) -> None:
        """Remove what was folded: every entry up to that place."""
        with self._alone():
            self._db.execute("DELETE FROM entries WHERE seq <= ?", (up_to,))

    def set_aside(self, place: int, reason: str) -> None:
        """Put an entry that the store will not take out of the way of the others. It stays in
        the journal, with the reason, for a person to look at."""
        with self._alone(), self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO set_aside SELECT seq, id, body, ? FROM entries WHERE seq = ?",
                (reason, place),
            )
            self._db.execute("DELETE FROM entries WHERE seq = ?", (place,))

    def people_set_aside(self) -> set[str]:
        """The normalised addresses in what was set aside."""
        found = self._read("SELECT json_extract(body, '$.person.email_normalised') FROM set_aside")
        return {address for (address,) in found if isinstance(address, str)}

    def forget_person(self, email_normalised: str) -> None:
        """Remove what was set aside of the person with this address, and scrub the file."""
        with self._alone():
            self._db.execute(
                "DELETE FROM set_aside WHERE json_extract(body, '$.person.email_normalised') = ?",
                (email_normalised,),
            )
        self.scrub()

    def scrub(self) -> None:
        """Take from the file what SQLite leaves in it of events forgotten long ago."""
        with self._alone():
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def depth(self) -> int:
        """How many accepted events wait for the fold."""
        return int(self._read("SELECT count(*) FROM entries")[0][0])

    def count_set_aside(self) -> int:
        """How many entries the store refused."""
        return int(self._read("SELECT count(*) FROM set_aside")[0][0])

    def oldest_at(self) -> datetime | None:
        """When the oldest event that waits for the fold was accepted (UTC); ``None`` where none
        waits."""
        found = self.oldest(1)
        return found[0][1].at if found else None

    def _read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._reader:
            return self._view.execute(query, values).fetchall()

    def close(self) -> None:
        with self._writer, self._reader:
            self._view.close()
            self._db.close()
            os.close(self._gate)
