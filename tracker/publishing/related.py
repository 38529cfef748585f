"""Which pages lead on from a page, found from its tags, its stage and its personas."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from tracker.catalogue.pages import Page
from tracker.words import PageKind, Stage

READING = (PageKind.ARTICLE, PageKind.CASE, PageKind.VOICE)
"""What is read for its own sake, and may stand among related pages."""

LEADING_ON = (
    *READING,
    PageKind.RESOURCE,
    PageKind.SEMINAR,
    PageKind.VIDEO,
    PageKind.DIAGNOSIS,
)
"""What has related pages below it."""

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


_Sort = tuple[tuple[str, ...], Stage | None, tuple[str, ...]]


class Related:
    """Answers for one set of pages; the same pages always give the same answers."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self._alike: defaultdict[tuple[str, str | None], list[Page]] = defaultdict(list)
        self._near: dict[_Sort, list[Page]] = {}
        self._age: dict[str, int] = {}
        for age, page in enumerate(newest_first(p for p in pages if p.kind in READING)):
            self._age[page.path] = age
            for key in _keys(page.tags, page.stage, page.personas):
                if len(self._alike[key]) < _LOOKED_AT:
                    self._alike[key].append(page)

    def of(self, page: Page, limit: int = 3) -> Sequence[Page]:
        """At most ``limit`` pages, the likest first; none that its editor already leads to."""
        named = {link.removeprefix("/").partition("#")[0] for link in page.next} | {page.path}
        sort = page.tags, page.stage, page.personas
        if sort not in self._near:
            self._near[sort] = self._nearest(*sort)
        return list(islice((p for p in self._near[sort] if p.path not in named), limit))

    def _nearest(
        self, tags: tuple[str, ...], stage: Stage | None, personas: tuple[str, ...]
    ) -> list[Page]:
        """The pages that are like one of these tags, this stage and these personas, in order."""
        keys = _keys(tags, stage, personas)
        near = {page.path: page for key in keys for page in self._alike.get(key, ())}
        tags_, personas_ = set(tags), set(personas)

        def order(other: Page) -> tuple[int, int]:
            alike = (
                _TAG * len(tags_.intersection(other.tags))
                + _STAGE * (stage is other.stage)
                + _PERSONA * len(personas_.intersection(other.personas))
            )
            return -alike, self._age[other.path]

        return sorted(near.values(), key=order)


def _keys(
    tags: Iterable[str], stage: Stage | None, personas: Iterable[str]
) -> Iterator[tuple[str, str | None]]:
    yield from (("tag", tag) for tag in dict.fromkeys(tags))
    yield from (("persona", persona) for persona in dict.fromkeys(personas))
    yield "stage", stage
