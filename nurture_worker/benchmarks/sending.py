"""How fast the worker sends, beside a bare ``smtplib`` loop with ready bytes; and its memory.

Both send to the same sink, a process of its own on loopback, in turns. Measured of ours is the
whole way: what is due, the last look, the claims, letters filled in, the ledger's commits (fully
synchronous), the hand-over.
"""

import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from nurture_worker.benchmarks.servers import prepared
from nurture_worker.benchmarks.site import BenchError, Say
from nurture_worker.sending.composing import Mail, prepare
from nurture_worker.sending.delivering import send_due
from nurture_worker.tools import Tools, make_tools
from tracker.store import deliveries, tables
from tracker.store.engine import reading, writing
from tracker.store.tables import new_id
from tracker.words import Channel, DeliveryState, MailKind, Stage

RATIO_GOAL = 0.7
"""Of the messages a second of the bare loop, at least."""
MEMORY_GOAL = 0.1
"""By how much the memory may change between 10,000 and 50,000 deliveries, at most."""

_MONDAY = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
"""10:00 in Tokyo, within any firm's hours."""
_STAGE = Stage.INTEREST
_FIRST, _LAST = 10_000, 50_000
_INSERTED_AT_ONCE = 5_000
_MIB = 1024.0


def bench_sending(
    root: Path, count: int, rounds: int, connections: int, memory: bool, say: Say
) -> bool:
    """Measure ``rounds`` of ``count`` mails with so many ``connections``; whether the goals are
    met. Raises ``BenchError``."""
    with tempfile.TemporaryDirectory(prefix="sodate-bench-") as folder, sink() as port:
        tools = _tools(root, Path(folder) / "data", port, connections)
        try:
            good = _beside_the_bare(tools, port, count, rounds, say)
            if memory:
                good &= _memory(tools, say)
        finally:
            tools.engine.dispose()
    return good


def _beside_the_bare(tools: Tools, port: int, count: int, rounds: int, say: Say) -> bool:
    bare: list[float] = []
    ours: list[float] = []
    for n in range(rounds + 1):  # the first warms up
        ids = due_steps(tools, count)
        mail = _ready(tools, ids[0])
        began = time.perf_counter()
        bare_loop(port, mail, count)
        middle = time.perf_counter()
        if send_due(tools) != count:
            raise BenchError("送られなかったメールがあります")
        end = time.perf_counter()
        if n:
            bare.append(count / (middle - began))
            ours.append(count / (end - middle))
    ratios = [mine / theirs for mine, theirs in zip(ours, bare, strict=True)]
    ratio = statistics.median(ratios)
    say(
        f"1通 {len(mail.message):,} バイト、{count}通を{rounds}回ずつ交互に。"
        f"接続は 素の smtplib 1本、育て {tools.settings.smtp_connections}本"
    )
    say(f"素の smtplib   {statistics.median(bare):7,.0f} 通/秒")
    say(f"育て           {statistics.median(ours):7,.0f} 通/秒")
    good = ratio >= RATIO_GOAL
    say(
        f"比の中央値     {ratio:.2f}（{min(ratios):.2f}〜{max(ratios):.2f}、"
        f"目標 {RATIO_GOAL}）{'' if good else ' 届きません'}"
    )
    return good


def _memory(tools: Tools, say: Say) -> bool:
    """Send on to 50,000 mails, and look at the process at 10,000 and at the end."""
    told: dict[int, float] = {}
    sent = 0
    while sent < _LAST:
        due_steps(tools, _INSERTED_AT_ONCE)
        send_due(tools)
        sent += _INSERTED_AT_ONCE
        told[sent] = resident()
    grown = told[_LAST] / told[_FIRST] - 1
    good = abs(grown) <= MEMORY_GOAL
    say(
        f"ワーカーのメモリー {told[_FIRST]:.0f} MiB（1万通のあと）→ {told[_LAST]:.0f} MiB（5万通のあと）、"
        f"{grown:+.1%}（目標 ±{MEMORY_GOAL:.0%}）{'' if good else ' 超えました'}"
    )
    return good


def resident() -> float:
    """The resident memory of this process, in MiB."""
    command = ("ps", "-o", "rss=", "-p", str(os.getpid()))
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) / _MIB  # noqa: S603


@contextmanager
def sink() -> Iterator[int]:
    """The port of an SMTP server that takes all mails, in a process of its own."""
    command = [sys.executable, "-m", "nurture_worker.benchmarks.sink"]
    process = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(10)


def bare_loop(port: int, mail: Mail, count: int) -> None:
    """What ``smtplib`` does by itself: one connection, bytes that are there already."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as smtp:
        for _ in range(count):
            smtp.sendmail(mail.sender, [mail.recipient], mail.message)


def due_steps(tools: Tools, count: int) -> list[str]:
    """``count`` new readers to each of whom the first step of a scenario is due; the deliveries."""
    scenario = next(one for one in tools.catalogue.scenarios if one.stage is _STAGE)
    step = scenario.steps[0]
    now = tools.now()
    begun = now - step.day * tools.day
    people, ways, mails = [], [], []
    for _ in range(count):
        reader, way, mail = new_id(), new_id(), new_id()
        address = f"{reader.lower().replace('_', 'x').replace('-', 'y')}@example.jp"
        people.append(
            {
                "id": reader,
                "email": address,
                "email_normalised": address,
                "name": "山田 太郎",
                "company": "株式会社見本",
                "created_at": begun,
                "confirmed_at": begun,
                "opted_in_at": begun,
                "stage": _STAGE,
                "stage_since": begun,
            }
        )
        ways.append({"id": way, "reader_id": reader, "scenario": scenario.id, "started_at": begun})
        mails.append(
            {
                "id": mail,
                "key": f"step:{way}:{step.id}",
                "kind": MailKind.STEP,
                "channel": Channel.MAIL,
                "reader_id": reader,
                "enrolment_id": way,
                "scenario": scenario.id,
                "step": step.id,
                "message_id": f"<s.{mail}@{tools.mail_domain}>",
                "state": DeliveryState.PLANNED,
                "planned_at": begun,
                "due_at": now,
            }
        )
    with writing(tools.engine) as connection:
        for table, rows in (
            (tables.readers, people),
            (tables.enrolments, ways),
            (tables.deliveries, mails),
        ):
            connection.execute(insert(table), rows)
    return [str(mail["id"]) for mail in mails]


def _ready(tools: Tools, delivery_id: str) -> Mail:
    with reading(tools.engine) as connection:
        delivery = deliveries.get(connection, delivery_id)
    assert delivery is not None
    return prepare(tools, delivery)


def _tools(root: Path, data: Path, port: int, connections: int) -> Tools:
    settings = prepared(root, data, "redis://127.0.0.1:1/0").model_copy(
        update={"smtp_url": f"smtp://127.0.0.1:{port}", "smtp_connections": connections}
    )
    begun = time.monotonic()

    def clock() -> datetime:
        return _MONDAY + timedelta(seconds=time.monotonic() - begun)

    return make_tools(settings, clock)
