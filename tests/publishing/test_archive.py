"""The newsletter on the site: each issue a page, the list of those whose day has come."""

import re
from datetime import date, datetime
from pathlib import Path

import pytest

from tests.content import catalogue
from tests.more_content import NEWSLETTER_PAGE
from tracker.catalogue import Catalogue
from tracker.catalogue.issues import Issue
from tracker.publishing import archive


def issue(name: str, day: int) -> Issue:
    return Issue(
        id=name,
        path=f"site/newsletters/2026-12-{day:02}-{name}.md",
        line=6,
        send_at=datetime(2026, 12, day, 10, 0),  # noqa: DTZ001 - the firm's clock
        subject="{{ name }} 様へ: 終わりの2行",
        preview="10分で。",
        body="{{ name }} 様\n\n[事例](/cases/metal.md){ .button }\n",
    )


@pytest.fixture
def small() -> Catalogue:
    known = catalogue()
    return known.model_copy(
        update={
            "pages": (*known.pages, NEWSLETTER_PAGE),
            "issues": (issue("first", 1), issue("second", 8)),
        }
    )


def test_every_issue_has_a_page_and_the_list_those_whose_day_has_come(small: Catalogue) -> None:
    made = dict(archive.sources(small, date(2026, 12, 1)))
    assert set(made) == {"newsletters/index.md", "newsletters/first.md", "newsletters/second.md"}
    listed = made["newsletters/index.md"]
    assert "/newsletters/first.md" in listed
    assert "/newsletters/second.md" not in listed
    later = dict(archive.sources(small, date(2026, 12, 8)))["newsletters/index.md"]
    assert later.index("second.md") < later.index("first.md")


def test_the_page_calls_nobody_by_name(small: Catalogue) -> None:
    page = dict(archive.sources(small, date(2026, 12, 1)))["newsletters/first.md"]
    assert "{{" not in page
    assert "読者のみなさま" in page
    assert '\ntitle: "読者 様へ: 終わりの2行"\n' in f"\n{page}"
    assert "[月刊ためしを受け取る](/newsletter.md)" in page


def test_a_site_without_issues_has_no_such_pages() -> None:
    assert list(archive.sources(catalogue(), date(2026, 12, 1))) == []


def test_an_issue_is_read_in_a_browser_and_kept_out_of_searches(built: Path) -> None:
    page = (built / "newsletters/why-people-leave/index.html").read_text(encoding="utf-8")
    assert archive.NOINDEX in page
    assert "配信の停止が続いたら" in page
    assert re.search(r'class="md-button[^"]*" href="\.\./\.\./articles/what-we-promise/"', page)
    listed = (built / "newsletters/index.html").read_text(encoding="utf-8")
    assert archive.NOINDEX not in listed
    assert "../newsletters/" in (built / "newsletter/index.html").read_text(encoding="utf-8")
    assert "newsletters/" not in (built / "sitemap.xml").read_text(encoding="utf-8")
    assert "約束と配信" not in (built / "search/pages.json").read_text(encoding="utf-8")
