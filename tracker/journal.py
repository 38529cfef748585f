"""The host's journal: an accepted event is committed here before the reader is answered.

A local SQLite file (WAL, synchronous=FULL), so that the store may be away and no reader notices.
Commits are in groups: whoever holds the lock commits for all that wait. Between processes an
``flock`` stands in for SQLite's own busy handler, which sleeps.
"""

import fcntl
import json
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

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
        values = asdict(self)
        values["at"] = self.at.astimezone(UTC).isoformat()
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Entry":
        values = json.loads(text)
        values["at"] = datetime.fromisoformat(values["at"])
        values["kind"] = EventKind(values["kind"])
        return cls(**values)


def fresh_id() -> str:
    """An id for a fact that has none from its source."""
    return uuid4().hex


class _Ticket:
    __slots__ = ("done", "error", "rows")

    def __init__(self, rows: list[tuple[str, str]]) -> None:
        self.rows = rows
        self.done = False
        self.error: Exception | None = None


class Journal:
    """The journal of one host, shared by its tracker processes. Safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        """Open or create the journal at ``path``. Raises ``JournalError``."""
        self.path = path
        self._queue: list[_Ticket] = []
        self._mutex = threading.Lock()
        self._leader = threading.Lock()
        self.appended = threading.Event()
        self.lost = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._gate = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
            with self._alone():
                self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                os.chmod(path, 0o600)
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
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"{path}: {error}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
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
        ticket = _Ticket([(entry.id, entry.to_json()) for entry in entries])
        with self._mutex:
            self._queue.append(ticket)
        with self._leader:
            if not ticket.done:
                with self._mutex:
                    group, self._queue = self._queue, []
                self._commit(group)
        if ticket.error is not None:
            self.lost += len(ticket.rows)
            log.error("journal: %d event(s) lost (%d in all): %s", len(ticket.rows), self.lost,
                      ticket.error)  # fmt: skip
            raise JournalError(str(ticket.error)) from ticket.error
        self.appended.set()

    def _commit(self, group: list[_Ticket]) -> None:
        rows = [row for ticket in group for row in ticket.rows]
        try:
            with self._alone():
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    self._db.executemany(
                        "INSERT OR IGNORE INTO entries (id, body) VALUES (?, ?)", rows
                    )
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
        except (OSError, sqlite3.Error) as error:
            for ticket in group:
                ticket.error = error
        finally:
            for ticket in group:
                ticket.done = True

    def oldest(self, most: int) -> list[tuple[int, Entry]]:
        """Up to ``most`` entries not yet folded, oldest first, each with its place."""
        with self._leader:
            rows = self._db.execute(
                "SELECT seq, body FROM entries ORDER BY seq LIMIT ?", (most,)
            ).fetchall()
        return [(seq, Entry.from_json(body)) for seq, body in rows]

    def forget(self, up_to: int) -> None:
        """Remove what was folded: every entry up to that place."""
        with self._leader, self._alone():
            self._db.execute("DELETE FROM entries WHERE seq <= ?", (up_to,))

    def set_aside(self, place: int, reason: str) -> None:
        """Put an entry that the store will not take out of the way of the others. It stays in
        the journal, with the reason, for a person to look at."""
        with self._leader, self._alone():
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "INSERT OR IGNORE INTO set_aside SELECT seq, id, body, ? FROM entries WHERE seq = ?",
                (reason, place),
            )
            self._db.execute("DELETE FROM entries WHERE seq = ?", (place,))
            self._db.execute("COMMIT")

    def forget_person(self, email_normalised: str) -> None:
        """Remove what was set aside of the person with this address."""
        with self._leader, self._alone():
            self._db.execute(
                "DELETE FROM set_aside WHERE json_extract(body, '$.person.email_normalised') = ?",
                (email_normalised,),
            )

    def depth(self) -> int:
        """How many accepted events wait for the fold."""
        with self._leader:
            return int(self._db.execute("SELECT count(*) FROM entries").fetchone()[0])

    def close(self) -> None:
        with self._leader:
            self._db.close()
            os.close(self._gate)
