"""The storms: real servers, processes that are really killed, and the ledgers afterwards."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from multiprocessing.process import BaseProcess

from sqlalchemy import Engine, select

from tests.faults.crashing import Point, start, sweep_on, sweep_once, work
from tests.faults.hall import Hall, Ledgers
from tests.faults.postgres import Postgres
from tracker.store import claims, deliveries, readers
from tracker.store.engine import reading, writing
from tracker.store.tables import deliveries as mails
from tracker.store.tables import readers as readers_table
from tracker.wake import Job, connect, wake
from tracker.words import DeliveryState, MailKind

_A_LEASE = claims.LEASE.total_seconds() + 60


@dataclass(frozen=True)
class Outcome:
    """How a storm ended. ``uncertain`` may be as many as ``allowed``."""

    storm: str
    ledgers: Ledgers
    kills: int
    allowed: int

    @property
    def kept(self) -> bool:
        return self.ledgers.keeps(self.allowed)


def killed(hall: Hall, point: Point, count: int, every: int) -> Outcome:
    """A worker is killed at each ``every``-th mail that comes to ``point``."""
    hall.order(hall.tools(), count)
    kills, offset = 0, 0.0
    while True:
        worker = start(sweep_once, hall.settings, offset, point, every)
        worker.join(120)
        if worker.exitcode == 0:
            break
        assert worker.exitcode == -signal.SIGKILL, worker.exitcode
        kills += 1
        offset += _A_LEASE
    tools = hall.tools(offset + _A_LEASE)
    _sweep_out(hall, offset)
    in_the_air = hall.settings.smtp_connections
    allowed = kills * in_the_air if point.leaves_uncertain else 0
    return Outcome(f"kill -9: {point}", hall.ledgers(tools), kills, allowed)


def _sweep_out(hall: Hall, offset: float) -> None:
    """What is left is taken back and sent, as in the minutes after a storm."""
    for _ in range(3):
        offset += _A_LEASE
        worker = start(sweep_once, hall.settings, offset)
        worker.join(120)
        assert worker.exitcode == 0, worker.exitcode
        if not hall.open_mails(hall.tools()):
            return


def flushed(hall: Hall, count: int, every: float) -> Outcome:
    """Redis is emptied again and again while the worker sends."""
    tools = hall.tools()
    hall.order(tools, count)
    client = connect(hall.settings.redis_url)
    worker = start(work, hall.settings)
    flushes = 0
    end = time.monotonic() + 180
    try:
        next_tick = next_flush = time.monotonic()
        while hall.open_mails(tools) and time.monotonic() < end:
            if time.monotonic() >= next_tick:  # the ticker: a sweep each minute, here each second
                wake(client, Job.SWEEP, within=10)
                next_tick += 1.0
            if time.monotonic() >= next_flush + every:
                client.flushall()
                flushes += 1
                next_flush += every
            time.sleep(0.05)
    finally:
        _end(worker)
    name = f"Redis FLUSHALL ×{flushes}"
    return Outcome(name, hall.ledgers(tools), 0, 0)


def store_pulled_out(hall: Hall, server: Postgres, count: int, times: int) -> Outcome:
    """PostgreSQL is restarted, ``-m immediate``, while the worker sends."""
    tools = hall.tools()
    hall.order(tools, count)
    worker = start(sweep_on, hall.settings, 120.0)
    try:
        for n in range(times):
            share = count * (n + 1) // (times + 1)
            _until(lambda share=share: len(hall.postbox.mails) >= share)  # type: ignore[misc]
            server.pull_out()
            server.start()
        tools = hall.tools()
        _until(lambda: not hall.open_mails(tools))
    finally:
        worker.kill()
        worker.join(10)
    return Outcome(f"PostgreSQL -m immediate ×{times}", hall.ledgers(tools), times, times)


def crowded(hall: Hall, count: int, workers: int) -> Outcome:
    """Several workers sweep at the same moment: half are orders, half steps still to be planned."""
    tools = hall.tools()
    hall.order(tools, count // 2)
    hall.enrol(tools, count - count // 2, timedelta(days=1))
    crowd = [start(sweep_once, hall.settings, 0.0) for _ in range(workers)]
    for worker in crowd:
        worker.join(180)
        assert worker.exitcode == 0, worker.exitcode
    with reading(tools.engine) as connection:
        steps = connection.execute(
            select(mails.c.reader_id).where(
                mails.c.kind == MailKind.STEP, mails.c.state == DeliveryState.SENT
            )
        ).all()
    assert len(steps) == len(set(steps)) == count - count // 2, steps
    # What is planned for later is no debt yet.
    with writing(tools.engine) as connection:
        connection.execute(
            mails.delete().where(
                mails.c.state == DeliveryState.PLANNED, mails.c.due_at > tools.now()
            )
        )
    return Outcome(f"{workers} workers at once", hall.ledgers(tools), 0, 0)


def leaping(hall: Hall, count: int) -> Outcome:
    """The clock leaps three days on, a day back and on again: no burst, nothing twice."""
    from nurture_worker.sweep import sweep

    day = timedelta(days=1).total_seconds()
    hall.enrol(hall.tools(), count, timedelta(days=1))
    came = [0]
    for leap in (0, 3 * day, 3 * day + 60, 2 * day, 2 * day + 60, 3 * day, 3 * day + 3600, 4 * day):
        for _ in range(2):
            sweep(hall.tools(leap))
        came.append(len(hall.postbox.mails))
    grown = [(after - before) // count for before, after in pairwise(came)]
    # Day 1 at once; three days on one more, whatever fell due meanwhile; then a day's rest.
    assert grown == [1, 1, 0, 0, 0, 0, 0, 1], grown
    tools = hall.tools(4 * day)
    with writing(tools.engine) as connection:
        connection.execute(
            mails.delete().where(
                mails.c.state == DeliveryState.PLANNED, mails.c.due_at > tools.now()
            )
        )
    return Outcome("clock +3 d, −1 d", hall.ledgers(tools), 0, 0)


def raced(hall: Hall, rounds: int) -> Outcome:
    """An unsubscription and a claim at the same moment: whoever is committed first has it."""
    tools = hall.tools()
    now = tools.now()
    hall.enrol(tools, rounds, timedelta(days=2))
    with writing(tools.engine) as connection:
        everybody = list(
            connection.execute(
                select(readers_table.c.id).where(readers_table.c.email.like("step%"))
            ).scalars()
        )
        for reader in everybody:
            deliveries.plan(
                connection,
                key=f"race:{reader}",
                kind=MailKind.STEP,
                domain="example.jp",
                now=now,
                due_at=now,
                reader_id=reader,
                scenario="interest",
                step="thanks",
            )
        rows = connection.execute(
            select(mails.c.reader_id, mails.c.id).where(mails.c.kind == MailKind.STEP)
        )
        ids: dict[str, str] = {row.reader_id: row.id for row in rows}
    claimed = 0
    for reader in everybody:
        claimed += _race(tools.engine, reader, ids[reader], now)
    with writing(tools.engine) as connection:  # and now nobody can be mailed any more
        left = [d for d in ids.values() if claims.claim(connection, d, now) is not None]
        assert left == []
        connection.execute(mails.delete())
    name = f"unsubscribing against a claim ×{rounds} ({claimed} claims were first)"
    return Outcome(name, hall.ledgers(tools), 0, 0)


def _race(engine: Engine, reader: str, delivery: str, now: datetime) -> bool:
    """Whether the claim was made. It must not be where it began after the way out was open."""
    barrier = threading.Barrier(2)
    out_at = 0

    def unsubscribe() -> None:
        nonlocal out_at
        barrier.wait()
        with writing(engine) as connection:
            readers.opt_out(connection, reader, now)
        out_at = time.perf_counter_ns()

    other = threading.Thread(target=unsubscribe)
    other.start()
    barrier.wait()
    time.sleep(random.choice((0, random.uniform(0, 0.003))))  # so that each is first at times
    began = time.perf_counter_ns()
    with writing(engine) as connection:
        found = claims.claim(connection, delivery, now)
    other.join()
    assert not (found and out_at < began), "a mail was claimed after its reader had left"
    return found is not None


def told_to_end(hall: Hall, count: int, after: int) -> Outcome:
    """The worker gets SIGTERM in the middle of its mails, as in every deployment."""
    tools = hall.tools()
    hall.order(tools, count)
    client = connect(hall.settings.redis_url)
    worker = start(work, hall.settings)
    wake(client, Job.SWEEP, within=60)
    try:
        _until(lambda: len(hall.postbox.mails) >= after)
        began = time.monotonic()
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGTERM)
        worker.join(70)
        took = time.monotonic() - began
        assert worker.exitcode == 0, worker.exitcode
    finally:
        _end(worker)
    posted = len(hall.postbox.mails)
    assert posted < count, "the worker went on to the last mail"
    with reading(tools.engine) as connection:
        counted = deliveries.count_by_state(connection)
    assert counted.get(DeliveryState.SENT) == posted, counted
    assert set(counted) == {DeliveryState.SENT, DeliveryState.PLANNED}, counted
    _sweep_out(hall, 0.0)
    return Outcome(f"SIGTERM, ended in {took:.1f} s", hall.ledgers(tools), 0, 0)


def _end(worker: BaseProcess) -> None:
    worker.kill()
    worker.join(10)


def _until(true: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("the storm does not come to its end")
        time.sleep(0.02)
