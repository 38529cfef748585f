"""Who a reader is, as far as the rules of scoring may ask. Pure."""

from collections.abc import Callable, Sequence

from nurture_worker.scoring.points import NOBODY, Who
from tracker.catalogue.affinity import persona_of
from tracker.catalogue.pages import Page
from tracker.catalogue.scoring import Scoring
from tracker.events import Event
from tracker.words import EventKind


def who_of(
    rules: Scoring,
    address: str | None,
    company: str | None,
    events: Sequence[Event],
    page_at: Callable[[str], Page | None],
) -> Who:
    """As much as ``rules`` ask for: the domain of ``address``, the ``company``, and the persona
    that the pages opened in ``events`` speak for."""
    if not rules.fits:
        return NOBODY
    persona = None
    if any(fit.personas for fit in rules.fits):
        persona = persona_of(
            page_at(event.page)
            for event in events
            if event.kind is EventKind.PAGE_VIEW and event.page is not None
        )
    return Who((address or "").rpartition("@")[2].lower() or None, company, persona)
