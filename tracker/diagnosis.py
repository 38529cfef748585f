"""What a diagnosis of the site says: the value the worker makes and the desk shows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tracker.words import PageKind, Stage

FORMAT: Literal["sodate-diagnosis/2"] = "sodate-diagnosis/2"


READING = frozenset({PageKind.ARTICLE, PageKind.CASE, PageKind.VOICE})
"""The kinds of pages that are there to be read, and so to lead on."""


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


DefectKind = Literal[
    "cta_below_exit",
    "section_cliff",
    "cta_stage_mismatch",
    "cta_weak",
    "cta_competition",
    "broken_link",
    "dead_end",
    "form_abandon",
    "step_loses",
    "unserved",
]
"""What figures can find to be wrong. The first eight are the names of the exchange format's
answer; of the others files of that format tell nothing."""

ON_NO_PAGE: frozenset[DefectKind] = frozenset({"step_loses", "unserved"})
"""The kinds whose object has its name as a ``thing``."""

KIND_LABELS: dict[DefectKind, str] = {
    "cta_below_exit": "CTAの位置が深すぎないか",
    "section_cliff": "見出しで大きく離れないか",
    "cta_stage_mismatch": "段階のちがうCTAが押されているか",
    "cta_weak": "CTAがふつうに押されているか",
    "cta_competition": "並んだCTAが取り合っていないか",
    "broken_link": "押した先に着けるか",
    "dead_end": "読み終えた人が次へ進むか",
    "form_abandon": "フォームが途中でやめられていないか",
    "step_loses": "配信を止める人が多い回がないか",
    "unserved": "読者のいる段階に、読むものがあるか",
}
"""What is asked of each kind, as it stands in a table."""

NoteKind = Literal[
    "no_way_on", "no_cta", "no_next", "stage_gap", "shared_section", "late_cta", "no_content"
]
"""What can be said of how pages are built, without figures."""


Sureness = Literal["ほぼ確か", "確か", "増えない可能性もあります"]
_TINY = 0.1
_FAR_OFF = 24
"""Months after which nobody waits for an answer: by then the site is another one."""


class Gain(_Told):
    """Inquiries per 30 days that a repair brings at the same traffic: the expected number and its
    80 % interval. Below 0, it costs some."""

    mean: float
    lo: float
    hi: float

    @property
    def words(self) -> str:
        """``月に6〜12件``: the interval, in words."""
        return self.words_of("件")

    def words_of(self, unit: str) -> str:
        """``words``, of other things than inquiries."""
        low, high = max(0.0, self.lo), max(0.0, self.hi)
        if high < _TINY:
            return f"月に{_TINY}{unit}未満"
        if low < _TINY:
            return f"月に{_few(high)}{unit}まで"
        return f"月に{_few(low)}〜{_few(high)}{unit}"


class Place(_Told):
    """Where something is: the page (None for what stands on none), its title, the spot on it, and
    the ids by which the exchange format names the object. ``thing`` is what is on no page: the
    ``scenario/step`` of a mail, the ``stage/persona`` of readers."""

    page: str | None
    title: str
    where: str
    section: int | None = None
    cta: str | None = None
    form: str | None = None
    thing: str | None = None

    def key_as(self, kind: DefectKind) -> str:
        """The name of what is here when asked about ``kind``: one for each object."""
        section = self.section if kind == "section_cliff" else ""
        named = self.form or self.thing or ""
        return f"{kind}|{self.page or ''}|{section}|{self.cta or ''}|{named}"


class Finding(Place):
    """Something the figures found to be wrong: what is the matter, what to do, what it brings.

    ``sureness`` is how sure it is that more inquiries come of it. Where that cannot be said there
    is no ``gain``, and ``instead`` says why, and what can be said.
    """

    kind: DefectKind
    what: str
    how: str
    gain: Gain | None = None
    sureness: Sureness
    instead: str = ""

    @property
    def key(self) -> str:
        """The name of what was found, the same in every diagnosis."""
        return self.key_as(self.kind)

    @property
    def brings_more(self) -> bool:
        """Whether more inquiries may be promised of it."""
        return self.gain is not None and self.sureness != "増えない可能性もあります"

    @property
    def prospect(self) -> str:
        """What a repair brings, in words: ``月に6〜12件（8割の確からしさ）・ほぼ確か``."""
        if self.gain is None:
            return self.instead
        if not self.brings_more:
            return "直しても問い合わせは増えない可能性もあります"
        return f"{self.gain.words}（8割の確からしさ）・{self.sureness}"


class Repaired(Place):
    """Something that was repaired at ``at``: what share it was in the 30 days before, and since
    then (30 days at most), beside what is usual for its like in the same days.

    ``verdict`` is None while there is too little time, or nothing, to compare.
    """

    kind: DefectKind
    at: datetime
    days: int
    before: float | None = Field(default=None, ge=0, le=1)
    after: float | None = Field(default=None, ge=0, le=1)
    usual_before: float | None = Field(default=None, ge=0, le=1)
    usual_after: float | None = Field(default=None, ge=0, le=1)
    people_before: int = 0
    people_after: int = 0
    verdict: Literal["良くなりました", "悪くなりました", "まだ分かりません"] | None = None


class Cleared(Place):
    """Something asked of enough readers, and found to be in order."""

    kind: DefectKind


class Undecided(Place):
    """Something too few readers passed to tell. ``people`` is how many did, ``more_sessions`` how
    many more visits of the site it takes (None: not by visits alone), ``months`` how long that is
    at the present pace; ``needs`` says it where something else than visits is lacking. ``odd`` says
    that it does look odd so far; ``what`` is that in figures."""

    kind: DefectKind
    what: str
    people: int
    more_sessions: int | None
    months: float | None
    odd: bool
    needs: str = ""

    @property
    def wait(self) -> str:
        """What it takes, in words."""
        if self.more_sessions:
            return f"あと約{self.more_sessions:,}回の訪問"
        return self.needs or "訪問が増えるだけでは分かりません"

    @property
    def pace(self) -> str:
        """How long that is, in words; empty where nobody knows."""
        if not self.months:
            return ""
        if self.months > _FAR_OFF:
            return f"今のペースでは{_FAR_OFF // 12}年より先"
        if self.months >= 1:
            return f"今のペースで約{self.months:.0f}か月"
        return f"今のペースで約{max(1, round(self.months * 30))}日"


class Note(_Told):
    """A remark on how a page is built, which no figures were asked about."""

    kind: NoteKind
    page: str
    title: str
    where: str
    what: str
    how: str
    cta: str | None = None


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


class WayStep(_Told):
    """One step of the way from a visit to an order, how often it was taken, and whether something
    was found that stands in its way: ``usual`` is how many it would be, were that like the others
    of its kind. ``of`` is the count that it is a part of (None: it begins anew)."""

    label: str
    count: int
    found: bool = False
    of: int | None = None
    usual: float | None = Field(default=None, ge=0)


class MailStep(_Told):
    """One mail of a scenario (``label``): how many arrived in the period, how many people pressed
    a link of it and how many stopped all mails by it; ``found``: more than elsewhere."""

    label: str
    day: int
    subject: str
    delivered: int
    clicked: int
    stopped: int
    found: bool = False


class DiagnosisReport(_Told):
    """A whole diagnosis of the period from ``since`` to before ``until`` (UTC).

    ``findings`` are worth changing, the largest gain first; ``undecided`` what looks odd first,
    then what is clear soonest; ``notes`` are remarks on how pages are built; ``pages`` are in
    order of views; ``way`` leads from the visits to the inquiries and orders, and ``mails`` are the
    steps of its scenarios.
    """

    format: Literal["sodate-diagnosis/2"] = FORMAT
    since: datetime
    until: datetime
    views: int
    visitors: int
    sessions: int
    machines: int
    inquiries: int
    summary: str
    findings: tuple[Finding, ...] = ()
    cleared: tuple[Cleared, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    repaired: tuple[Repaired, ...] = ()
    notes: tuple[Note, ...] = ()
    pages: tuple[PageReading, ...] = ()
    way: tuple[WayStep, ...] = ()
    mails: tuple[MailStep, ...] = ()

    @property
    def to_change(self) -> tuple[Finding | Note, ...]:
        """The up to three things to change this week: what the figures found, then pages that
        lead nowhere."""
        return self.to_change_of(self.findings)

    def to_change_of(self, findings: Iterable[Finding]) -> tuple[Finding | Note, ...]:
        """``to_change``, of these findings alone."""
        lost: list[Finding | Note] = [n for n in self.notes if n.kind == "no_way_on"]
        return (*findings, *lost)[:3]

    def page(self, url: str) -> PageReading | None:
        return next((page for page in self.pages if page.url == url), None)


def _few(number: float) -> str:
    return f"{number:.0f}" if number >= 9.5 else f"{number:.1f}"
