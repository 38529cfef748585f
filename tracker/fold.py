"""The fold: from the host's journal into the store, each event exactly once.

What is personal in an entry becomes the reader's rows; the event itself goes into the log without
it. Both in one transaction, and the journal forgets only after its commit: a crash between the
two folds the same entries again, which the event ids make harmless.
"""

import fcntl
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from tracker import notices
from tracker.journal import Entry, Journal
from tracker.store import dossier, events, readers
from tracker.store.engine import is_away, reading, writing
from tracker.store.tables import EPOCH
from tracker.tallies import LOST, Tallies
from tracker.words import EventKind, FormOf, Topic

log = logging.getLogger(__name__)

BATCH = 500
_FACTS_ALONE = frozenset(
    {
        EventKind.PAGE_VIEW,
        EventKind.SECTION,
        EventKind.CTA_SEEN,
        EventKind.CTA_CLICK,
        EventKind.PAGE_END,
        EventKind.GATE_OPEN,
        EventKind.GATE_FIELD,
        EventKind.GATE_DOWNLOAD,
        EventKind.GATE_SHARED,
        EventKind.VIDEO_PROGRESS,
        EventKind.MAIL_CLICK,
    }
)
_ERASURES_EVERY_SECONDS = 3600.0
_WAKE_AGAIN_SECONDS = 5.0
_REST = 3.0
"""How long the fold rests after a batch in a crowd, as a multiple of what the batch took."""


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
    except Exception as error:
        if is_away(error):
            raise
        log.error("fold: a batch was refused, taking its entries one by one: %s", _told(error))
        for place, entry in batch:
            _fold_alone(journal, engine, place, entry)
    journal.forget(batch[-1][0])
    return len(batch)


def _fold_all(engine: Engine, entries: Sequence[Entry]) -> None:
    with writing(engine) as connection:
        events.alone(connection)
        for alone, group in groupby(entries, _is_fact_alone):
            if alone:
                _fold_facts(connection, list(group))
            else:
                for entry in group:
                    _fold_entry(connection, entry)


def _is_fact_alone(entry: Entry) -> bool:
    """Whether the entry changes nothing but the log."""
    return entry.kind in _FACTS_ALONE and not entry.person


def _fold_facts(connection: Connection, entries: Sequence[Entry]) -> None:
    """All in one statement: what readers do most comes in crowds."""
    asked = {entry.delivery_id for entry in entries if entry.delivery_id}
    found = readers.of_deliveries(connection, asked)
    erased = dossier.erased(connection, set(found.values()))
    rows = []
    for entry in entries:
        reader_id = found.get(entry.delivery_id or "")
        kept = _left(entry, erased.get(reader_id or ""))
        if kept:
            rows.append(_row(kept, reader_id))
    events.append(connection, rows)


def _left(entry: Entry, erased_at: datetime | None) -> Entry | None:
    """``entry`` if its reader was not erased. Else what an erasure leaves of it; nothing of what
    came later: the mails of somebody erased lead on, and nobody is recorded."""
    if erased_at is None:
        return entry
    if entry.at > erased_at:
        return None
    return replace(entry, visitor=None, data=dossier.stays(entry.kind, entry.data) or {}, person={})


def _fold_alone(journal: Journal, engine: Engine, place: int, entry: Entry) -> None:
    try:
        _fold_all(engine, [entry])
    except Exception as error:
        if is_away(error):
            raise
        log.error("fold: entry %s set aside: %s", entry.id, _told(error))
        journal.set_aside(place, _told(error))


def _told(error: Exception) -> str:
    """What an error says without what it was given: PostgreSQL quotes the row in its details."""
    said = str(getattr(error, "orig", None) or error).strip() or "?"
    return f"{type(error).__name__}: {said.splitlines()[0][:300]}"


def _fold_entry(connection: Connection, entry: Entry) -> None:
    if entry.kind in notices.ABOUT_MAILS:
        notices.take(connection, entry)
        return
    if entry.kind in notices.IN_LINE:
        notices.take_line(connection, entry)
        return
    reader_id, answered, erased_at = _reader_of(connection, entry)
    if entry.kind is EventKind.MAIL_UNSUB and entry.person and reader_id is None:
        return  # an address that nobody has
    if entry.kind is EventKind.MAIL_UNSUB and readers.is_out(connection, reader_id):
        return  # the second press of the button, or of the mail program's
    kept = _left(entry, erased_at)
    if kept is None or not events.append(connection, [_row(kept, reader_id)]) or erased_at:
        return
    if entry.kind in (EventKind.GATE_SUBMIT, EventKind.INQUIRY) and reader_id:
        _fold_form(connection, entry, reader_id)
    elif entry.kind is EventKind.CONFIRM and reader_id:
        readers.confirm(connection, reader_id, answered, entry.at, _topics(entry.gate))
        if entry.visitor:
            readers.join_visitor(connection, entry.visitor, reader_id, entry.at)
        _own_diagnosis(connection, entry, reader_id, answered)
        _own_place(connection, entry, reader_id)
        notices.conclude(connection, reader_id, entry.at)
    elif entry.kind is EventKind.MAIL_UNSUB and reader_id:
        readers.opt_out(connection, reader_id, entry.at)
    elif entry.kind is EventKind.PREFERENCES and reader_id:
        _fold_preferences(connection, entry, reader_id)


def _reader_of(
    connection: Connection, entry: Entry
) -> tuple[str | None, str | None, datetime | None]:
    """Whose fact it is, the form it goes back to, where one does, and when that reader was
    erased, if they were."""
    if address := entry.person.get("email_normalised"):
        if gone := dossier.erased_address(connection, address, entry.at):
            return gone[0], None, gone[1]
        if entry.kind is EventKind.MAIL_UNSUB:  # makes nobody a reader
            return readers.of_address(connection, address), None, None
        return readers.identify(connection, entry.person, entry.at), None, None
    if entry.delivery_id:
        reader_id, answered = readers.of_delivery(connection, entry.delivery_id) or (None, None)
        gone_at = dossier.erased(connection, [reader_id]).get(reader_id) if reader_id else None
        return reader_id, answered, gone_at
    return None, None, None


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
    """Folds whenever something was appended, and every second; one process of a host at a time.

    Every process' folder counts the events that its process lost.
    """

    def __init__(
        self,
        journal: Journal,
        engine: Engine,
        wake: Callable[[], object],
        tallies: Tallies | None = None,
    ) -> None:
        """``wake`` is called after each batch that reached the store; while it answers ``False``
        it is called less often. Losses are counted in ``tallies``."""
        super().__init__(name="fold", daemon=True)
        self._journal = journal
        self._engine = engine
        self._wake = wake
        self._tallies = tallies
        self._lock_path = Path(f"{journal.path}.fold")
        self._told_to_stop = threading.Event()
        self._wake_after = 0.0
        self._look_after = 0.0
        self._scrubbed_for: datetime | None = None

    def run(self) -> None:
        with self._lock_path.open("w") as lock:
            while not self._told_to_stop.is_set():
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    self._told_to_stop.wait(1.0)
                    self._count_losses()
            failures = 0
            while not self._told_to_stop.is_set():
                self._count_losses()
                began = time.monotonic()
                try:
                    if fold(self._journal, self._engine):
                        self._wake_worker()
                        failures = 0
                        self._let_readers_go_first(time.monotonic() - began)
                        continue
                    self._look_at_erasures()
                    self._journal.appended.wait(1.0)
                    self._journal.appended.clear()
                except Exception as error:
                    failures += 1
                    if is_away(error):
                        log.error("fold: store away, journal keeps all: %s", _told(error))
                    else:
                        log.error("fold: will try again: %s", _told(error))
                    # Whatever is appended meanwhile: a store that is away is not asked each time.
                    self._told_to_stop.wait(min(30.0, 0.5 * 2.0 ** min(failures, 6)))

    def _let_readers_go_first(self, took: float) -> None:
        """Rest a while after a batch where events still come in: it took time from the doors."""
        if self._journal.appended.is_set():
            self._journal.appended.clear()
            self._told_to_stop.wait(took * _REST)

    def _wake_worker(self) -> None:
        if time.monotonic() >= self._wake_after and self._wake() is False:
            self._wake_after = time.monotonic() + _WAKE_AGAIN_SECONDS

    def _count_losses(self) -> None:
        if self._tallies is not None:
            self._tallies.follow(LOST, self._journal.lost)

    def _look_at_erasures(self) -> None:
        if time.monotonic() >= self._look_after:
            self._scrubbed_for = forget_erased(self._journal, self._engine, self._scrubbed_for)
            self._look_after = time.monotonic() + _ERASURES_EVERY_SECONDS

    def stop(self) -> None:
        """Finish the batch in hand and end."""
        self._told_to_stop.set()
        self._journal.appended.set()
        self.join(timeout=10)


def forget_erased(
    journal: Journal, engine: Engine, known: datetime | None = None
) -> datetime | None:
    """Remove from ``journal`` what it set aside of people who were erased, on whatever host, and
    scrub it if somebody was since the newest erasure that is ``known``; the newest now."""
    with reading(engine) as connection:
        newest = dossier.last_erasure(connection)
        if newest == known:
            return newest
        gone = {
            address
            for address in journal.people_set_aside()
            if dossier.erased_address(connection, address, EPOCH)
        }
    for address in gone:
        journal.forget_person(address)
    if not gone:
        journal.scrub()
    return newest
