"""Whom the pages that somebody opened were written for."""

from collections import Counter
from collections.abc import Iterable

from tracker.catalogue.pages import Page

_WHOLE = 60
"""A page for one persona alone; so much says as much as two pages for two each."""


def persona_of(pages: Iterable[Page | None]) -> str | None:
    """Whom the pages a reader opened were written for, most of all; ``None`` where they say too
    little, or the same of two. A page for several weighs less, a page for all says nothing."""
    weights: Counter[str] = Counter()
    for page in {page.path: page for page in pages if page is not None}.values():
        for persona in page.personas:
            weights[persona] += _WHOLE // len(page.personas)
    ranked = weights.most_common(2)
    if not ranked or ranked[0][1] < _WHOLE:
        return None
    if len(ranked) == 2 and ranked[0][1] == ranked[1][1]:
        return None
    return ranked[0][0]
