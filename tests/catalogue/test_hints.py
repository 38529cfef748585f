"""What editors are told beside mistakes, without being stopped."""

import os
import subprocess
from datetime import date
from pathlib import Path

from tests.catalogue.small_site import FILES, changed, write_site
from tracker.catalogue.hints import hints
from tracker.catalogue.load import read

TODAY = date(2026, 11, 20)
GOOD = "site/pages/articles/good.md"


def told(root: Path, changes: dict[str, str | bytes | None] | None = None) -> list[str]:
    write_site(root, changes)
    reading = read(root)
    assert reading.problems == []
    return [str(hint) for hint in hints(root, reading, TODAY)]


def lines_about(told: list[str], path: str) -> list[str]:
    return [line for line in told if line.startswith(path)]


def test_a_page_out_of_the_menu_that_nothing_leads_to_is_told(tmp_path: Path) -> None:
    config = FILES["mkdocs.yml"] + "nav:\n  - ホーム: index.md\n  - 診断: diagnosis.md\n"
    found = told(tmp_path, {"mkdocs.yml": config})
    assert lines_about(found, "site/pages/inquiry.md") == [
        "site/pages/inquiry.md:1: どこからもたどり着けません（記事、next、CTA、mkdocs.yml の nav の"
        "どれかから道をつなぎます）"
    ]
    assert not lines_about(found, GOOD), "the home page lists its stage"


def test_a_link_in_the_theme_leads_to_a_page(tmp_path: Path) -> None:
    config = FILES["mkdocs.yml"] + "nav: [index.md]\n"
    footer = """<a href="{{ 'inquiry/' | url }}">問い合わせ</a>"""
    found = told(tmp_path, {"mkdocs.yml": config, "site/theme/partials/footer.html": footer})
    assert not lines_about(found, "site/pages/inquiry.md")


def test_a_page_only_mails_lead_to_is_told_as_such(tmp_path: Path) -> None:
    config = FILES["mkdocs.yml"] + "nav: [index.md]\n"
    step = FILES["site/scenarios/interest/1-hello.md"] + "\n[相談](/inquiry.md)\n"
    found = told(tmp_path, {"mkdocs.yml": config, "site/scenarios/interest/1-hello.md": step})
    assert lines_about(found, "site/pages/inquiry.md") == [
        "site/pages/inquiry.md:1: ステップメールからしか開けません"
    ]


def test_a_dead_end_is_told(tmp_path: Path) -> None:
    page = "---\ntitle: 終わり\nkind: page\n---\n\n# 終わり\n\n本文。\n"
    found = told(tmp_path, {"site/pages/end.md": page})
    assert len(lines_about(found, "site/pages/end.md:1: 行き止まりです")) == 1


def test_a_persona_without_what_others_find_in_a_stage_is_told(tmp_path: Path) -> None:
    clerk = "---\nname: 広報\nworry: 時間がない\n---\n\n本文。\n"
    found = told(tmp_path, {"site/personas/clerk.md": clerk})
    assert lines_about(found, "site/personas/clerk.md") == [
        "site/personas/clerk.md:1: 理解（understanding）の「広報」に向けたページが1つもありません",
        "site/personas/clerk.md:1: 認知（awareness）の「広報」に向けたページが1つもありません",
    ]
    assert lines_about(found, "site/personas/owner.md") == [
        "site/personas/owner.md:1: 理解（understanding）の「社長」に向けたページが1つもありません"
    ]


def test_a_file_no_form_gives_is_told(tmp_path: Path) -> None:
    found = told(tmp_path, {"site/whitepapers/old.pdf": "%PDF"})
    assert lines_about(found, "site/whitepapers") == [
        "site/whitepapers/old.pdf:1: この資料を渡すフォームがありません"
    ]


def test_a_page_published_long_ago_is_told(tmp_path: Path) -> None:
    old = changed(GOOD, "published: 2026-11-04", "published: 2025-11-19")
    assert lines_about(told(tmp_path, old), GOOD) == [
        f"{GOOD}:1: 2025-11-19から1年以上、手が入っていません"
        "（読み直し、正しければ published を今日にします）"
    ]
    year = changed(GOOD, "published: 2026-11-04", "published: 2025-11-20")
    assert not lines_about(told(tmp_path, year), GOOD)


def git(root: Path, *words: str, day: str = "") -> None:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.jp"}
    who |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.jp"}
    dates = {"GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day} if day else {}
    subprocess.run(
        ["git", *words],
        cwd=root,
        check=True,
        capture_output=True,
        env={**os.environ, **who, **dates},
    )


def test_a_commit_touches_a_page_and_so_does_a_change_not_committed(tmp_path: Path) -> None:
    old = changed(GOOD, "published: 2026-11-04", "published: 2024-01-01")
    top = tmp_path / "top"
    root = write_site(top / "media", old)  # below the top of the repository
    git(top, "init", "-q")
    git(top, "add", ".")
    git(top, "commit", "-qm", "first", day="2025-02-03T12:00:00+00:00")
    reading = read(root)

    def about_good() -> list[str]:
        return lines_about([str(hint) for hint in hints(root, reading, TODAY)], GOOD)

    assert about_good()[0].startswith(f"{GOOD}:1: 2025-02-03から1年以上")
    (root / GOOD).write_text((root / GOOD).read_text() + "\n直した。\n")
    assert about_good() == []
    git(top, "commit", "-qam", "second", day="2026-01-01T12:00:00+00:00")
    assert about_good() == []
