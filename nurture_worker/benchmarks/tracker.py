"""How fast the tracker's doors are beside a Flask that does nothing, and what they cost."""

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from nurture_worker.benchmarks.killed import kill_under_load
from nurture_worker.benchmarks.servers import (
    KEY,
    PROCESSES,
    TRACKER,
    Server,
    postgresql,
    prepared,
    redis,
    running,
)
from nurture_worker.benchmarks.site import BenchError, Say
from tracker.catalogue import Catalogue
from tracker.links import Click, Links

CONNECTIONS = 16
RATIO_GOAL = 0.65
"""Of the requests a second of the bare Flask, at least."""
P99_GOAL = 15.0
"""Milliseconds, at most."""
START_GOAL = 2.0
"""Seconds from the start to the first answer, at most."""
MEMORY_GOAL = 120.0
"""MiB a process after the load, at most."""

_BARE = "nurture_worker.benchmarks.peers:bare"
_BY_FLASK = "nurture_worker.benchmarks.peers:by_flask"
_TOKENS = 5000
_ANSWERS_BEFORE_THE_KILL = 5000
_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36"
)
_CLICKS = """
local requests = {}
for path in io.lines(os.getenv("BENCH_PATHS")) do
  requests[#requests + 1] = wrk.format("GET", path, {
    ["User-Agent"] = os.getenv("BENCH_AGENT"), ["Accept-Language"] = "ja,en;q=0.8",
    ["Accept"] = "text/html", ["Accept-Encoding"] = "gzip, deflate, br",
    ["Sec-Fetch-Mode"] = "navigate", ["Sec-Fetch-Dest"] = "document",
    ["Sec-Fetch-Site"] = "none", ["Sec-Fetch-User"] = "?1" })
end
local threads = 0
function setup(thread) thread:set("number", threads); threads = threads + 1 end
local n = 0
function request() n = n + 1; return requests[(number * 997 + n) % #requests + 1] end
"""
_BEACONS = """
local threads = 0
function setup(thread) thread:set("number", threads); threads = threads + 1 end
local n = 0
local page = os.getenv("BENCH_PAGE")
function request()
  n = n + 1
  local view = string.format("%s%02x%010x", os.getenv("BENCH_ROUND"), number, n)
  return wrk.format("POST", "/e", {
    ["User-Agent"] = os.getenv("BENCH_AGENT"), ["Content-Type"] = "text/plain;charset=UTF-8",
    ["Accept-Language"] = "ja,en;q=0.8", ["Sec-Fetch-Mode"] = "no-cors",
    ["Sec-Fetch-Dest"] = "empty", ["Sec-Fetch-Site"] = "same-origin",
    ["Cookie"] = "sodate_visitor=0123456789abcdef0123456789abcdef" },
    '{"pv":"' .. view .. '","page":"' .. page .. '","events":['
    .. '{"n":0,"e":"page_view","ref":"search"},'
    .. '{"n":1,"e":"page_end","active_ms":5200,"dwell_ms":9100,"done":false},'
    .. '{"n":2,"e":"page_end","active_ms":9400,"dwell_ms":19100,"done":true}]}')
end
"""
_DONE = """
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"us":%d,"p99":%d,"errors":%d}\\n', summary.requests,
    summary.duration, latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True)
class Round:
    """What one round of load found: requests a second, and the slowest of a hundred in ms."""

    rate: float
    p99: float


@dataclass
class _Contender:
    name: str
    server: Server
    clicks: list[Round] = field(default_factory=list)
    beacons: list[Round] = field(default_factory=list)


def bench_tracker(root: Path, rounds: int, seconds: int, say: Say) -> bool:
    """Measure the tracker over the content below ``root``, in ``rounds`` of ``seconds`` in which
    the servers take turns; whether every goal was met. Raises ``BenchError``."""
    if shutil.which("wrk") is None:
        raise BenchError(
            "wrk がありません。apt-get install wrk（macOS は brew install wrk）で入れてから、"
            "もう一度実行してください"
        )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sodate-bench-")))
        cache = stack.enter_context(redis(folder))
        database = stack.enter_context(postgresql())
        plans = [
            ("素の Flask", _BARE, ""),
            ("育て（Flask の中で）", _BY_FLASK, ""),
            ("育て（SQLite）", TRACKER, ""),
        ]
        if database:
            plans.append(("育て（PostgreSQL）", TRACKER, database))
        else:
            say("PostgreSQL がないので、SQLite だけで測ります")
        contenders = []
        for number, (name, app, store) in enumerate(plans):
            settings = prepared(root, folder / str(number), cache, store)
            contenders.append(_Contender(name, stack.enter_context(running(settings, app))))
        load = _Load(settings.catalogue_path, folder, seconds)
        _take_turns(contenders, load, rounds)
        good = _tell(contenders, rounds, say)
        starts = []
        for n in range(3):
            with running(prepared(root, folder / f"start{n}", cache)) as server:
                starts.append(server.started)
        start = statistics.median(starts)
        say(f"  起動から最初の応答まで {start:.2f}秒（目標 {START_GOAL:.0f}秒以下）")
        kept = kill_under_load(
            prepared(root, folder / "killed", cache), _ANSWERS_BEFORE_THE_KILL, one_first=True
        )
        say(
            f"  負荷の中で SIGKILL: 答えた {kept.answered:,}件のうち、"
            f"なくなった {kept.missing}件、二重 {kept.doubled}件"
        )
        return good and start <= START_GOAL and not kept.missing and not kept.doubled


def _take_turns(contenders: Sequence[_Contender], load: "_Load", rounds: int) -> None:
    for turn in range(rounds + 1):
        for contender in contenders:
            clicks = load.clicks(contender.server.port)
            contender.server.drain()
            beacons = load.beacons(contender.server.port)
            contender.server.drain()
            if turn:  # the first one only warms up
                contender.clicks.append(clicks)
                contender.beacons.append(beacons)


def _tell(contenders: Sequence[_Contender], rounds: int, say: Say) -> bool:
    bare = contenders[0]
    say(
        f"トラッカー（wrk {CONNECTIONS}接続、{PROCESSES}プロセス、{rounds}回の中央値。目標:"
        f" 素の Flask の {RATIO_GOAL} 倍以上、p99 {P99_GOAL:.0f}ms 以下、"
        f"{MEMORY_GOAL:.0f}MiB 以下）"
    )
    say("    クリック/秒     比   p99 ms  ビーコン/秒     比   p99 ms      MiB")
    good = True
    for one in contenders:
        click, click_ratio = _against(one.clicks, bare.clicks)
        beacon, beacon_ratio = _against(one.beacons, bare.beacons)
        memory = max(one.server.workers().values())
        say(f"  {one.name}")
        say(
            f"    {click.rate:>11,.0f} {click_ratio:>6.2f} {click.p99:>8.1f}"
            f" {beacon.rate:>12,.0f} {beacon_ratio:>6.2f} {beacon.p99:>8.1f} {memory:>8.0f}"
        )
        if one in contenders[2:]:
            good &= min(click_ratio, beacon_ratio) >= RATIO_GOAL
            good &= click.p99 <= P99_GOAL and memory <= MEMORY_GOAL
    return good


def _against(ours: Sequence[Round], bare: Sequence[Round]) -> tuple[Round, float]:
    """The median round, and the median of what each is to the bare one of its turn."""
    median = Round(
        statistics.median(one.rate for one in ours), statistics.median(one.p99 for one in ours)
    )
    ratios = (one.rate / other.rate for one, other in zip(ours, bare, strict=True))
    return median, statistics.median(ratios)


class _Load:
    """What wrk asks of a server: clicks on links that differ, and beacons of three events."""

    def __init__(self, catalogue: Path, folder: Path, seconds: int) -> None:
        pages = [page.url for page in Catalogue.read(catalogue).pages]
        links = Links([KEY])
        now = datetime.now(UTC)
        tokens = (
            links.sign(Click(f"bench{n:07}", n % 5, pages[n % len(pages)]), now)
            for n in range(_TOKENS)
        )
        self._paths = folder / "paths"
        self._paths.write_text("".join(f"/c/{token}\n" for token in tokens))
        self._scripts = {"clicks": _CLICKS, "beacons": _BEACONS}
        for name, script in self._scripts.items():
            (folder / f"{name}.lua").write_text(script + _DONE)
        self._folder, self._seconds = folder, seconds
        self._page = next(url for url in pages if url.startswith("articles/"))
        self._round = 0

    def clicks(self, port: int) -> Round:
        return self._run("clicks", port)

    def beacons(self, port: int) -> Round:
        return self._run("beacons", port)

    def _run(self, name: str, port: int) -> Round:
        self._round += 1
        env = {
            **os.environ,
            "BENCH_PATHS": str(self._paths),
            "BENCH_AGENT": _CHROME,
            "BENCH_PAGE": self._page,
            "BENCH_ROUND": f"{int(time.time()):08x}{self._round:04x}",
        }
        command = [
            *("wrk", "-t", "2", "-c", str(CONNECTIONS), "-d", str(self._seconds)),
            *("-s", str(self._folder / f"{name}.lua"), f"http://127.0.0.1:{port}"),
        ]
        told = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603
        line = next((s for s in told.stdout.splitlines() if s.startswith("RESULT ")), None)
        if line is None:
            raise BenchError(told.stdout + told.stderr)
        found = json.loads(line.removeprefix("RESULT "))
        if found["errors"]:
            raise BenchError(f"{found['errors']}件の要求に、正しい答えがありません\n{told.stdout}")
        return Round(found["requests"] / found["us"] * 1e6, found["p99"] / 1000)
