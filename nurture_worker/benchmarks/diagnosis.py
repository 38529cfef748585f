"""How right the diagnosis is, on made-up sites whose truth is known, and how fast."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from nurture_worker.benchmarks import simulated
from nurture_worker.benchmarks.site import BenchError
from nurture_worker.diagnosis.answer import Row, rows
from nurture_worker.diagnosis.figures import Figures
from nurture_worker.diagnosis.questions import ask
from nurture_worker.diagnosis.report import diagnose
from nurture_worker.diagnosis.words import place
from tracker.counts import Counts
from tracker.diagnosis import DiagnosisReport, Place

Say = Callable[[str], None]

TRAFFICS = ((2_000, 90), (6_000, 90), (10_000, 30), (50_000, 30))
"""Sessions in the window, and its days."""
SINCE = datetime(2026, 6, 1, tzinfo=UTC)
SPEED_SESSIONS, SPEED_GOAL = 50_000, 10.0
MOST_MORE = 40
"""A site that would need so many times its traffic is not simulated on."""


@dataclass
class Tally:
    """What became of the reports of one traffic."""

    sound: int = 0
    false_sound: int = 0
    sites: int = 0
    planted: int = 0
    found: int = 0
    hits: int = 0
    covered: int = 0
    worth: float = 0.0
    worth_found: float = 0.0
    cleared: int = 0
    promised: int = 0
    kept: int = 0
    by_kind: dict[str, list[int]] = field(default_factory=dict)


def bench_diagnosis(sites: int, say: Say) -> None:
    """Judge ``sites`` sound and as many planted sites at each traffic, then time a whole run over
    a file. Raises ``BenchError``."""
    say(f"診断の正しさ（作ったサイト、各{sites}件。欠陥は1サイトに8種類を1つずつ）")
    say(
        "  訪問     健全で誤検出  適合率  再現率  見つけた件数の割合  8割の幅  "
        "欠陥に「問題なし」  あとN回で分かる"
    )
    kinds: dict[str, list[str]] = {}
    for sessions, days in TRAFFICS:
        tally = judge(sites, sessions, days)
        say(
            f"  {sessions:>6,} {tally.false_sound / tally.sound:>10.1%} "
            f"{_part(tally.hits, tally.found):>9} {_part(tally.hits, tally.planted):>7} "
            f"{_part(tally.worth_found, tally.worth):>14} {_part(tally.covered, tally.hits):>12} "
            f"{_part(tally.cleared, tally.planted):>13} {_part(tally.kept, tally.promised):>16}"
        )
        for kind, (hits, planted, covered) in sorted(tally.by_kind.items()):
            kinds.setdefault(kind, []).append(
                f"{_part(hits, planted):>6} {'(' + _part(covered, hits) + ')':>7}"
            )
    say("  種類ごとの再現率（8割の幅が当たった割合）")
    for kind, parts in kinds.items():
        say(f"    {kind:<20}" + "  ".join(parts))
    _speed(say)


def judge(sites: int, sessions: int, days: int, seed: int = 0) -> Tally:
    """Diagnose that many sound and planted sites of that traffic."""
    tally = Tally()
    for number in range(sites):
        own = Random(seed * 100_003 + number)  # noqa: S311 - no secret
        world = simulated.sound(own)
        report = _report(world, sessions, days, number)
        past = past_bound(world)
        tally.sound += 1
        tally.false_sound += any(r.key not in past for r in rows(report) if r.status == "found")
    for number in range(sites):
        truth = simulated.planted(Random(seed * 100_003 + 50_000 + number))  # noqa: S311 - no secret
        _judge_planted(tally, truth, sessions, days, 50_000 + number)
    return tally


def _judge_planted(
    tally: Tally, truth: simulated.Truth, sessions: int, days: int, seed: int
) -> None:
    report = _report(truth.world, sessions, days, seed)
    said = {row.key: row for row in rows(report)}
    past = past_bound(truth.world)
    true = {defect.key: defect for defect in truth.defects}
    found = [row for row in said.values() if row.status == "found"]
    tally.sites += 1
    tally.planted += len(true)
    tally.found += sum(row.key in true or row.key not in past for row in found)
    scale = sessions * 30 / days
    waiting: list[tuple[simulated.Defect, int]] = []
    for key, defect in true.items():
        kind = tally.by_kind.setdefault(defect.kind, [0, 0, 0])
        gain = defect.worth * scale
        tally.worth += max(0.0, gain)
        kind[1] += 1
        row = said.get(key)
        if row is None:
            continue
        if row.status == "found" and row.gain is not None:
            inside = row.gain.lo <= gain <= row.gain.hi
            tally.hits += 1
            tally.worth_found += max(0.0, gain)
            tally.covered += inside
            kind[0] += 1
            kind[2] += inside
        tally.cleared += row.status == "clear"
        if row.more_sessions and row.more_sessions < MOST_MORE * sessions:
            waiting.append((defect, row.more_sessions))
    for defect, more in waiting:
        again = _report(truth.world, sessions + more, days, seed + 7)
        status = {row.key: row.status for row in rows(again)}.get(defect.key)
        tally.promised += 1
        tally.kept += status in ("found", "clear")


def past_bound(world: simulated.World) -> set[tuple[str, str]]:
    """All objects that are truly past the bound of their question: no false finding, whether
    planted or not."""
    figures = Figures(simulated.large(world), world.site())
    found = set()
    for question in ask(figures, 30):
        low = question.side == "low"
        if question.share < question.bound if low else question.share > question.bound:
            found.add(Row.of(question.kind, Place(**place(question)), "found").key)
    return found


def _report(world: simulated.World, sessions: int, days: int, seed: int) -> DiagnosisReport:
    counts: Counts = simulated.counts(world, sessions, seed)
    return diagnose(counts, world.site(), SINCE, SINCE + timedelta(days=days))


def _speed(say: Say) -> None:
    with tempfile.TemporaryDirectory(prefix="sodate-bench-") as name:
        folder = Path(name)
        truth = simulated.planted(Random(1))  # noqa: S311 - no secret
        site, events = simulated.write(truth.world, SPEED_SESSIONS, 30, 1, folder)
        command = [
            sys.executable, "-m", "nurture_worker.cli", "diagnose", "--site", str(site),
            "--events", str(events), "--json", str(folder / "answer.json"),
        ]  # fmt: skip
        began = time.perf_counter()
        with (folder / "said").open("wb") as said:
            child = subprocess.Popen(command, stdout=said, stderr=said)  # noqa: S603 - our own
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        took = time.perf_counter() - began
        if child.returncode != 0:
            raise BenchError((folder / "said").read_text(errors="replace").strip())
        peak = used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
        say(
            f"ファイルからの診断（{SPEED_SESSIONS:,}回の訪問、目標 {SPEED_GOAL:.0f} 秒以内）: "
            f"{took:.1f}秒、メモリー {peak:.0f}MB"
        )


def _part(n: float, of: float) -> str:
    return f"{n / of:.2f}" if of else "—"
