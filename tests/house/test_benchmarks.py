"""What the benchmark of the site measures is a site as editors write it."""

import re
from pathlib import Path

import pytest

from nurture_worker.benchmarks import engine, reports
from nurture_worker.benchmarks import site as bench
from tests.catalogue.small_site import write_site
from tracker.catalogue.load import load

REPOSITORY = Path(__file__).parents[2]


def test_the_grown_site_is_right_and_its_articles_have_their_size(tmp_path: Path) -> None:
    root = bench.grown(REPOSITORY, tmp_path / "site", 30)
    catalogue, problems = load(root)
    assert problems == []
    assert catalogue is not None
    articles = list((root / "site/pages/articles").glob("bench-*.md"))
    assert len(articles) == 30
    sizes = [path.stat().st_size for path in articles]
    assert 2_700 <= min(sizes) <= max(sizes) <= 3_300
    assert len([page for page in catalogue.pages if page.path.startswith("articles/bench-")]) == 30


def test_it_measures_both_builds_and_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "CHECKED_PAGES", 8)
    said: list[str] = []
    page = "---\ntitle: 認知\nkind: page\n---\n\n# 認知\n\n/// stage-pages | awareness\n///\n"
    root = write_site(tmp_path / "small", {"site/pages/stages/awareness.md": page})
    bench.bench_site(root, [2], 1, said.append)
    figures = said[2].split()
    assert figures[0] == "2"
    assert float(figures[-1]) > 0
    assert "sodate check（8ページ" in said[-1]


def test_a_build_that_fails_is_told(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"site/firm.yml": "name: x\n"})
    with pytest.raises(bench.BenchError, match=r"site/firm.yml:1"):
        bench.bench_site(root, [1], 1, lambda _: None)


def test_the_crowd_of_the_engine_is_as_large_as_asked_for_and_moves_on(tmp_path: Path) -> None:
    said: list[str] = []
    assert engine.bench_engine(REPOSITORY, 40, 1000, 100, said.append, tmp_path / "kept")
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.match("crowd-*.db")
    assert said[0].startswith("読者 40人、出来事 1,000件")
    entries, changes = (int(n.replace(",", "")) for n in re.findall(r"([\d,]+)件", said[-1]))
    assert entries > 100
    assert changes >= 40
    assert len(said) == 7


def test_a_crowd_with_too_little_to_tell_is_refused() -> None:
    with pytest.raises(bench.BenchError, match="4件以上"):
        engine.bench_engine(REPOSITORY, 40, 100, 10, print)


def test_the_reports_are_measured_over_a_made_up_record() -> None:
    said: list[str] = []
    assert reports.bench_reports(REPOSITORY, 3_000, ("sqlite",), ("90",), said.append)
    assert said[1].startswith("sqlite: 3,0")
    pages = [line.split(":")[0].strip() for line in said[2:]]
    assert pages[1:5] == ["段階とクリック", "シナリオ", "コンテンツ", "営業と受注"]
    assert "一人の読者" in pages
