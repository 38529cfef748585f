"""How many more inquiries a month a repair would bring: draws from what is known, so that the
doubt of every part is in the sum. A repaired object becomes an ordinary one, not the best one."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nurture_worker.diagnosis.figures import (
    ARRIVES,
    ASKS_STRENGTH,
    Called,
    Figures,
    Read,
    asks,
    sends,
)
from nurture_worker.diagnosis.peers import SPREAD, Usual
from nurture_worker.diagnosis.questions import SLOT, Question
from nurture_worker.diagnosis.structure import CONSULTATION, FormPlace
from tracker.diagnosis import Gain
from tracker.words import Stage

Draws = npt.NDArray[np.float64]

DRAWS = 3000
LEFT_OUT = 0.20
"""What the model leaves out: the standard deviation of the log of every gain."""
DEFECT_SHARE, DEFECT_CV = 0.35, 0.9
"""What is thought of a found object's own rate before its figures, against the usual: what was
chosen for being extreme is a little less so."""
MOVED = 0.9
"""A CTA higher up is clicked a little less by those who see it: they are less far in."""
_MOVED_DOUBT = 0.2
_ARRIVE_STRENGTH = 20.0
_INSIDE, _INSIDE_STRENGTH = 0.8, 8.0
_STEPS = 4
_WHERETO, _CHOICE = 0.6, 0.25


@dataclass(frozen=True)
class Forecast:
    """Inquiries per 30 days: the expected gain, its 80 % interval, and how likely it is one."""

    gain: Gain
    sure: float


def slot(page: Read) -> int:
    """The last section that half of the readers reach."""
    return max(
        (p.section for p in page.points if p.section <= page.last and (p.share or 0) >= SLOT),
        default=0,
    )


class Forecaster:
    """Forecasts for one site counted for ``days`` days. The same figures give the same draws."""

    def __init__(self, figures: Figures, days: float) -> None:
        self._figures = figures
        self._month = 30 / days
        self._seed = 0
        self._worth: dict[str, Draws] = {}
        self._sent: dict[str | None, Draws] = {}
        self._asked: dict[str, Draws] = {}

    def forecast(self, question: Question) -> Forecast:
        """What a repair of ``question``'s object brings."""
        rng = self._rng()
        draws = self._of(question) * np.exp(rng.normal(0, LEFT_OUT, DRAWS)) * self._month
        low, high = np.quantile(draws, (0.1, 0.9))
        gain = Gain(
            mean=round(float(draws.mean()), 4), lo=round(float(low), 4), hi=round(float(high), 4)
        )
        return Forecast(gain, float((draws > 0).mean()))

    def kept(self, question: Question) -> Gain:
        """How many readers a month a step keeps in the mails that loses no more than others."""
        own = self._posterior(min(0.9, question.design), 0.5, question.hits, question.n)
        usual = np.minimum(self._ordinary(question.usual), 0.95)
        draws = question.n * (own - usual) * self._month
        low, high = np.quantile(draws, (0.1, 0.9))
        return Gain(
            mean=round(float(draws.mean()), 4), lo=round(float(low), 4), hi=round(float(high), 4)
        )

    def _of(self, question: Question) -> Draws:
        ways: dict[str, Callable[[Question], Draws]] = {
            "cta_weak": self._weak,
            "cta_competition": self._competition,
            "cta_stage_mismatch": self._mismatch,
            "cta_below_exit": self._far,
            "section_cliff": self._cliff,
            "dead_end": self._end,
            "form_abandon": self._form,
            "broken_link": self._link,
        }
        return ways[question.kind](question)

    def _weak(self, question: Question) -> Draws:
        cta = _of_cta(question)
        return (
            cta.counts.seen
            * (self._ordinary(question.usual) - self._own(question))
            * (self._worth_of(cta))
        )

    def _competition(self, question: Question) -> Draws:
        cta = _of_cta(question)
        rivals = [other for other in self._figures.ctas if other.place.id in cta.rivals]
        lost = sum((rival.counts.clicked * self._worth_of(rival) for rival in rivals), 0.0)
        return self._weak(question) - lost

    def _mismatch(self, question: Question) -> Draws:
        cta = _of_cta(question)
        usual, worth = self._fitting(cta)
        now = self._own(question) * self._worth_of(cta)
        # What else is offered there is a choice, and of unlike worth.
        choice = np.exp(self._rng().normal(0, _CHOICE, DRAWS))
        return cta.counts.seen * (self._ordinary(usual) * worth * choice - now)

    def _fitting(self, cta: Called) -> tuple[Usual, Draws]:
        """How often, and for what, readers of that page's stage click a CTA that fits it."""
        stage = cta.page.structure.stage
        fitting = self._fit_for(stage) or [c for c in self._figures.ctas if c.distance == 0]
        by_kind: dict[str, list[Called]] = {}
        for other in fitting:
            by_kind.setdefault(other.place.kind, []).append(other)
        if not by_kind:
            own = self._figures.clicks_of(cta.place.kind, (cta.distance,), cta.place.id)
            return own, self._worth_of(cta)
        kind = max(by_kind, key=lambda k: (sum(c.counts.seen for c in by_kind[k]), k))
        members = by_kind[kind]
        shares = [c.counts.clicked + 1.0 for c in members]
        worth = sum(
            (n * self._worth_of(c) for n, c in zip(shares, members, strict=True)), np.zeros(DRAWS)
        ) / sum(shares)
        return self._figures.clicks_of(kind, (0,), cta.place.id), worth

    def _fit_for(self, stage: Stage | None) -> list[Called]:
        return [
            c
            for c in self._figures.ctas
            if c.distance == 0 and stage is not None and c.page.structure.stage is stage
        ]

    def _far(self, question: Question) -> Draws:
        cta, page = _of_cta(question), question.page
        assert page is not None
        better = page.points[slot(page)]
        rng = self._rng()
        there = _share(rng, better.share or 0.0, better.weight or 1.0)
        here = _share(rng, question.share, question.n)
        moved = MOVED * np.exp(rng.normal(0, _MOVED_DOUBT, DRAWS))
        return page.views * (there - here) * moved * self._rate(cta) * self._worth_of(cta)

    def _cliff(self, question: Question) -> Draws:
        page, section = question.page, question.section
        assert page is not None
        assert section is not None
        own = self._posterior(min(0.9, question.design), 0.5, question.hits, question.n)
        below = self._below(page, section)
        away = page.counts.left_on / max(1, sum(page.counts.left))
        usual = np.minimum(self._ordinary(question.usual), 0.95)
        return question.n * (own - usual) * (below - away * self._onward(page))

    def _below(self, page: Read, section: int) -> Draws:
        """What a reader is worth who goes on below ``section``."""
        after = page.points[min(section + 1, len(page.points) - 1)]
        base = after.share or 0.0
        total = np.zeros(DRAWS)
        if base <= 0:
            return total
        for cta in self._figures.ctas:
            if cta.page is not page or cta.place.section <= section:
                continue
            point = page.points[min(cta.place.section, page.last)]
            sees = min(1.0, (cta.counts.seen + 1) / (point.reached + 1))
            rate = self._rate(cta)
            total = total + (point.share or 0.0) / base * sees * rate * self._worth_of(cta)
        end = page.points[-1].share or 0.0
        usual = self._figures.goes_on(page)
        on = self._posterior(usual.share, 0.5, page.counts.went_on, page.counts.done)
        return total + end / base * on * self._onward(page)

    def _end(self, question: Question) -> Draws:
        assert question.page is not None
        usual = np.minimum(self._ordinary(question.usual), 0.98)
        gained = question.n * (usual - self._own(question))
        return gained * self._onward(question.page)

    def _form(self, question: Question) -> Draws:
        form = question.form
        assert form is not None
        usual = np.minimum(self._ordinary(question.usual), 0.95)
        return question.n * (usual - self._own(question)) * self._asks(form.kind)

    def _link(self, question: Question) -> Draws:
        cta = _of_cta(question)
        own = self._posterior(0.4, 0.7, question.hits, question.n)
        # How many click is chance as well, and what was found had rather more of them.
        clicks = cta.counts.seen * self._rate(cta)
        return clicks * (ARRIVES - own) * self._behind(cta)

    def _own(self, question: Question) -> Draws:
        """A found object's own rate."""
        return self._posterior(
            DEFECT_SHARE * question.usual.share, DEFECT_CV, question.hits, question.n
        )

    def _ordinary(self, usual: Usual) -> Draws:
        """The rate of an ordinary object of the sort."""
        spread = math.sqrt(math.log1p(usual.noise + usual.floor + SPREAD**2))
        return usual.share * np.exp(self._rng().normal(-(spread**2) / 2, spread, DRAWS))

    def _worth_of(self, cta: Called) -> Draws:
        """Inquiries that a click on ``cta`` becomes."""
        found = self._worth.get(cta.place.id)
        if found is None:
            arrives = self._posterior(
                ARRIVES, None, cta.counts.arrived, cta.counts.clicked, _ARRIVE_STRENGTH
            )
            found = self._worth[cta.place.id] = arrives * self._behind(cta)
        return found

    def _behind(self, cta: Called) -> Draws:
        """Inquiries that an arrival behind ``cta`` becomes."""
        form = self._figures.site.form(cta.place.form)
        if form is None:
            # A CTA that leads to a page and no form: what its reader does there.
            found = self._ways.get(cta.place.target)
            kind = cta.place.kind
            return self._posterior(sends(kind) * asks(kind), 1.0, 0, 0) if found is None else found
        return self._sends(form) * self._asks(form.kind)

    def _sends(self, form: FormPlace) -> Draws:
        """How many who come to a form send it."""
        found = self._sent.get(form.id)
        if found is None:
            own, usual = self._figures.form(form.id), self._figures.sends_of(form)
            found = self._posterior(
                usual.share, math.hypot(usual.cv, 2 * SPREAD), own.sent, own.opened
            )
            page = self._figures.counts.pages.get(form.page or "")
            if form.page is not None and page is not None and page.views:
                found = found * min(1.0, own.opened / page.views)
            self._sent[form.id] = found
        return found

    def _asks(self, kind: str) -> Draws:
        """How many who sent a form of that kind inquire."""
        if kind == CONSULTATION:
            return np.ones(DRAWS)
        found = self._asked.get(kind)
        if found is None:
            own = [self._figures.form(f.id) for f in self._figures.site.forms if f.kind == kind]
            found = self._asked[kind] = self._posterior(
                asks(kind), None, sum(f.inquirers for f in own), sum(f.leads for f in own),
                ASKS_STRENGTH,
            )  # fmt: skip
        return found

    def _onward(self, page: Read) -> Draws:
        """Inquiries that a reader becomes who follows a link of ``page``, by the pages it names
        next; where it names none, by any one of those that its stage's other pages name."""
        ways = self._ways
        own = [ways[url] for url in page.structure.next if url in ways]
        if own:
            return _mean(own)
        likely = (
            [
                ways[url]
                for read in self._figures.articles
                if read is not page and read.structure.stage is page.structure.stage
                for url in read.structure.next
                if url in ways
            ]
            or list(ways.values())
            or [np.zeros(DRAWS)]
        )
        rng = self._rng()
        chosen = np.stack(likely)[rng.integers(0, len(likely), DRAWS), np.arange(DRAWS)]
        return np.asarray(chosen * np.exp(rng.normal(0, _WHERETO, DRAWS)), dtype=np.float64)

    @cached_property
    def _ways(self) -> dict[str, Draws]:
        """Of each page, the inquiries that a view becomes which comes from inside the site: by its
        own CTAs, and by those of the pages that are read after it."""
        reads = self._figures.reads
        clicks: dict[str, int] = {}
        for cta in self._figures.ctas:
            url = cta.page.structure.url
            clicks[url] = clicks.get(url, 0) + cta.counts.clicked
        expected = sum(
            read.counts.inside * clicks.get(read.structure.url, 0) / max(1, read.views)
            for read in reads
        )
        ratio = self._rng().gamma(
            sum(cta.counts.inside for cta in self._figures.ctas) + _INSIDE_STRENGTH * _INSIDE,
            1 / (expected + _INSIDE_STRENGTH),
            DRAWS,
        )
        own: dict[str, Draws] = {read.structure.url: np.zeros(DRAWS) for read in reads}
        for cta in self._figures.ctas:
            form = self._figures.site.form(cta.place.form)
            if form is not None:
                views = max(1, cta.page.views)
                per_view = cta.counts.seen / views * self._rate(cta) * self._worth_of(cta)
                own[cta.page.structure.url] = own[cta.page.structure.url] + per_view * ratio
        links = sum(read.counts.went_on + read.counts.left_on for read in reads)
        onward = min(0.6, links / max(1, sum(read.views for read in reads)))
        ways = own
        for _ in range(_STEPS):
            ways = {
                read.structure.url: own[read.structure.url] + onward * _mean(
                    [ways[url] for url in read.structure.next if url in ways]
                )
                for read in reads
            }  # fmt: skip
        return ways

    def _rate(self, cta: Called) -> Draws:
        """How often a CTA is clicked when seen, whether it was found or not."""
        usual = self._figures.clicks_of(cta.place.kind, (cta.distance,), cta.place.id)
        cv = math.hypot(usual.cv, 2 * SPREAD)
        return self._posterior(usual.share, cv, cta.counts.clicked, cta.counts.seen)

    def _posterior(
        self, mean: float, cv: float | None, hits: float, n: float, strength: float | None = None
    ) -> Draws:
        """Draws of a share thought to be ``mean`` before ``hits`` among ``n`` were seen."""
        mean = min(0.99, max(1e-4, mean))
        if strength is None:
            assert cv is not None
            strength = max(1.0, (1 - mean) / (mean * cv * cv) - 1)
        return self._rng().beta(
            mean * strength + hits, (1 - mean) * strength + max(0.0, n - hits), DRAWS
        )

    def _rng(self) -> np.random.Generator:
        self._seed += 1
        return np.random.default_rng(self._seed)


def _share(rng: np.random.Generator, share: float, weight: float) -> Draws:
    return rng.beta(share * weight + 0.5, (1 - share) * weight + 0.5, DRAWS)


def _mean(draws: list[Draws]) -> Draws:
    return sum(draws, np.zeros(DRAWS)) / max(1, len(draws))


def _of_cta(question: Question) -> Called:
    assert question.cta is not None
    return question.cta
