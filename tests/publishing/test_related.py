"""Which pages stand below an article as related."""

from tests.content import page
from tracker.catalogue.pages import Page
from tracker.publishing.related import Related
from tracker.words import PageKind, Stage


def article(name: str, stage: Stage = Stage.INTEREST, **more: object) -> Page:
    return page(f"articles/{name}.md", PageKind.ARTICLE, stage, name, **more)


def of(pages: list[Page]) -> list[str]:
    """The names of what is related to the first of ``pages``."""
    return [other.title for other in Related(pages).of(pages[0])]


def test_a_shared_topic_weighs_more_than_the_stage() -> None:
    assert of(
        [
            article("one", tags=("導線",)),
            article("same-stage"),
            article("same-topic", Stage.TRUST, tags=("導線",)),
        ]
    ) == ["same-topic", "same-stage"]


def test_the_persona_decides_between_equals_and_then_the_newest() -> None:
    assert of(
        [
            article("one", personas=("owner",)),
            article("old", published="2026-01-01"),
            article("new", published="2026-02-01"),
            article("for-owner", personas=("owner",), published="2025-01-01"),
        ]
    ) == ["for-owner", "new", "old"]


def test_what_is_for_the_same_persona_comes_last() -> None:
    assert of(
        [
            article("one", personas=("owner",)),
            article("same-persona", Stage.TRUST, personas=("owner",)),
            article("same-stage"),
        ]
    ) == ["same-stage", "same-persona"]


def test_no_more_than_three_and_none_that_the_editor_leads_to_already() -> None:
    pages = [article("one", next=("/articles/b.md#part",)), *(article(name) for name in "abcde")]
    assert of(pages) == ["a", "c", "d"]


def test_the_order_of_the_files_changes_nothing() -> None:
    pages = [article("one", tags=("x",)), *(article(name, tags=("x",)) for name in "abcd")]
    assert of(pages) == of([pages[0], *reversed(pages[1:])])


def test_what_is_not_for_reading_is_never_related() -> None:
    inquiry = page("inquiry.md", PageKind.INQUIRY, Stage.INTEREST, "i", tags=("x",))
    assert of([article("one", tags=("x",)), inquiry]) == []


def test_a_page_without_anything_in_common_is_not_related() -> None:
    assert of([article("one", Stage.TRUST), article("other", Stage.AWARENESS)]) == []
