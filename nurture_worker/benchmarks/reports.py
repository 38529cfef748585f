"""How fast the desk's pages of figures are over a long record, in both engines, and what keeping
their figures up costs."""

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from sqlalchemy import Connection, Engine, func, select, text

from nurture_worker.benchmarks.records import fill
from nurture_worker.benchmarks.servers import postgresql, prepared, redis, running
from nurture_worker.benchmarks.site import BenchError, Say
from tracker.catalogue.live import LiveCatalogue
from tracker.settings import Settings
from tracker.store import accounts, rollups
from tracker.store.engine import open_store, writing
from tracker.store.tables import events
from tracker.words import Role

ROUNDS = 3
"""Of so many the fastest is told: what else the machine does only makes one slower."""
GOALS = ((1_000_000, 1.0), (10_000_000, 3.0))
"""Up to so many events, a page takes so many seconds at most."""
LABELS = {"7": "7日間", "28": "28日間", "90": "90日間", "all": "全期間"}

_PAGES = (
    ("段階の動き", "?days={days}"),
    ("段階とクリック", "reports/clicks?days={days}"),
    ("シナリオ", "reports/scenarios?days={days}"),
    ("コンテンツ", "reports/content?days={days}"),
    ("営業と受注", "reports/sales?days={days}"),
    ("読者の一覧", "readers"),
    ("一人の読者", "readers/{reader}"),
)
_WHO = ("bench@example.jp", "for the bench alone")
_FORM = re.compile(r'name="csrf_token" value="([^"]+)"')


def bench_reports(
    root: Path, many: int, engines: tuple[str, ...], days: tuple[str, ...], say: Say
) -> bool:
    """Fill a store of about ``many`` events in each engine and ask the tracker for each page, with
    the periods of these keys (of ``LABELS``); whether all came in time. Raises ``BenchError``."""
    good = True
    for name in engines:
        with _store(name) as (folder, url), redis(folder) as cache:
            settings = prepared(root, folder / "data", cache, url)
            good = _of_engine(name, settings, many, days, say) and good
    return good


def _of_engine(name: str, settings: Settings, many: int, days: tuple[str, ...], say: Say) -> bool:
    goal = next((seconds for most, seconds in GOALS if many <= most), GOALS[-1][1])
    engine = open_store(settings.store_url)
    now = datetime.now(UTC)
    try:
        say(f"{name}: 記録を作ります")
        made = fill(engine, LiveCatalogue(settings.catalogue_path).now(), many, now, say)
        took, used = _keep_up(engine)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        say(
            f"{name}: {made:,}件の出来事。数え上げの更新は1万件に{1e7 * took / made:.0f}ms"
            f"（CPU {1e7 * used / made:.0f}ms）。目標: どのページも{goal:.0f}秒以内"
        )
        with writing(engine) as connection:
            accounts.add(connection, *_WHO, Role.ADMIN, now)
            reader = _busiest(connection)
    finally:
        engine.dispose()
    good = True
    with running(settings) as server:
        desk = f"http://127.0.0.1:{server.port}/desk/"
        browser = _signed_in(desk)
        for label, path in _PAGES:
            spans = days if "{days}" in path else ("",)
            took_by = {
                key: _fastest(browser, desk + path.format(days=key, reader=reader)) for key in spans
            }
            good = good and max(took_by.values()) <= goal
            parts = (f"{LABELS.get(key, '')} {took:.2f}秒".strip() for key, took in took_by.items())
            say(f"  {label}: {'、'.join(parts)}")
    return good


def _keep_up(engine: Engine) -> tuple[float, float]:
    """Take in the whole log as the worker does: seconds, and this process's seconds of CPU."""
    began, busy = time.perf_counter(), time.process_time()
    taken = 1
    while taken:
        with writing(engine) as connection:
            taken = rollups.take(connection)
    return time.perf_counter() - began, time.process_time() - busy


def _busiest(connection: Connection) -> str:
    """The reader of whom the log names most."""
    found = connection.execute(
        select(events.c.reader_id)
        .where(events.c.reader_id.is_not(None))
        .group_by(events.c.reader_id)
        .order_by(func.count().desc())
        .limit(1)
    ).scalar_one()
    return str(found)


def _signed_in(desk: str) -> OpenerDirector:
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    form = _FORM.search(browser.open(f"{desk}signin").read().decode())
    if form is None:
        raise BenchError("サインインの画面にフォームがありません")
    email, password = _WHO
    told = {"csrf_token": form[1], "email": email, "password": password}
    browser.open(f"{desk}signin", urlencode(told).encode()).read()
    return browser


def _fastest(browser: OpenerDirector, url: str) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        try:
            with browser.open(url) as answer:
                answer.read()
                where = answer.url
        except HTTPError as error:
            raise BenchError(f"{url}: {error}") from None
        took.append(time.perf_counter() - began)
        if where != url:
            raise BenchError(f"{url}: サインインしていません")
    return min(took)


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
