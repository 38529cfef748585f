"""Worker processes for the storms: one that is killed at a chosen point, one that goes on whatever
comes, and the real one."""

import contextlib
import logging
import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from nurture_worker.channels.mail import _Line
from nurture_worker.house.processes import environment
from nurture_worker.sending import delivering
from nurture_worker.sending.delivering import _Run
from nurture_worker.sweep import sweep
from nurture_worker.tools import Tools, make_tools
from tracker.fold import fold
from tracker.journal import Journal
from tracker.settings import Settings
from tracker.store import claims
from tracker.store.engine import open_store

_starter = multiprocessing.get_context("forkserver")
_starter.set_forkserver_preload(["tests.faults.crashing", "nurture_worker.house.working"])


class Point(StrEnum):
    """Where a worker is killed, and what is known of its mail then."""

    CLAIM = "before the claim's commit"
    CLAIMED = "after the claim, before DATA"
    BEGUN = "after the mark, before DATA"
    ACCEPTED = "between the 250 and the commit"
    SETTLED = "after the commit, before the acknowledgement"

    @property
    def leaves_uncertain(self) -> bool:
        return self in (Point.BEGUN, Point.ACCEPTED)


def start(work: Callable[..., None], *given: Any) -> BaseProcess:
    """Run ``work`` in a process of its own."""
    process = _starter.Process(target=work, args=given, daemon=True)
    process.start()
    return process


def sweep_once(settings: Settings, offset: float, point: Point | None = None, nth: int = 1) -> None:
    """One sweep on a clock that is ``offset`` seconds ahead; killed at the ``nth`` ``point``."""
    logging.disable(logging.CRITICAL)
    if point is not None:
        _mine(point, nth)
    sweep(_tools(settings, offset))


def sweep_on(settings: Settings, seconds: float) -> None:
    """Sweep again and again, as a worker does whose jobs fail while the store is away. The lease
    of what it held then is over at once: its clock leaps on."""
    logging.disable(logging.CRITICAL)
    end = time.monotonic() + seconds
    offset = 0.0
    while time.monotonic() < end:
        try:
            tools = _tools(settings, offset)
            sweep(tools)
            with contextlib.suppress(SQLAlchemyError):
                tools.engine.dispose()
        except Exception:
            offset += claims.LEASE.total_seconds() + 60
        time.sleep(0.1)


def work(settings: Settings) -> None:
    """What ``sodate work`` runs."""
    logging.disable(logging.CRITICAL)
    os.environ.update(environment(settings))
    from nurture_worker.house.working import work_until_told

    work_until_told()


def fold_and_die(settings: Settings) -> None:
    """Fold a batch, and be killed before the journal forgets it."""
    journal = Journal(settings.journal_path)
    journal.forget = lambda _place: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
    fold(journal, open_store(settings.store_url))


def hold_the_lock(path: str, held: Event, release: Event) -> None:
    """Another program that writes to the SQLite store at ``path`` and takes its time."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    held.set()
    release.wait(60)
    connection.execute("ROLLBACK")


def event() -> Event:
    return _starter.Event()


def _tools(settings: Settings, offset: float) -> Tools:
    return make_tools(settings, lambda: datetime.now(UTC) + timedelta(seconds=offset))


def _mine(point: Point, nth: int) -> None:
    holder, name, after = {
        Point.CLAIM: (claims, "claim_each", True),
        Point.CLAIMED: (delivering, "prepare", False),
        Point.BEGUN: (_Line, "say_message", False),
        Point.ACCEPTED: (claims, "sent_each", False),
        Point.SETTLED: (_Run, "_settle_told", True),
    }[point]
    real = getattr(holder, name)
    if point in (Point.CLAIM, Point.CLAIMED, Point.SETTLED):
        delivering.BATCH = 1  # so that no other mail is in the air
    calls = 0

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        answer = real(*given, **named) if after or calls < nth else None
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(holder, name, counted)
