"""Counts laid on the site's structure: what every question about it is asked of."""

from collections.abc import Iterable
from dataclasses import dataclass

from nurture_worker.diagnosis.curve import Reach, curve
from nurture_worker.diagnosis.peers import SPREAD, Pool, Usual
from nurture_worker.diagnosis.structure import (
    CONSULTATION,
    CtaPlace,
    FormPlace,
    PageStructure,
    Site,
    StepPlace,
)
from tracker.counts import Counts, CtaCounts, FormCounts, PageCounts
from tracker.reports.mailings import Mailing

FEWEST_SECTIONS = 2
"""A page needs this many headings to have a curve."""
MISMATCH = 2
"""An aim this many stages from the page's does not fit."""

SENDS = {"whitepaper": 0.5, "case_study": 0.5, CONSULTATION: 0.4, "seminar": 0.5}
"""How many of those who open a form send it, by what it is for. Only their relation counts: the
site's own level is taken from its other forms."""
ASKS = {"whitepaper": 0.08, "case_study": 0.10, "seminar": 0.10, "newsletter": 0.02}
"""How many of those who sent a form inquire in the end, to begin with; ``ASKS_STRENGTH`` people's
worth."""
ASKS_STRENGTH = 25.0
CLICKS = 0.04
ARRIVES = 0.955
STOPS = 0.005
"""How many stop all mails at one of them, to begin with; one person's worth."""
_SOME_SEND, _SOME_ASK = 0.5, 0.08
_SOME_STOPPED = 8
_HOLD_LEAST, _HOLD_MOST, _HOLD_STRENGTH = 0.75, 1.4, 10.0


@dataclass(frozen=True)
class Read:
    """A page with its counts and its reading curve."""

    structure: PageStructure
    counts: PageCounts
    points: tuple[Reach, ...]

    @property
    def views(self) -> int:
        return self.counts.views

    @property
    def last(self) -> int:
        """The index of the last section."""
        return len(self.structure.headings)

    def inner(self) -> tuple[Reach, ...]:
        """The sections where readers may leave early: neither the top nor the last."""
        return self.points[1 : self.last]


@dataclass(frozen=True)
class Called:
    """A CTA with its counts. ``distance`` is how many stages its aim lies off (0 where untold);
    ``rivals`` the other CTAs of its section."""

    place: CtaPlace
    page: Read
    counts: CtaCounts
    distance: int
    rivals: tuple[str, ...]


class Figures:
    """The counts of a period on the structure of its site; ``mails`` are those sent in it."""

    def __init__(self, counts: Counts, site: Site, mails: Iterable[Mailing] = ()) -> None:
        self.counts = counts
        self.site = site
        self.reads = [
            Read(page, own, tuple(curve(own, len(page.headings))))
            for page in site.pages
            if (own := counts.pages.get(page.url)) is not None
        ]
        self.articles = [
            read
            for read in self.reads
            if read.structure.is_reading and read.last >= FEWEST_SECTIONS
        ]
        self.ctas = [
            Called(
                place=cta,
                page=read,
                counts=read.counts.ctas.get(cta.id, CtaCounts()),
                distance=cta.distance(read.structure.stage) or 0,
                rivals=tuple(
                    other.id
                    for other in read.structure.ctas
                    if other.section == cta.section and other.id != cta.id
                ),
            )
            for read in self.reads
            for cta in read.structure.ctas
        ]

        self._clicks: dict[tuple[str, frozenset[int]], Pool] = {}
        self._leaving = {
            first: Pool(
                (
                    (read.structure.url, float(point.at_risk), float(point.left))
                    for read in self.articles
                    for point in read.inner()
                    if (point.section == 1) == first
                ),
                *((1.5, 10.0) if first else (1.0, 10.0)),
            )
            for first in (True, False)
        }
        self._tops = Pool(
            (
                (read.structure.url, float(read.points[0].at_risk), float(read.points[0].left))
                for read in self.articles
            ),
            3.0,
            10.0,
        )
        self._ways = Pool(
            (
                (read.structure.url, float(read.counts.done), float(read.counts.went_on))
                for read in self.articles
            ),
            1.5,
            4.0,
        )
        self._forms = Pool(
            (
                (form.id, opened * sends(form.kind), float(self.form(form.id).sent))
                for form in site.forms
                if (opened := self.form(form.id).opened)
            ),
            6.0,
            6.0,
        )
        self._mails = {f"{mail.scenario}/{mail.step}": mail for mail in mails}
        self._stopping = Pool(
            (
                (thing, float(mail.delivered), float(stopped(mail)))
                for thing, mail in self._mails.items()
            ),
            1.0,
            1.0 / STOPS,
        )

    def mail(self, step: StepPlace) -> Mailing:
        """What became of the mails of a step."""
        return self._mails.get(step.thing, Mailing(step.scenario, step.step))

    def stops_of(self, step: StepPlace) -> Usual:
        """How many stop all mails at the other steps."""
        return self._stopping.without(step.thing)

    def form(self, own_id: str | None) -> FormCounts:
        """The counts of a form; none of one that was never shown."""
        return self.counts.forms.get(own_id or "", FormCounts())

    def clicks_of(self, kind: str, distances: Iterable[int], without: str | None) -> Usual:
        """How often CTAs of that kind and distance are clicked when seen, but one of them."""
        near = frozenset(distances)
        pool = self._clicks.get((kind, near))
        if pool is None:
            members = (
                (cta.place.id, float(cta.counts.seen), float(cta.counts.clicked))
                for cta in self.ctas
                if cta.place.kind == kind and cta.distance in near
            )
            pool = self._clicks[kind, near] = Pool(members, 1.0, 1.0 / CLICKS)
        return pool.without(without)

    def sends_of(self, form: FormPlace) -> Usual:
        """How often forms like this one are sent when opened, by the site's other forms. Where it
        is the only one of its kind, the relation of the kinds is in doubt as well."""
        doubt = 0.0 if self.has_like(form) else SPREAD**2
        return self._forms.without(form.id).times(sends(form.kind), 0.95, doubt)

    def has_like(self, form: FormPlace) -> bool:
        """Whether another form of its kind was shown to anybody."""
        return any(
            other.id != form.id and other.kind == form.kind and self.form(other.id).opened
            for other in self.site.forms
        )

    def stops(self, form: FormPlace) -> tuple[dict[str, int], int]:
        """At which field those who did not send ``form`` stopped: the first they left empty, in
        the form's order. Who filled all of them counts under the empty name. And how many had
        begun to fill it in at all."""
        order = [name for name, _ in form.fields]
        found: dict[str, int] = {}
        begun = 0
        for filled, people in self.form(form.id).stopped.items():
            at = next((name for name in order if name not in filled), "")
            found[at] = found.get(at, 0) + people
            begun += people if filled else 0
        return found, begun

    def stops_at_one_field(self, form: FormPlace) -> bool:
        """Whether one field took half of those who gave up."""
        found, _ = self.stops(form)
        total = sum(found.values())
        at_fields = [people for name, people in found.items() if name]
        return total >= _SOME_STOPPED and max(at_fields, default=0) >= total / 2

    def goes_on(self, without: Read | None) -> Usual:
        """How many of those who finished an article follow a link."""
        return self._ways.without(without.structure.url if without else None)

    def at_top(self, without: Read) -> Usual:
        """How many readers leave at the top of the other pages."""
        return self._tops.without(without.structure.url)

    def leaves(self, page: Read, section: int) -> Usual:
        """How many readers leave in ``section`` of a page like this one: by the same place on the
        other pages, and by how this page holds its readers elsewhere, within bounds."""
        expected = seen = 0.0
        rates = {first: pool.without(page.structure.url) for first, pool in self._leaving.items()}
        for point in page.inner():
            if point.section != section:
                expected += rates[point.section == 1].share * point.at_risk
                seen += point.left
        hold = (seen + _HOLD_STRENGTH) / (expected + _HOLD_STRENGTH)
        return rates[section == 1].times(min(_HOLD_MOST, max(_HOLD_LEAST, hold)), 0.9)


def stopped(mail: Mailing) -> int:
    """Who stopped all mails by this one; never more than got it."""
    return min(mail.unsubscribed, mail.delivered)


def sends(kind: str) -> float:
    """How many of those who open a form of that kind send it, before the site's own level."""
    return SENDS.get(kind, _SOME_SEND)


def asks(kind: str) -> float:
    """To begin with, how many of those who sent a form of that kind inquire."""
    return 1.0 if kind == CONSULTATION else ASKS.get(kind, _SOME_ASK)
