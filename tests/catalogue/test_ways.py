"""Which pages a reader cannot reach, and which leave them standing."""

import pytest

from tests.content import catalogue, page
from tracker.catalogue.pages import Page
from tracker.catalogue.ways import Ways
from tracker.words import PageKind, Stage

HOME = page("index.md", PageKind.PAGE, None, "ホーム", links=("a.md",))


def ways(*pages: Page) -> Ways:
    return Ways(catalogue(pages=pages))


def article(path: str, **more: object) -> Page:
    return page(path, PageKind.ARTICLE, Stage.AWARENESS, path, **more)


def cta(of: str, to: str) -> dict[str, object]:
    return {"id": "x", "page": of, "section": 0, "line": 1, "to": to, "aim": None, "label": "x"}


@pytest.mark.parametrize(
    "leading",
    [
        {"links": ("b.md",)},
        {"next": ("/b.md#part",)},
        {"ctas": (cta("a.md", "/b.md"),)},
        {"lists": (Stage.AWARENESS,)},
        {"persona_lists": ("owner",)},
    ],
)
def test_a_page_is_reached_by_any_way_an_editor_lays(leading: dict[str, object]) -> None:
    target = article("b.md", personas=("owner",))
    assert not ways(HOME, article("a.md", **leading), target).unreachable([])
    assert ways(HOME, article("a.md"), target).unreachable([]) == [target]


def test_pages_that_only_lead_to_each_other_are_not_reached() -> None:
    island = article("b.md", links=("c.md",)), article("c.md", links=("b.md",))
    assert ways(HOME, article("a.md"), *island).unreachable([]) == list(island)
    assert ways(HOME, article("a.md"), *island).unreachable(["c.md"]) == []


def test_a_list_of_seminars_leads_to_them() -> None:
    seminar = {
        "id": "s",
        "starts": "2026-12-10T14:00",
        "minutes": 60,
        "capacity": 5,
        "place": "オンライン",
    }
    held = page("s.md", PageKind.SEMINAR, Stage.TRUST, "勉強会", seminar=seminar)
    listing = page("index.md", PageKind.PAGE, None, "ホーム", seminar_lists=("upcoming",))
    assert ways(listing, held).unreachable([]) == []
    assert ways(HOME, held).unreachable([]) == [held]


def test_a_page_with_no_way_on_is_a_dead_end() -> None:
    end = article("a.md", links=("a.md",))
    form = page("inquiry.md", PageKind.INQUIRY, Stage.TRUST, "問い合わせ")
    assert ways(HOME, end, form, article("b.md", next=("/a.md",))).dead_ends() == [end]
