"""Whether a tracker that is killed under load loses anything that it answered."""

import http.client
import json
import os
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from nurture_worker.benchmarks.servers import Server, running
from nurture_worker.benchmarks.site import BenchError
from tracker.catalogue import Catalogue
from tracker.fold import fold
from tracker.journal import Journal
from tracker.links import Click, Links
from tracker.settings import Settings
from tracker.store import events
from tracker.store.engine import open_store, reading
from tracker.words import EventKind

_READERS = 16
_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Kept:
    """What was answered before the kill, and what of it is not in the log, or more than once."""

    answered: int
    missing: int
    doubled: int


class _Reader(threading.Thread):
    """Follows one link after the other and opens one page after the other, and remembers what was
    answered, until it is over."""

    def __init__(self, number: int, settings: Settings, page: str) -> None:
        super().__init__(daemon=True)
        self._number, self._port, self._page = number, settings.port, page
        self._links = Links(settings.keys)
        self._asked = 0
        self.over = threading.Event()
        self.answered: list[str] = []

    def run(self) -> None:
        while not self.over.wait(0.01):
            with suppress(OSError, http.client.HTTPException):
                self._follow(http.client.HTTPConnection("127.0.0.1", self._port, timeout=30))

    def _follow(self, connection: http.client.HTTPConnection) -> None:
        while not self.over.is_set():
            self._asked += 1
            mail, view = f"{self._number}-{self._asked}", f"{self._number:08x}{self._asked:08x}"
            token = self._links.sign(Click(mail, 0, self._page), datetime.now(UTC))
            connection.request("GET", f"/c/{token}")
            if _status(connection) == 302:
                self.answered.append(mail)
            told = {"pv": view, "page": self._page, "events": [{"n": 0, "e": "page_view"}]}
            cookie = {"Cookie": "sodate_visitor=" + "f" * 32}
            connection.request("POST", "/e", json.dumps(told), cookie)
            if _status(connection) == 204:
                self.answered.append(f"{view}:0")


def kill_under_load(settings: Settings, answers: int, one_first: bool = False) -> Kept:
    """Kill a tracker of ``settings`` after so many answers, and look what is there afterwards.

    ``one_first`` kills one of its processes after half of them. Raises ``BenchError``.
    """
    page = Catalogue.read(settings.catalogue_path).pages[0].url
    crowd = [_Reader(n, settings, page) for n in range(_READERS)]
    with running(settings) as server:
        for reader in crowd:
            reader.start()
        if one_first:
            _wait(crowd, answers // 2)
            os.kill(next(iter(server.workers())), signal.SIGKILL)
        _wait(crowd, answers)
        _end(server, crowd)
    there = _in_the_log(settings)
    answered = [fact for reader in crowd for fact in reader.answered]
    return Kept(
        answered=len(answered),
        missing=sum(fact not in there for fact in answered),
        doubled=sum(count > 1 for count in there.values()),
    )


def _end(server: Server, crowd: list[_Reader]) -> None:
    server.kill()
    for reader in crowd:
        reader.over.set()
    for reader in crowd:
        reader.join()


def _in_the_log(settings: Settings) -> Counter[str]:
    """The clicks, by their mails, and the page views of the journal and the log."""
    journal, engine = Journal(settings.journal_path), open_store(settings.store_url)
    try:
        while fold(journal, engine):
            pass
        with reading(engine) as connection:
            found = events.after(connection, 0, 10_000_000)
    finally:
        journal.close()
        engine.dispose()
    return Counter(
        (event.delivery_id or "") if event.kind is EventKind.MAIL_CLICK else event.id
        for event in found
    )


def _wait(crowd: list[_Reader], answers: int) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while sum(len(reader.answered) for reader in crowd) < answers:
        if time.monotonic() > end:
            raise BenchError("トラッカーが答えません")
        time.sleep(0.02)


def _status(connection: http.client.HTTPConnection) -> int:
    answer = connection.getresponse()
    answer.read()
    return answer.status
