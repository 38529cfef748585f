"""How fast the reports are over a long record, in both engines, and what keeping them up costs."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from nurture_worker.benchmarks.records import DAYS, fill
from nurture_worker.benchmarks.servers import postgresql
from nurture_worker.benchmarks.site import BenchError, Say
from tracker.catalogue import Catalogue
from tracker.catalogue.load import load
from tracker.reporting import clicks, content, sales, scenarios
from tracker.reporting.scope import Scope
from tracker.store import rollups
from tracker.store.engine import open_store, reading, upgrade, writing

NOW = datetime(2026, 11, 2, 1, tzinfo=UTC)
TOKYO_MS = 9 * 3_600_000
ROUNDS = 5
"""Of so many the fastest is told: what else the machine does only makes one slower."""
GOALS = ((1_000_000, 1.0), (10_000_000, 3.0))
"""Up to so many events, a report takes so many seconds at most."""

Report = Callable[[Connection, Catalogue, Scope, datetime], Any]
REPORTS: tuple[tuple[str, Report], ...] = (
    ("段階とクリック", clicks.report),
    ("シナリオ", scenarios.report),
    ("コンテンツ", content.report),
    ("営業と受注", sales.report),
)
SPANS = (("90日", timedelta(days=90)), ("全期間", timedelta(days=DAYS + 1)))


def bench_reports(root: Path, many: int, engines: tuple[str, ...], say: Say) -> bool:
    """Fill a store of about ``many`` events in each engine and make each report of it; whether all
    were in time. Raises ``BenchError``."""
    catalogue, problems = load(root)
    if catalogue is None:
        raise BenchError("\n".join(str(problem) for problem in problems))
    goal = next((seconds for most, seconds in GOALS if many <= most), GOALS[-1][1])
    good = True
    for name in engines:
        with _store(name) as url:
            good = _of_engine(name, url, catalogue, many, goal, say) and good
    return good


def _of_engine(name: str, url: str, catalogue: Catalogue, many: int, goal: float, say: Say) -> bool:
    upgrade(url)
    engine = open_store(url)
    try:
        made = fill(engine, catalogue, many, NOW)
        began, busy = time.perf_counter(), time.process_time()
        taken = 1
        while taken:
            with writing(engine) as connection:
                taken = rollups.take(connection)
        kept, used_by_it = time.perf_counter() - began, time.process_time() - busy
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        say(
            f"{name}: {made:,}件の出来事。数え上げの更新は1万件に{1000 * kept / made * 10_000:.0f}ms"
            f"（CPU {1000 * used_by_it / made * 10_000:.0f}ms）"
            f"（目標: どのレポートも{goal:.0f}秒以内）"
        )
        good = True
        for label, report in REPORTS:
            parts = []
            for span, length in SPANS:
                scope = Scope(None if length.days > DAYS else NOW - length, NOW, offset=TOKYO_MS)
                took, used = [], []
                for _ in range(ROUNDS):
                    began, busy = time.perf_counter(), time.process_time()
                    with reading(engine) as connection:
                        report(connection, catalogue, scope, NOW)
                    took.append(time.perf_counter() - began)
                    used.append(time.process_time() - busy)
                good = good and min(took) <= goal
                parts.append(f"{span} {min(took):.2f}秒（CPU {min(used):.2f}秒）")
            say(f"  {label}: {'、'.join(parts)}")
        return good
    finally:
        engine.dispose()


@contextmanager
def _store(name: str) -> Iterator[str]:
    if name == "postgresql":
        with postgresql() as url:
            if url is None:
                raise BenchError("PostgreSQL がないので測れません（apt install postgresql）")
            yield url
        return
    folder = Path(tempfile.mkdtemp(prefix="sodate-bench-"))
    try:
        yield f"sqlite:///{folder / 'store.db'}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
