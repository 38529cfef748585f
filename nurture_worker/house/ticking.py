"""The clock of the house: wakes the worker at even intervals, and holds no truth.

RQ's own cron scheduler writes its jobs as pickles only; the queue carries JSON.
"""

import logging
import signal
import threading
from collections.abc import Iterator

from nurture_worker.scenarios.schedule import every
from nurture_worker.sweep import SETTLE_SECONDS, SWEEPS_A_DAY
from nurture_worker.tools import Tools
from tracker.wake import Job, wake

log = logging.getLogger(__name__)


def tick_until_told(tools: Tools) -> None:
    """Wake a sweep now and at every interval, and between two of them what cannot wait so long,
    until SIGTERM or SIGINT. Redis being away is logged and waited out."""
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    interval = every(tools.day, SWEEPS_A_DAY).total_seconds()
    log.info("tick: a sweep every %d s", interval)
    for job, pause in ticks(interval):
        wake(tools.redis, job, within=max(10, int(interval)))
        if stop.wait(pause):
            return


def ticks(interval: float) -> Iterator[tuple[Job, float]]:
    """What is woken one after another, and the seconds until the next: a sweep each ``interval``."""
    parts = max(1, round(interval / SETTLE_SECONDS))
    while True:
        yield Job.SWEEP, interval / parts
        for _ in range(parts - 1):
            yield Job.SETTLE, interval / parts
