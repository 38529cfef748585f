"""The clock of the house: wakes a sweep at even intervals, and holds no truth.

RQ's own cron scheduler writes its jobs as pickles only; the queue carries JSON.
"""

import logging
import signal
import threading

from nurture_worker.scenarios.schedule import every
from nurture_worker.sweep import SWEEPS_A_DAY
from nurture_worker.tools import Tools
from tracker.wake import Job, wake

log = logging.getLogger(__name__)


def tick_until_told(tools: Tools) -> None:
    """Wake a sweep now and at every interval, until SIGTERM or SIGINT. Redis being away is
    logged and waited out."""
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    interval = every(tools.day, SWEEPS_A_DAY).total_seconds()
    log.info("tick: a sweep every %d s", interval)
    while True:
        wake(tools.redis, Job.SWEEP, within=max(10, int(interval)))
        if stop.wait(interval):
            return
