"""How long building and checking takes as the site grows, beside plain MkDocs-Material."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tracker.words import Stage

Say = Callable[[str], None]

BUILD_GOAL = 1.3
"""Our build's CPU time over that of plain MkDocs-Material, at most."""

CHECK_GOAL = 2.0
"""Seconds for ``sodate check``, at most."""

CHECKED_PAGES = 500


@dataclass(frozen=True)
class Spent:
    """What one run took: CPU seconds, seconds by the clock, and its peak of memory in MB."""

    cpu: float
    wall: float
    peak: float


class BenchError(Exception):
    """A measured command failed; the message is what it said."""


def bench_site(root: Path, counts: Sequence[int], runs: int, say: Say) -> None:
    """Measure with copies of the site below ``root`` that have so many articles more.

    Each figure is the median of ``runs``; ours and the plain build take turns, so that a busy
    machine slows both. Raises ``BenchError``.
    """
    say(
        f"サイトの生成（CPU秒、{runs}回の中央値。目標: 素の MkDocs-Material の {BUILD_GOAL} 倍以内）"
    )
    say("  記事      育て  メモリー      素の版  メモリー      比")
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="sodate-bench-") as folder:
            site = grown(root, Path(folder) / "site", count)
            ours: list[Spent] = []
            plain: list[Spent] = []
            for _ in range(runs):
                ours.append(_build(site))
                plain.append(_plain(site))
            mine, theirs = _median(ours), _median(plain)
            say(
                f"  {count:>5,} {mine.cpu:>7.1f}秒 {mine.peak:>6.0f}MB {theirs.cpu:>9.1f}秒 "
                f"{theirs.peak:>6.0f}MB {mine.cpu / theirs.cpu:>7.2f}"
            )
    with tempfile.TemporaryDirectory(prefix="sodate-bench-") as folder:
        site = Path(folder) / "site"
        there = len(list((root / "site/pages").rglob("*.md")))
        grown(root, site, max(0, CHECKED_PAGES - there))
        found = _median([_check(site) for _ in range(max(3, runs))])
    say(
        f"sodate check（{CHECKED_PAGES}ページ、目標 {CHECK_GOAL:.0f} 秒以内）: "
        f"{found.wall:.2f}秒（CPU {found.cpu:.2f}秒）"
    )


def grown(root: Path, target: Path, articles: int) -> Path:
    """A copy of the site below ``root`` with ``articles`` of about 3 kB more, out of the menu."""
    target.mkdir(parents=True)
    for name in ("pages", "personas", "scenarios", "theme", "whitepapers"):
        if (root / "site" / name).is_dir():
            shutil.copytree(root / "site" / name, target / "site" / name)
    for name in ("mkdocs.yml", "site/firm.yml", "site/scoring.yml"):
        shutil.copy2(root / name, target / name)
    personas = sorted(path.stem for path in (root / "site/personas").glob("*.md"))
    for n in range(1, articles + 1):
        path = target / f"site/pages/articles/bench-{n:05}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_article(n, articles, personas), encoding="utf-8")
    return target


def _article(n: int, of: int, personas: list[str]) -> str:
    stage = list(Stage)[n % 4]
    title = f"計測のための記事 {n}"
    following = f"/articles/bench-{n % of + 1:05}.md"
    who = f"personas: [{personas[n % len(personas)]}]\n" if personas else ""
    sections = "\n".join(
        f"## 見出し {n}の{part}\n\n" + _PARAGRAPH.format(n=n, part=part) for part in range(1, 5)
    )
    return f"""---
title: {title}
description: 生成の速さを測るための記事の{n}本目です。
kind: article
stage: {stage}
{who}published: 2026-{n % 12 + 1:02}-{n % 28 + 1:02}
tags: [計測, 話題{n % 40}]
next: [{following}]
---

# {title}

{sections}
/// cta | bench-{n:05}
    to: {following}
    label: 次の記事を読む

続きは次の記事にあります。
///
"""


_PARAGRAPH = (
    "読者が迷う場所には、たいてい理由があります。{n}本目の記事の{part}つ目の節では、"
    "数え方と直し方を順に書きます。まず紙に書き出し、次に**1つだけ**変え、4週間待ちます。"
    "待つあいだに別のところを変えると、何が効いたのか分からなくなるからです。\n\n"
    "- 変える前の数を控える\n- 変えた日を書く\n- 同じ曜日どうしで比べる\n\n"
    "ここまでの話は[段階の案内](/stages/awareness.md)にもまとめています。"
    "数字が小さいうちは、増えたように見えても偶然かもしれません。\n\n"
)


def _build(site: Path) -> Spent:
    data = site.parent / "ours"
    shutil.rmtree(data, ignore_errors=True)
    return _run([*_SODATE, "build"], site, SODATE_ROOT=str(site), SODATE_DATA=str(data))


def _check(site: Path) -> Spent:
    return _run([*_SODATE, "check"], site, SODATE_ROOT=str(site), SODATE_DATA=str(site / "var"))


def _plain(site: Path) -> Spent:
    """The same pages by Material alone: our plugin, blocks and theme are taken out."""
    loader = type("_Loader", (yaml.SafeLoader,), {})
    loader.add_multi_constructor(  # type: ignore[attr-defined]
        "tag:yaml.org,2002:python/name:", lambda _loader, suffix, _node: _Name(suffix)
    )
    config = yaml.load((site / "mkdocs.yml").read_text(encoding="utf-8"), loader)  # noqa: S506 - a safe loader
    config["theme"] = {
        key: value for key, value in config["theme"].items() if key in ("name", "language", "font")
    } | {"features": config["theme"].get("features", [])}
    config["plugins"] = ["search"]
    config["markdown_extensions"] = [
        extension
        for extension in config["markdown_extensions"]
        if extension != "tracker.publishing.blocks"
    ]
    config["strict"] = False
    for key in ("extra", "extra_css", "watch"):
        config.pop(key, None)
    (site / "plain.yml").write_text(yaml.dump(config, Dumper=_dumper()), encoding="utf-8")
    target = site.parent / "plain"
    shutil.rmtree(target, ignore_errors=True)
    mkdocs = [sys.executable, "-m", "mkdocs", "build", "-q", "-f", "plain.yml", "-d", str(target)]
    return _run(mkdocs, site)


class _Name(str):
    """A ``!!python/name:`` of the configuration, to be written as it was."""


def _dumper() -> type[yaml.SafeDumper]:
    dumper = type("_Dumper", (yaml.SafeDumper,), {})
    dumper.add_representer(  # type: ignore[attr-defined]
        _Name, lambda d, name: d.represent_scalar(f"tag:yaml.org,2002:python/name:{name}", "")
    )
    return dumper


_SODATE = (sys.executable, "-m", "nurture_worker.cli")


def _run(command: Sequence[str], folder: Path, **more: str) -> Spent:
    env = {name: value for name, value in os.environ.items() if not name.startswith("SODATE_")}
    env |= {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true", **more}
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(  # noqa: S603 - our own commands
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            said.seek(0)
            raise BenchError(said.read().decode(errors="replace").strip())
    peak = used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Spent(used.ru_utime + used.ru_stime, time.perf_counter() - began, peak)


def _median(spent: Sequence[Spent]) -> Spent:
    return Spent(
        statistics.median(one.cpu for one in spent),
        statistics.median(one.wall for one in spent),
        statistics.median(one.peak for one in spent),
    )
