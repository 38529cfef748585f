"""What a report is about: a period, the one before it, and which part of the readers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.catalogue import Catalogue
from tracker.reports.rows import Kind, Thing
from tracker.store.tables import EPOCH
from tracker.words import Stage

READ_PART = 0.6
READ_MS = 20_000
"""A page is read when its end was reached, or so much of its headings with so much attention."""

LOOK_BACK = timedelta(days=90)
"""Touches that long before the period still take part in what came of it."""


@dataclass(frozen=True)
class Scope:
    """From ``since`` (None: the first record) to before ``until`` (UTC); ``offset`` is how far the
    firm's clock is ahead of UTC, in ms.

    ``stage`` takes pages and scenarios of a stage, moves from it, and for sales the readers who
    stand there; ``persona`` what is written for one, and of mails and sales the readers who are
    like one; ``source`` readers, and views, that came from there.
    """

    since: datetime | None
    until: datetime
    stage: Stage | None = None
    persona: str | None = None
    source: str | None = None
    offset: int = 0

    @property
    def before(self) -> "Scope | None":
        """The period before, as long as this one; None where this one has no beginning."""
        if self.since is None:
            return None
        length = self.until - self.since
        return Scope(
            self.since - length, self.since, self.stage, self.persona, self.source, self.offset
        )

    @property
    def since_ms(self) -> int | None:
        return None if self.since is None else ms(self.since)

    @property
    def until_ms(self) -> int:
        return ms(self.until)


def ms(at: datetime) -> int:
    """Milliseconds since 1970."""
    return (at - EPOCH) // timedelta(milliseconds=1)


class Reading:
    """What the catalogue knows of pages and things, looked up once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.pages = {page.url: page for page in catalogue.pages}
        self._sections = {url: len(page.sections) for url, page in self.pages.items()}
        self._ctas = {cta.id: page for page in catalogue.pages for cta in page.ctas}
        self._forms = {page.gate.id: page for page in catalogue.pages if page.gate}

    def is_read(self, page: str, reached: int, active_ms: int) -> bool:
        """Whether a view that did not reach the page's end is a reading of it."""
        sections = self._sections.get(page, 0)
        return sections > 0 and active_ms >= READ_MS and reached >= READ_PART * sections

    def is_for(self, page: str, scope: Scope) -> bool:
        """Whether the page is of the scope's stage and for its persona."""
        found = self.pages.get(page)
        if found is None:
            return scope.stage is None and scope.persona is None
        if scope.stage is not None and found.stage is not scope.stage:
            return False
        return scope.persona is None or not found.personas or scope.persona in found.personas

    def persona_of(self, thing: Thing) -> tuple[str, ...] | None:
        """For whom the page of a thing is written (empty: everybody); None for what has no page."""
        if thing.kind is Kind.PAGE:
            page = self.pages.get(thing.id)
        elif thing.kind is Kind.CTA:
            page = self._ctas.get(thing.id)
        else:
            page = self._forms.get(thing.id)
        return None if page is None else page.personas

    def suits(self, thing: Thing, persona: str | None) -> bool:
        """Whether the thing is for that persona; a mail is for each."""
        if persona is None or thing.kind is Kind.MAIL:
            return True
        own = self.persona_of(thing)
        return own is not None and (not own or persona in own)
