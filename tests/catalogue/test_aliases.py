"""The addresses a page had before: how an editor writes them, and what they may not be."""

from pathlib import Path

import pytest

from tests.catalogue.small_site import changed, write_site
from tests.content import catalogue
from tracker.catalogue import Catalogue
from tracker.catalogue.load import load, read

GOOD = "site/pages/articles/good.md"
TOP = "title: よい記事\n"
ISSUE = "site/newsletters/2026-12-01-hello.md"


def told(tmp_path: Path, aliases: str, **more: str) -> list[str]:
    """What is wrong with a page of these ``aliases``."""
    files = changed(GOOD, "stage: awareness\n", f"stage: awareness\naliases: {aliases}\n")
    _, problems = load(write_site(tmp_path, {**files, **more}))
    return [str(problem) for problem in problems]


def renamed() -> Catalogue:
    """The tests' catalogue after one of its articles was renamed."""
    text = catalogue().model_dump_json().replace("articles/why", "articles/why-none")
    found = Catalogue.model_validate_json(text)
    return found.model_copy(
        update={
            "pages": tuple(
                page.model_copy(update={"aliases": ("/articles/why/",)})
                if page.path == "articles/why-none.md"
                else page
                for page in found.pages
            )
        }
    )


def test_the_catalogue_knows_a_page_by_its_addresses_of_before(tmp_path: Path) -> None:
    files = changed(
        GOOD,
        "stage: awareness\n",
        "stage: awareness\naliases: [/old/, /2019/05/製造業の記事/, /blog/good.html]\n",
    )
    found, problems = load(write_site(tmp_path, files))
    assert problems == []
    assert found is not None
    found.write(tmp_path / "catalogue.json")
    again = Catalogue.read(tmp_path / "catalogue.json")
    assert again.moved == {
        "old/": "articles/good/",
        "2019/05/製造業の記事/": "articles/good/",
        "blog/good.html": "articles/good/",
    }
    for url in ("articles/good/", "/old/", "2019/05/製造業の記事/", "/blog/good.html"):
        page = again.page_at(url)
        assert page is not None
        assert page.path == "articles/good.md"
    assert again.page_at("/elsewhere/") is None


MALFORMED = [
    ("articles/old.md", "もしかして: /articles/old/"),
    ("/articles/old", "もしかして: /articles/old/"),
    ("/articles/index.md", "もしかして: /articles/"),
    ("/articles/old/index.html", "もしかして: /articles/old/"),
    ("https://media.example.jp/articles/old/?utm=1#part", "もしかして: /articles/old/"),
    ("/%E8%A8%98%E4%BA%8B/", "もしかして: /記事/"),
    ("/a/../b/", "例: /articles/old-name/"),
    ("//a/", "例: /articles/old-name/"),
    ("/", "例: /articles/old-name/"),
    ("/a b/", "例: /articles/old-name/"),
    (f"/{'長' * 90}/", "例: /articles/old-name/"),
]


@pytest.mark.parametrize(("alias", "hint"), MALFORMED)
def test_a_malformed_one_is_refused_with_the_one_that_was_meant(
    tmp_path: Path, alias: str, hint: str
) -> None:
    (problem,) = told(tmp_path, f'["{alias}"]')
    assert problem.startswith(f"{GOOD}:6:11: aliases「")
    assert "は使えません（サイトの中の前のアドレスを / から書き、/ か .html で終えます。" in problem
    assert problem.endswith(f"{hint}）")


def test_it_is_no_address_of_today(tmp_path: Path) -> None:
    assert told(tmp_path, "[/inquiry/]") == [
        f"{GOOD}:6:11: aliases「/inquiry/」はいまも site/pages/inquiry.md のアドレスです"
        "（ページがなくなってから書けます）"
    ]
    assert told(tmp_path, "[/articles/good/]") == [
        f"{GOOD}:6:11: aliases「/articles/good/」はこのページのいまのアドレスです"
        "（前のアドレスだけを書きます）"
    ]
    (asset,) = told(tmp_path, "[/app/]", **{"site/pages/app/index.html": "<p>"})
    assert "「/app/」はいまもあるファイルのアドレスです" in asset


def test_it_leads_to_one_page_only(tmp_path: Path) -> None:
    other = "site/pages/inquiry.md"
    spoilt = changed(other, "stage: trust\n", "stage: trust\naliases: [/old/]\n")
    (problem,) = told(tmp_path, "[/old/]", **{k: str(v) for k, v in spoilt.items()})
    assert problem == (
        f"{other}:5:11: aliases「/old/」は{GOOD}:6にもあります"
        "（前のアドレスが導くのは1ページだけです）"
    )
    (twice,) = told(tmp_path / "twice", "[/old/, /old/]")
    assert f"「/old/」は{GOOD}:6にもあります" in twice


def test_a_draft_may_wait_at_the_place_of_the_page_it_will_replace(tmp_path: Path) -> None:
    draft = (
        "---\ntitle: 新しい\nkind: page\ndraft: true\naliases: [/articles/good/]\n---\n\n# 新しい\n"
    )
    found = read(write_site(tmp_path, {"site/pages/new.md": draft}))
    assert found.problems == []
    (problem,) = found.draft_problems
    assert "site/pages/articles/good.md のアドレスです" in problem.message
    assert found.catalogue is not None
    assert found.catalogue.moved == {}


def test_a_link_to_a_page_that_moved_is_told_where_it_is_now(tmp_path: Path) -> None:
    problems = told(
        tmp_path,
        "[/articles/old/]",
        **{
            "site/scenarios/interest/2-more.md": "---\nday: 2\nsubject: 続き\n---\n\n"
            "[記事](/articles/old.md)\n"
        },
    )
    assert problems == [
        "site/scenarios/interest/2-more.md:6:1: ページ「/articles/old.md」は移りました"
        "（いまは /articles/good.md）"
    ]
