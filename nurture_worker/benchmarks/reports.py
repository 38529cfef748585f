"""How fast the desk's pages of figures are over a long record, in both engines, and what keeping
their figures up costs."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, func, select, text

from nurture_worker.benchmarks.records import fill
from nurture_worker.benchmarks.servers import postgresql, prepared
from nurture_worker.benchmarks.site import BenchError, Say
from tracker.app import create_app
from tracker.catalogue.live import LiveCatalogue
from tracker.context import context
from tracker.desk.period import LABELS
from tracker.desk.reports import TITLES
from tracker.settings import Settings
from tracker.store import accounts, rollups, sessions
from tracker.store.engine import open_store, writing
from tracker.store.tables import events
from tracker.words import Role

NOW = datetime(2026, 11, 2, 1, tzinfo=UTC)
ROUNDS = 3
"""Of so many the fastest is told: what else the machine does only makes one slower."""
GOALS = ((1_000_000, 1.0), (10_000_000, 3.0))
"""Up to so many events, a page takes so many seconds at most."""


def bench_reports(
    root: Path, many: int, engines: tuple[str, ...], days: tuple[str, ...], say: Say
) -> bool:
    """Fill a store of about ``many`` events in each engine and ask for each page, as a browser
    would, with the periods of these keys; whether all came in time. Raises ``BenchError``."""
    good = True
    for name in engines:
        with _store(name) as (folder, url):
            settings = prepared(root, folder / "data", "", url)
            good = _of_engine(name, settings, many, days, say) and good
    return good


def _of_engine(name: str, settings: Settings, many: int, days: tuple[str, ...], say: Say) -> bool:
    goal = next((seconds for most, seconds in GOALS if many <= most), GOALS[-1][1])
    engine = open_store(settings.store_url)
    try:
        say(f"{name}: 記録を作ります")
        made = fill(engine, LiveCatalogue(settings.catalogue_path).now(), many, NOW, say)
        took, used = _keep_up(engine)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        say(
            f"{name}: {made:,}件の出来事。数え上げの更新は1万件に{1e7 * took / made:.0f}ms"
            f"（CPU {1e7 * used / made:.0f}ms）。目標: どのページも{goal:.0f}秒以内"
        )
        with writing(engine) as connection:
            token = _signed_in(connection)
            reader = _busiest(connection)
    finally:
        engine.dispose()
    good = True
    with _browser(settings, token) as browser:
        for label, path in _pages(reader):
            parts = []
            for key in days if "{days}" in path else days[:1]:
                took, used = _fastest(browser, path.format(days=key))
                good = good and took <= goal
                span = f"{LABELS[key]} " if "{days}" in path else ""
                parts.append(f"{span}{took:.2f}秒（CPU {used:.2f}秒）")
            say(f"  {label}: {'、'.join(parts)}")
    return good


def _keep_up(engine: Engine) -> tuple[float, float]:
    """Take in the whole log as the worker does: seconds, and seconds of CPU."""
    began, busy = time.perf_counter(), time.process_time()
    taken = 1
    while taken:
        with writing(engine) as connection:
            taken = rollups.take(connection)
    return time.perf_counter() - began, time.process_time() - busy


def _pages(reader: str) -> Iterator[tuple[str, str]]:
    yield "段階の動き", "/desk/?days={days}"
    for name, label in TITLES.items():
        yield label, f"/desk/reports/{name}?days={{days}}"
    yield "読者の一覧", "/desk/readers"
    yield "一人の読者", f"/desk/readers/{reader}"


def _fastest(browser: FlaskClient, path: str) -> tuple[float, float]:
    best = (float("inf"), float("inf"))
    for _ in range(ROUNDS):
        began, busy = time.perf_counter(), time.process_time()
        answer = browser.get(path)
        best = min(best, (time.perf_counter() - began, time.process_time() - busy))
        if answer.status_code != 200:
            raise BenchError(f"{path}: {answer.status}")
    return best


def _signed_in(connection: Connection) -> str:
    account = accounts.add(connection, "bench@example.jp", "for the bench alone", Role.ADMIN, NOW)
    return sessions.begin(connection, account.id, NOW, network=None, device="bench")


def _busiest(connection: Connection) -> str:
    """The reader of whom the log names most."""
    most = select(events.c.reader_id).where(events.c.reader_id.is_not(None))
    found = connection.execute(
        most.group_by(events.c.reader_id).order_by(func.count().desc()).limit(1)
    ).scalar_one()
    return str(found)


@contextmanager
def _browser(settings: Settings, token: str) -> Iterator[FlaskClient]:
    app = create_app(settings, lambda: NOW)
    with app.app_context():
        here = context()
    try:
        client = app.test_client()
        with client.session_transaction() as kept:
            kept["token"] = token
        yield client
    finally:
        here.journal.close()
        here.tallies.close()
        here.engine.dispose()


@contextmanager
def _store(name: str) -> Iterator[tuple[Path, str]]:
    """A folder for its data, and the store's URL (empty: a file of SQLite in that folder)."""
    folder = Path(tempfile.mkdtemp(prefix="sodate-bench-"))
    try:
        if name == "postgresql":
            with postgresql() as url:
                if url is None:
                    raise BenchError("PostgreSQL がないので測れません（apt install postgresql）")
                yield folder, url
        else:
            yield folder, ""
    finally:
        shutil.rmtree(folder, ignore_errors=True)
