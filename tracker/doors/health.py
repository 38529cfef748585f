"""``/healthz``: this process answers. ``/readyz``: it can accept what readers do, and how far
behind the rest of the house is.

A tracker is ready as long as its journal can be written: without the store and without Redis it
redirects, thanks and takes beacons as ever, and a load balancer that took it away then would do
the readers the harm that the journal keeps from them. What is not as it should be stands in
``degraded``, for people and for alarms.
"""

import errno
import logging
import os
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import Blueprint, Response, jsonify
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from tracker.context import Context, context
from tracker.store import pulse
from tracker.store.engine import ask
from tracker.tallies import LOST

log = logging.getLogger(__name__)

door = Blueprint("health", __name__)

FOLD_LATE = timedelta(minutes=1)
SWEEPS_MISSED = 10
_PROBE_BYTES = 65_536
_PROBE_LASTS_SECONDS = 1.0


@door.get("/healthz")
def healthz() -> Response:
    return Response("ok\n", mimetype="text/plain")


@door.get("/readyz")
def readyz() -> tuple[Response, int]:
    here = context()
    waiting = journal_of(here)
    swept: datetime | None = None
    try:
        swept, store = ask(here.engine, pulse.swept_at), True
    except SQLAlchemyError:
        store = False
    redis = redis_answers(here)
    since_sweep = here.now() - swept if swept else None
    late = timedelta(seconds=max(60.0, SWEEPS_MISSED * here.settings.day_seconds / 1440))
    wrong = {
        "journal": not waiting.writable,
        "fold": waiting.age is not None and waiting.age > FOLD_LATE,
        "set_aside": waiting.set_aside > 0,
        "store": not store,
        "redis": not redis,
        "worker": since_sweep is not None and since_sweep > late,
    }
    body = jsonify(
        ready=waiting.writable,
        degraded=[name for name, is_wrong in wrong.items() if is_wrong],
        store=store,
        redis=redis,
        journal_depth=waiting.depth,
        journal_age_seconds=_seconds(waiting.age),
        journal_set_aside=waiting.set_aside,
        events_lost=waiting.lost,
        last_sweep_age_seconds=_seconds(since_sweep),
    )
    return body, 200 if waiting.writable else 503


@dataclass(frozen=True)
class Waiting:
    """What waits in this host's journal."""

    writable: bool
    depth: int
    age: timedelta | None
    """How long the oldest entry has waited for the fold; ``None`` where none waits."""
    set_aside: int
    lost: int


def journal_of(here: Context) -> Waiting:
    """The journal's state, counted over all processes of this host."""
    here.tallies.follow(LOST, here.journal.lost)
    oldest = here.journal.oldest_at()
    return Waiting(
        writable=_probe.writable(here.journal.path.parent),
        depth=here.journal.depth(),
        age=max(timedelta(0), here.now() - oldest) if oldest else None,
        set_aside=here.journal.count_set_aside(),
        lost=here.tallies.all().get(LOST, 0),
    )


def redis_answers(here: Context) -> bool:
    try:
        return bool(here.redis.ping())
    except (RedisError, OSError):
        return False


class _Probe:
    """Whether a folder's disk takes writes: by writing, but no more than once a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[float, bool]] = {}

    def writable(self, folder: Path) -> bool:
        with self._lock:
            at, known = self._known.get(folder, (-_PROBE_LASTS_SECONDS, False))
            if time.monotonic() - at >= _PROBE_LASTS_SECONDS:
                known = _takes_writes(folder)
                self._known[folder] = (time.monotonic(), known)
            return known


def _takes_writes(folder: Path) -> bool:
    path = folder / f".probe-{os.getpid()}"
    try:
        file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        try:
            if os.write(file, bytes(_PROBE_BYTES)) < _PROBE_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file)
        finally:
            os.close(file)
            path.unlink(missing_ok=True)
    except OSError as error:
        log.error("health: %s takes no writes: %s", folder, error)
        return False
    return True


_probe = _Probe()


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds(), 3)
