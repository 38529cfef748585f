"""The fold: from the host's journal into the store, each event exactly once.

What is personal in an entry becomes the reader's rows; the event itself goes into the log without
it. Both in one transaction, and the journal forgets only after its commit: a crash between the
two folds the same entries again, which the event ids make harmless.
"""

import fcntl
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tracker.journal import Entry, Journal
from tracker.store import events, readers
from tracker.store.engine import writing
from tracker.words import EventKind, FormOf, Topic

log = logging.getLogger(__name__)

BATCH = 500
AWAY = (OperationalError, InterfaceError, PoolTimeoutError)
"""What says that the store cannot be reached or written just now, and not that it dislikes what
it was given."""


def fold(journal: Journal, engine: Engine) -> int:
    """Move one batch from ``journal`` into the store; how many entries it held.

    An entry that the store will never take is set aside, so that it cannot hold up the others.
    Raises ``sqlalchemy.exc.DBAPIError`` when the store is away: nothing is lost, the entries stay
    in the journal.
    """
    batch = journal.oldest(BATCH)
    if not batch:
        return 0
    try:
        _fold_all(engine, [entry for _place, entry in batch])
    except AWAY:
        raise
    except Exception as error:
        log.error("fold: a batch was refused, taking its entries one by one: %s", error)
        for place, entry in batch:
            _fold_alone(journal, engine, place, entry)
    journal.forget(batch[-1][0])
    return len(batch)


def _fold_all(engine: Engine, entries: Sequence[Entry]) -> None:
    with writing(engine) as connection:
        for entry in entries:
            _fold_entry(connection, entry)


def _fold_alone(journal: Journal, engine: Engine, place: int, entry: Entry) -> None:
    try:
        _fold_all(engine, [entry])
    except AWAY:
        raise
    except Exception as error:
        log.exception("fold: entry %s set aside", entry.id)
        journal.set_aside(place, f"{type(error).__name__}: {error}"[:1000])


def _fold_entry(connection: Connection, entry: Entry) -> None:
    reader_id, answered = _reader_of(connection, entry)
    if not events.append(connection, [_row(entry, reader_id)]):
        return
    if entry.kind in (EventKind.GATE_SUBMIT, EventKind.INQUIRY) and reader_id:
        _fold_form(connection, entry, reader_id)
    elif entry.kind is EventKind.CONFIRM and reader_id:
        readers.confirm(connection, reader_id, answered, entry.at, _topics(entry.gate))
        if entry.visitor:
            readers.join_visitor(connection, entry.visitor, reader_id, entry.at)
        _own_diagnosis(connection, entry, reader_id, answered)
        _own_place(connection, entry, reader_id)
    elif entry.kind is EventKind.MAIL_UNSUB and reader_id:
        readers.opt_out(connection, reader_id, entry.at)
    elif entry.kind is EventKind.PREFERENCES and reader_id:
        _fold_preferences(connection, entry, reader_id)


def _reader_of(connection: Connection, entry: Entry) -> tuple[str | None, str | None]:
    """Whose fact it is, and the form it goes back to, where one does."""
    if entry.person.get("email_normalised"):
        return readers.identify(connection, entry.person, entry.at), None
    if entry.delivery_id:
        return readers.of_delivery(connection, entry.delivery_id) or (None, None)
    return None, None


def _fold_form(connection: Connection, entry: Entry, reader_id: str) -> None:
    if wording := entry.person.get("wording"):
        readers.agree(
            connection,
            event_id=entry.id,
            reader_id=reader_id,
            at=entry.at,
            wording=wording,
            method=f"{entry.kind}:{entry.gate or entry.page or ''}",
            network=entry.person.get("network"),
        )
    if entry.kind is EventKind.INQUIRY:
        readers.inquire(
            connection,
            event_id=entry.id,
            reader_id=reader_id,
            at=entry.at,
            message=entry.person.get("message", ""),
        )


def _topics(gate: str | None) -> tuple[Topic, ...]:
    """What the wording beside the box of that form is about."""
    if gate == FormOf.NEWSLETTER:
        return (Topic.NEWSLETTER,)
    return (Topic.STEP, Topic.SEMINAR)


def _fold_preferences(connection: Connection, entry: Entry, reader_id: str) -> None:
    if "wants" in entry.data:
        wanted = [topic for topic in Topic if topic in entry.data["wants"]]
        readers.switch(connection, reader_id, wanted)
    if until := entry.data.get("paused_until"):
        readers.pause(connection, reader_id, entry.at, datetime.fromisoformat(until))


def _own_place(connection: Connection, entry: Entry, reader_id: str) -> None:
    """The button in the mail is the registration: anybody can type anybody's address into the
    form."""
    if FormOf.SEMINAR.id_in(entry.gate) is None:
        return
    row = _row(entry, reader_id)
    row.update(id=f"{entry.id}:place", kind=EventKind.SEMINAR_REGISTER)
    if events.append(connection, [row]):
        readers.take_place(connection, reader_id)


def _own_diagnosis(
    connection: Connection, entry: Entry, reader_id: str, answered: str | None
) -> None:
    """A diagnosis asked for by mail becomes the reader's own once the address is confirmed, unless
    it is: the visitor who took it is this reader."""
    form = events.get(connection, answered) if answered else None
    if form is None or not form.data or "diagnosis" not in form.data:
        return
    taken_as = form.data.get("answered")
    taken = events.get(connection, taken_as) if taken_as else None
    if taken and taken.visitor and readers.is_visitor(connection, taken.visitor, reader_id):
        return
    row = _row(entry, reader_id)
    row.update(
        id=f"{taken_as or entry.id}:{reader_id}",
        kind=EventKind.DIAGNOSIS,
        page=form.page,
        data=form.data,
        delivery_id=None,
    )
    events.append(connection, [row])


def _row(entry: Entry, reader_id: str | None) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at,
        "kind": entry.kind,
        "reader_id": reader_id,
        "visitor": entry.visitor,
        "view": entry.view,
        "page": entry.page,
        "section": entry.section,
        "cta": entry.cta,
        "gate": entry.gate,
        "delivery_id": entry.delivery_id,
        "data": entry.data or None,
    }


class Folder(threading.Thread):
    """Folds whenever something was appended, and every second; one process of a host at a time."""

    def __init__(self, journal: Journal, engine: Engine, wake: Callable[[], object]) -> None:
        """``wake`` is called after each batch that reached the store."""
        super().__init__(name="fold", daemon=True)
        self._journal = journal
        self._engine = engine
        self._wake = wake
        self._lock_path = Path(f"{journal.path}.fold")
        self._stopping = False

    def run(self) -> None:
        with self._lock_path.open("w") as lock:
            while not self._stopping:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    self._rest(1.0)
            failures = 0
            while not self._stopping:
                try:
                    if fold(self._journal, self._engine):
                        self._wake()
                        failures = 0
                        continue
                    self._rest(1.0)
                except AWAY as error:
                    failures += 1
                    log.error("fold: store away, journal keeps all: %s", error)
                    self._journal.appended.clear()
                    self._rest(min(30.0, 0.5 * 2.0**failures))
                except Exception:
                    log.exception("fold: unexpected; will try again")
                    self._rest(10.0)

    def _rest(self, seconds: float) -> None:
        self._journal.appended.wait(seconds)
        self._journal.appended.clear()

    def stop(self) -> None:
        """Finish the batch in hand and end."""
        self._stopping = True
        self._journal.appended.set()
        self.join(timeout=10)
