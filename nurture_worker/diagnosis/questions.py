"""The nine questions asked of a site, each of every object it can be asked of."""

import math
from dataclasses import dataclass
from typing import Literal

from nurture_worker.diagnosis.chance import at_least, at_most
from nurture_worker.diagnosis.figures import (
    ARRIVES,
    MISMATCH,
    Called,
    Figures,
    Read,
    asks,
    sends,
    stopped,
)
from nurture_worker.diagnosis.peers import Usual
from nurture_worker.diagnosis.structure import FormPlace, StepPlace
from tracker.diagnosis import DefectKind
from tracker.reports.mailings import LOSES

FAR = 0.35
"""A CTA that this part of the readers reaches stands too far down."""
SLOT = 0.5
"""A good place for a CTA is the last section that half of the readers reach."""
FEWEST_PEERS = 1.5
"""Fewer comparable objects (in effect) than this do not tell what is usual."""

Ratios = tuple[float, float]
_WEAK: Ratios = 0.85, 0.35
_COMPETES: Ratios = 0.85, 0.35
_MISFITS: Ratios = 0.50, 0.15
_ENDS: Ratios = 0.60, 0.15
_FORM: Ratios = 0.85, 0.40
_CLIFF: Ratios = 1.7, 3.0
"""The part of the usual rate past which an object is worth telling of, and that of a defect that
must not be missed."""
_STOPS: Ratios = LOSES, 3.0
_FAR: Ratios = FAR, 0.20
_LINK: Ratios = 0.85, 0.40


@dataclass(frozen=True)
class Question:
    """Is this object worse than it may be? ``hits`` among ``n`` cases, against ``bound``.

    ``chance`` is how likely so odd a count is of an object just within the bound,
    ``lowest_chance`` that of the oddest count there could be. ``usual`` is the share of ordinary
    objects, ``design`` that of a defect not to be missed. ``hint`` is what the site's structure
    already lets expect (1: nothing), ``stake`` about how many inquiries a month pass here.
    """

    kind: DefectKind
    side: Literal["low", "high"]
    n: float
    hits: float
    usual: Usual
    bound: float
    design: float
    hint: float
    stake: float
    page: Read | None = None
    section: int | None = None
    cta: Called | None = None
    form: FormPlace | None = None
    step: StepPlace | None = None
    comparable: bool = True

    @property
    def share(self) -> float:
        return self.hits / self.n if self.n else 0.0

    @property
    def chance(self) -> float:
        return self._tail(self.hits)

    @property
    def lowest_chance(self) -> float:
        return self._tail(0.0 if self.side == "low" else math.ceil(self.n))

    @property
    def looks_past(self) -> bool:
        """Whether the count, taken at its word, is past the bound."""
        return self.share < self.bound if self.side == "low" else self.share > self.bound

    def chance_if_defect(self) -> float:
        """How likely so good a count, or a better one, is of a defect of the design's size."""
        cv = self.usual.cv
        if self.side == "low":
            return at_least(self.hits, self.n, self.design, cv)
        return at_most(self.hits, self.n, self.design, cv)

    def _tail(self, hits: float) -> float:
        cv = self.usual.cv
        if self.side == "low":
            return at_most(hits, self.n, self.bound, cv)
        return at_least(hits, self.n, self.bound, cv)


def ask(figures: Figures, days: float) -> list[Question]:
    """All questions of a site counted for ``days`` days."""
    month = 30 / days
    return [
        *_ctas(figures, month),
        *_far(figures, month),
        *_links(figures, month),
        *_cliffs(figures, month),
        *_ends(figures, month),
        *_sends(figures, month),
        *_steps(figures, month),
    ]


def worth_of_click(figures: Figures, kind: str) -> float:
    """About how many inquiries a click on a CTA of that kind becomes, before any own figures."""
    return ARRIVES * sends(kind) * asks(kind)


def first_of_target(cta: Called) -> bool:
    """Whether no CTA above it on the page leads to the same."""
    earlier = [other for other in cta.page.structure.ctas if other.section < cta.place.section]
    return all(other.target != cta.place.target for other in earlier)


def _ctas(figures: Figures, month: float) -> list[Question]:
    questions = []
    for cta in figures.ctas:
        kind, (bound, design), hint = _sort(cta)
        near = (0,) if kind == "cta_stage_mismatch" else (cta.distance,)
        usual = figures.clicks_of(cta.place.kind, near, cta.place.id)
        comparable = usual.peers >= FEWEST_PEERS
        worth = worth_of_click(figures, cta.place.kind)
        questions.append(
            Question(
                kind=kind, side="low", n=cta.counts.seen, hits=cta.counts.clicked, usual=usual,
                bound=bound * usual.share, design=design * usual.share, hint=hint,
                stake=cta.counts.seen * usual.share * worth * month,
                page=cta.page, section=cta.place.section, cta=cta, comparable=comparable,
            )
        )  # fmt: skip
    return questions


def _sort(cta: Called) -> tuple[DefectKind, Ratios, float]:
    if cta.distance >= MISMATCH:
        return "cta_stage_mismatch", _MISFITS, 2.0
    if cta.rivals:
        return "cta_competition", _COMPETES, 2.0
    return "cta_weak", _WEAK, 1.0


def _far(figures: Figures, month: float) -> list[Question]:
    questions = []
    for cta in figures.ctas:
        if cta.page not in figures.articles or not first_of_target(cta):
            continue
        point = cta.page.points[min(cta.place.section, cta.page.last)]
        if point.share is None or point.weight is None or cta.place.section == 0:
            continue
        late = cta.place.section > 0.6 * cta.page.last
        usual = figures.clicks_of(cta.place.kind, (cta.distance,), cta.place.id).share
        worth = usual * worth_of_click(figures, cta.place.kind)
        questions.append(
            Question(
                kind="cta_below_exit", side="low", n=point.weight,
                hits=point.share * point.weight, usual=Usual(FAR, 0.0, 0.0, 1e9),
                bound=_FAR[0], design=_FAR[1], hint=2.0 if late else 1.0,
                stake=cta.page.views * 0.3 * worth * month,
                page=cta.page, section=cta.place.section, cta=cta,
            )
        )  # fmt: skip
    return questions


def _links(figures: Figures, month: float) -> list[Question]:
    return [
        Question(
            kind="broken_link", side="low", n=cta.counts.clicked, hits=cta.counts.arrived,
            usual=Usual(ARRIVES, 0.0, 0.0, 1e9), bound=_LINK[0], design=_LINK[1], hint=1.0,
            stake=cta.counts.clicked * sends(cta.place.kind) * asks(cta.place.kind) * month,
            page=cta.page, section=cta.place.section, cta=cta,
        )
        for cta in figures.ctas
    ]  # fmt: skip


def _cliffs(figures: Figures, month: float) -> list[Question]:
    questions = []
    for page in figures.articles:
        below = _worth_below(figures, page)
        for point in page.inner():
            usual = figures.leaves(page, point.section)
            questions.append(
                Question(
                    kind="section_cliff", side="high", n=point.at_risk, hits=point.left,
                    usual=usual, bound=min(0.95, _CLIFF[0] * usual.share),
                    design=min(0.97, _CLIFF[1] * usual.share), hint=0.5,
                    stake=point.at_risk * usual.share * below[point.section] * month,
                    page=page, section=point.section, comparable=usual.peers >= 3,
                )
            )  # fmt: skip
    return questions


def _worth_below(figures: Figures, page: Read) -> list[float]:
    """About how many inquiries a reader becomes who goes on below each section."""
    own = [
        (cta.place.section, figures.clicks_of(cta.place.kind, (cta.distance,), None).share
         * worth_of_click(figures, cta.place.kind))
        for cta in figures.ctas if cta.page is page
    ]  # fmt: skip
    return [
        0.001 + sum(worth * 0.8 for at, worth in own if at > section)
        for section in range(page.last + 1)
    ]


def _ends(figures: Figures, month: float) -> list[Question]:
    questions = []
    for page in figures.articles:
        usual = figures.goes_on(page)
        questions.append(
            Question(
                kind="dead_end", side="low", n=page.counts.done, hits=page.counts.went_on,
                usual=usual, bound=_ENDS[0] * usual.share, design=_ENDS[1] * usual.share,
                hint=1.0 if page.structure.next else 2.0,
                stake=page.counts.done * usual.share * 0.001 * month,
                page=page, comparable=usual.peers >= FEWEST_PEERS,
            )
        )  # fmt: skip
    return questions


def _sends(figures: Figures, month: float) -> list[Question]:
    questions = []
    for form in figures.site.forms:
        own, usual = figures.form(form.id), figures.sends_of(form)
        questions.append(
            Question(
                kind="form_abandon", side="low", n=own.opened, hits=own.sent, usual=usual,
                bound=_FORM[0] * usual.share, design=_FORM[1] * usual.share,
                hint=2.0 if figures.stops_at_one_field(form) else 1.0,
                stake=own.opened * usual.share * asks(form.kind) * month, form=form,
                comparable=usual.peers >= FEWEST_PEERS
                and (figures.has_like(form) or figures.stops_at_one_field(form)),
            )
        )  # fmt: skip
    return questions


def _steps(figures: Figures, month: float) -> list[Question]:
    questions = []
    for step in figures.site.steps:
        own, usual = figures.mail(step), figures.stops_of(step)
        questions.append(
            Question(
                kind="step_loses", side="high", n=own.delivered, hits=stopped(own), usual=usual,
                bound=min(0.95, _STOPS[0] * usual.share),
                design=min(0.97, _STOPS[1] * usual.share), hint=1.0,
                stake=own.delivered * usual.share * asks("") * month, step=step,
                comparable=usual.peers >= FEWEST_PEERS,
            )
        )  # fmt: skip
    return questions
