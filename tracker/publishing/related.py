"""Which pages lead on from a page, found from its tags, its stage and its personas."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nsmallest

from tracker.catalogue.pages import Page
from tracker.words import PageKind

READING = (PageKind.ARTICLE, PageKind.CASE, PageKind.VOICE)
"""What is read for its own sake, and may stand among related pages."""

_TAG, _STAGE, _PERSONA = 4, 2, 1
_LOOKED_AT = 60
"""Newest pages of one tag or stage that are compared, so that a large site builds as fast per
page as a small one."""


def newest_first(pages: Iterable[Page]) -> list[Page]:
    """By the day of publishing, undated ones last; the path decides between equals."""
    by_path = sorted(pages, key=lambda page: page.path)
    return sorted(
        by_path, key=lambda page: page.published.toordinal() if page.published else 0, reverse=True
    )


class Related:
    """Answers for one set of pages; the same pages always give the same answers."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self._alike: defaultdict[tuple[str, str | None], list[Page]] = defaultdict(list)
        self._newest: dict[tuple[str, str | None], dict[str, Page]] = {}
        self._age: dict[str, int] = {}
        self._marks: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        for age, page in enumerate(newest_first(p for p in pages if p.kind in READING)):
            self._age[page.path] = age
            self._marks[page.path] = frozenset(page.tags), frozenset(page.personas)
            for tag in page.tags:
                self._alike["tag", tag].append(page)
            self._alike["stage", page.stage].append(page)

    def _near(self, key: tuple[str, str | None]) -> dict[str, Page]:
        if key not in self._newest:
            newest = self._alike.get(key, ())[:_LOOKED_AT]
            self._newest[key] = {page.path: page for page in newest}
        return self._newest[key]

    def of(self, page: Page, limit: int = 3) -> Sequence[Page]:
        """At most ``limit`` pages, the likest first; none that its editor already leads to."""
        near: dict[str, Page] = {}
        for key in (*(("tag", tag) for tag in page.tags), ("stage", page.stage)):
            near.update(self._near(key))
        named = {link.removeprefix("/").partition("#")[0] for link in page.next}
        others = [p for p in near.values() if p.path != page.path and p.path not in named]
        tags, personas = frozenset(page.tags), frozenset(page.personas)

        def order(other: Page) -> tuple[int, int]:
            its_tags, its_personas = self._marks[other.path]
            alike = (
                _TAG * len(tags & its_tags)
                + _STAGE * (page.stage is other.stage)
                + _PERSONA * len(personas & its_personas)
            )
            return -alike, self._age[other.path]

        return nsmallest(limit, others, key=order)
