"""A draft is there for its editor, and for nobody else."""

from datetime import date
from pathlib import Path

from tests.catalogue.small_site import FILES, changed, write_site
from tracker.catalogue.hints import hints
from tracker.catalogue.load import load, read
from tracker.publishing.build import build_site
from tracker.settings import Settings

GOOD = "site/pages/articles/good.md"
STEP = "site/scenarios/interest/1-hello.md"
DRAFT = "site/pages/articles/draft.md"
TEXT = """---
title: 下書き
kind: article
stage: awareness
draft: true
next: [/articles/good.md]
---

# 下書き

本文。
"""


def test_drafts_are_in_no_catalogue_but_the_editors(tmp_path: Path) -> None:
    step = FILES[STEP].replace("day: 1", "day: 2\ndraft: true")
    root = write_site(tmp_path, {DRAFT: TEXT, "site/scenarios/interest/2-more.md": step})
    catalogue, problems = load(root)
    assert problems == []
    assert catalogue is not None
    assert catalogue.page_of("/articles/draft.md") is None
    assert [step.id for step in catalogue.scenarios[0].steps] == ["hello"]
    for_editors = read(root, drafts=True).catalogue
    assert for_editors is not None
    assert for_editors.page_of("/articles/draft.md") is not None
    assert [step.id for step in for_editors.scenarios[0].steps] == ["hello", "more"]


def test_a_scenario_of_drafts_alone_is_none(tmp_path: Path) -> None:
    root = write_site(tmp_path, changed(STEP, "day: 1", "day: 1\ndraft: true"))
    catalogue, _ = load(root)
    assert catalogue is not None
    assert catalogue.scenarios == ()


def test_mistakes_in_drafts_are_hints(tmp_path: Path) -> None:
    spoilt = TEXT.replace("stage: awareness", "stage: x").replace(
        "本文。", "［ここに本文］［ここに続き］"
    )
    root = write_site(tmp_path, {DRAFT: spoilt})
    reading = read(root)
    assert reading.problems == []
    told = [str(h) for h in hints(root, reading, date(2026, 11, 20)) if h.path == DRAFT]
    assert told == [
        f"{DRAFT}:4:8: 下書き: stage「x」は使えません（使える値: awareness, interest, understanding, trust）",
        f"{DRAFT}:11: 下書きです（公開するなら draft: true の行を消します。書きかけが2か所あります）",
    ]


def test_what_is_left_to_be_written_is_never_published(tmp_path: Path) -> None:
    root = write_site(tmp_path, changed(GOOD, "本文。", "［ここに本文を書く］"))
    assert [str(problem) for problem in load(root)[1]] == [
        f"{GOOD}:13:1: 書きかけの「［ここに本文を書く］」が残っています"
    ]


def test_a_published_page_cannot_lead_to_a_draft(tmp_path: Path) -> None:
    changes = {**changed(GOOD, "[/resources/guide.md]", "[/articles/draft.md]"), DRAFT: TEXT}
    assert [str(problem) for problem in load(write_site(tmp_path, changes))[1]] == [
        f"{GOOD}:8:8: ページ「/articles/draft.md」は下書きです（公開するなら draft: true の行を消します）"
    ]


def test_a_draft_may_lead_to_a_draft(tmp_path: Path) -> None:
    other = TEXT.replace("/articles/good.md", "/articles/draft.md")
    root = write_site(tmp_path, {DRAFT: TEXT, "site/pages/articles/a-draft.md": other})
    assert read(root).draft_problems == []


def test_of_two_with_one_id_or_day_the_draft_is_told(tmp_path: Path) -> None:
    cta = "\n/// cta | guide-in-good\n    to: /inquiry.md\n    label: 相談\n///\n"
    early = "site/pages/articles/a-draft.md"  # read before good.md, were it not a draft
    step = FILES[STEP].replace("day: 1", "day: 1\ndraft: true")
    root = write_site(tmp_path, {early: TEXT + cta, "site/scenarios/interest/1-a-draft.md": step})
    reading = read(root)
    assert reading.problems == []
    assert {problem.path for problem in reading.draft_problems} == {
        early,
        "site/scenarios/interest/1-a-draft.md",
    }


def test_the_menu_cannot_name_a_draft(tmp_path: Path) -> None:
    config = FILES["mkdocs.yml"] + "nav:\n  - index.md\n  - 下書き: articles/draft.md\n"
    problems = load(write_site(tmp_path, {"mkdocs.yml": config, DRAFT: TEXT}))[1]
    line = config.splitlines().index("  - 下書き: articles/draft.md") + 1
    assert [str(problem) for problem in problems] == [
        f"mkdocs.yml:{line}:10: navのページ「/articles/draft.md」は下書きです"
        "（公開するなら draft: true の行を消します）"
    ]


def test_a_draft_is_not_built(tmp_path: Path) -> None:
    root = write_site(tmp_path, {DRAFT: TEXT})
    settings = Settings(root=root, data=tmp_path / "var")
    assert build_site(settings) == []
    built = settings.built_site.resolve()
    assert (built / "articles/good/index.html").exists()
    assert not (built / "articles/draft").exists()
    texts = [path.read_text() for path in built.rglob("*") if path.suffix in (".html", ".xml")]
    assert not [text for text in texts if "下書き" in text]
    assert "下書き" not in settings.catalogue_path.read_text()
