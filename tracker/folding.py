"""The fold beside the doors: a thread of each tracker process, of which one a host folds."""

import fcntl
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from tracker.fold import fold, told
from tracker.journal import Journal
from tracker.store import dossier
from tracker.store.engine import is_away, reading
from tracker.store.tables import EPOCH
from tracker.tallies import LOST, Tallies

log = logging.getLogger(__name__)

_ERASURES_EVERY_SECONDS = 3600.0
_WAKE_AGAIN_SECONDS = 5.0
_REST = 9.0
"""How long the fold rests after a batch in a crowd, as a multiple of what the batch took: a tenth
of the time still moves more than a thousand events a second, and the journal keeps the rest."""


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
                        log.error("fold: store away, journal keeps all: %s", told(error))
                    else:
                        log.error("fold: will try again: %s", told(error))
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
