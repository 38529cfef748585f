"""How fast the engine concludes and plans: a crowd's whole log, what is new of it, and its mails."""

import gc
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import func, select

from nurture_worker.benchmarks.crowd import Crowd, write
from nurture_worker.benchmarks.site import BenchError, Say
from nurture_worker.readers.digest import digest
from nurture_worker.readers.rebuild import rebuild
from nurture_worker.scenarios.planning import plan_steps
from nurture_worker.tools import Tools, make_tools
from tracker.catalogue.load import load
from tracker.settings import Settings
from tracker.store.engine import reading, upgrade
from tracker.store.tables import score_entries, stage_changes

NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
READERS, EVENTS, FRESH = 100_000, 5_000_000, 10_000
RESCORE_GOAL, DIGEST_GOAL, PLAN_GOAL = 60.0, 2.0, 5.0
"""Seconds, at most, at that size on two processors."""


@dataclass(frozen=True)
class Took:
    """Seconds by the clock, and of the processors with all they were used for."""

    wall: float
    cpu: float


def bench_engine(
    root: Path, readers: int, events: int, fresh: int, say: Say, keep: Path | None = None
) -> bool:
    """Make the crowd in a store of SQLite, measure, and say; whether the goals are reached. Goals
    are asked for at their own size alone. The crowd stays in the folder ``keep``, and is taken
    from there the next time."""
    if events < 4 * readers or fresh > events:
        raise BenchError("出来事は、読者1人に4件以上、新しい分より多くしてください")
    with tempfile.TemporaryDirectory(prefix="sodate-bench-") as folder:
        tools = _tools(root, Path(folder))
        store = Path(folder) / "store.db"
        crowd = Crowd(readers, events, fresh, NOW)
        say(f"読者 {readers:,}人、出来事 {events:,}件を用意しています…")
        made = _took(lambda: _make(crowd, tools, store, keep))
        os.sync()  # what made it shall not be written while it is measured
        gc.freeze()  # as a worker does
        size = store.stat().st_size / 2**20
        say(f"SQLite、{size:,.0f} MiB、プロセッサー {os.cpu_count()}個、用意に {made.wall:.0f} 秒")
        full = (readers, events, fresh) == (READERS, EVENTS, FRESH)
        good = True
        for name, act, goal in (
            (
                f"次のメールを決める（{readers:,}人の途中のシナリオ）",
                lambda: plan_steps(tools),
                PLAN_GOAL,
            ),
            (
                "はじめて全員を採点し、段階とシナリオに入れる",
                lambda: rebuild(tools, every=False),
                None,
            ),
            (
                "毎晩の採点（全員を記録の初めから）",
                lambda: rebuild(tools, every=False),
                RESCORE_GOAL,
            ),
            (f"新しい出来事 {fresh:,}件を取り込む", lambda: digest(tools), DIGEST_GOAL),
        ):
            took = _took(act)
            good &= goal is None or took.wall <= goal
            told = f"（目標 {goal:.0f} 秒）" if goal and full else ""
            say(f"{name}: {took.wall:.1f} 秒、プロセッサー時間 {took.cpu:.1f} 秒{told}")
        with reading(tools.engine) as connection:
            entries, changes = (
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (score_entries, stage_changes)
            )
        say(f"得点の内訳 {entries:,}件、段階の変化 {changes:,}件")
    return good or not full


def _make(crowd: Crowd, tools: Tools, store: Path, keep: Path | None) -> None:
    """The crowd in ``store``; the same content and tables have one in ``keep`` used again."""
    if keep is None:
        write(crowd, tools.catalogue, store)
        return
    with closing(sqlite3.connect(store)) as connection:
        version = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    about = f"{crowd}{tools.catalogue.hash}{version}"
    kept = keep / f"crowd-{sha256(about.encode()).hexdigest()[:16]}.db"
    if not kept.exists():
        keep.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        write(crowd, tools.catalogue, fresh)
        fresh.rename(kept)
    shutil.copyfile(kept, store)


def _tools(root: Path, folder: Path) -> Tools:
    catalogue, problems = load(root)
    if catalogue is None or problems:
        raise BenchError("site/ に問題があります（sodate check で確かめます）")
    values = {
        "data": folder,
        "root": root,
        "secret_keys": "a-key-that-signs-nothing",
        "database_url": f"sqlite:///{folder / 'store.db'}",
    }
    settings = Settings.model_validate(values)
    catalogue.write(settings.catalogue_path)
    upgrade(settings.store_url)
    return make_tools(settings, lambda: NOW)


def _took(act: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), _cpu()
    act()
    return Took(time.perf_counter() - wall, _cpu() - cpu)


def _cpu() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
