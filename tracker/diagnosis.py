"""What a diagnosis of the site says: the value the worker makes and the desk shows."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tracker.words import PageKind, Stage

FORMAT: Literal["sodate-diagnosis/1"] = "sodate-diagnosis/1"


READING = frozenset({PageKind.ARTICLE, PageKind.CASE, PageKind.VOICE})
"""The kinds of pages that are there to be read, and so to lead on."""


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


FindingKind = Literal[
    "cta_below_exit",
    "section_cliff",
    "no_way_on",
    "no_cta",
    "no_next",
    "stage_gap",
    "shared_section",
    "late_cta",
]


class Finding(_Told):
    """One thing to change: where, what is the matter, what to do.

    ``sureness`` is None for a remark on how the page is built, which no figures were asked about.
    ``people`` is how many more a month would read on or see the CTA, if the place became an
    ordinary one.
    """

    kind: FindingKind
    page: str
    title: str
    where: str
    what: str
    how: str
    sureness: Literal["ほぼ確か", "確か"] | None = None
    section: int | None = None
    cta: str | None = None
    people: int | None = None


class Undecided(_Told):
    """Something that looks odd but may be chance, and after how many more views of the page it
    will be clear (None: not by views alone)."""

    kind: FindingKind
    page: str
    title: str
    where: str
    what: str
    more_views: int | None


class Point(_Told):
    """The reading curve at one heading. ``section`` 0 is the top; one past the last section is
    the end of the page.

    ``reached`` is how many views are known to have come here; ``share`` the estimated part of
    all, with its 80 % interval; None where too few came to say. ``usual`` is the same place on
    the other pages.
    """

    section: int
    heading: str
    reached: int
    share: float | None = Field(ge=0, le=1)
    low: float | None = Field(ge=0, le=1)
    high: float | None = Field(ge=0, le=1)
    usual: float | None = Field(default=None, ge=0, le=1)


class CtaReading(_Told):
    """A CTA where it stands, and the views in which it was seen and clicked. ``low`` and ``high``
    are the 80 % interval of clicks among sights; None before the first sight."""

    id: str
    label: str
    section: int
    aim: Stage | None
    seen: int
    clicked: int
    low: float | None = None
    high: float | None = None


class PageReading(_Told):
    """How one page is read. ``more_views`` (0: enough) is how many it lacks for a curve that is
    good to six points in a hundred."""

    url: str
    title: str
    kind: PageKind
    stage: Stage | None
    views: int
    known: int
    done: int
    active_seconds: int | None
    more_views: int
    points: tuple[Point, ...] = ()
    ctas: tuple[CtaReading, ...] = ()

    @property
    def is_reading(self) -> bool:
        """Whether the page is there to be read."""
        return self.kind in READING


class DiagnosisReport(_Told):
    """A whole diagnosis of the period from ``since`` to before ``until`` (UTC).

    ``findings`` are worth changing, the most people first; ``notes`` are remarks on how pages are
    built; ``pages`` are in order of views.
    """

    format: Literal["sodate-diagnosis/1"] = FORMAT
    since: datetime
    until: datetime
    views: int
    visitors: int
    machines: int
    inquiries: int
    summary: str
    findings: tuple[Finding, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    notes: tuple[Finding, ...] = ()
    pages: tuple[PageReading, ...] = ()

    @property
    def to_change(self) -> tuple[Finding, ...]:
        """The up to three things to change this week: what the figures found, then pages that
        lead nowhere."""
        lost = [note for note in self.notes if note.kind == "no_way_on"]
        return (*self.findings, *lost)[:3]

    def page(self, url: str) -> PageReading | None:
        return next((page for page in self.pages if page.url == url), None)
