"""Before and after a repair, by one measure; what moved everywhere is taken out by the others."""

import math
from dataclasses import dataclass
from datetime import datetime

from nurture_worker.diagnosis.figures import Called, Figures, stopped
from tracker.chance import Z80
from tracker.diagnosis import ON_NO_PAGE, DefectKind, Place, Repaired

FEWEST_DAYS = 7
"""Sooner after a repair nothing is compared."""
_FEWEST = 20


@dataclass(frozen=True)
class Measured:
    """``hits`` among ``n`` cases, and the share that was usual in the same days."""

    n: float
    hits: float
    usual: float

    @property
    def share(self) -> float:
        return self.hits / self.n


def compare(
    kind: DefectKind, place: Place, at: datetime, days: int, before: Figures, after: Figures | None
) -> Repaired:
    """What became of ``place`` in the ``days`` days after its repair at ``at``; without ``after``
    it is too early to say."""
    told = Repaired(kind=kind, at=at, days=days, **place.model_dump(include=_PLACE))
    if after is None:
        return told
    was, now = measure(before, kind, place), measure(after, kind, place)
    if was is None or now is None:
        return told
    return told.model_copy(
        update={
            "before": round(was.share, 4),
            "after": round(now.share, 4),
            "usual_before": round(was.usual, 4),
            "usual_after": round(now.usual, 4),
            "people_before": round(was.n),
            "people_after": round(now.n),
            "verdict": _verdict(was, now, fewer_is_better=kind in ("section_cliff", "step_loses")),
        }
    )


def measure(figures: Figures, kind: DefectKind, place: Place) -> Measured | None:
    """The share that a repair of that kind is to move; None where there is nothing to see."""
    found = _measure(figures, kind, place)
    return found if found is not None and found.n > 0 else None


def _measure(figures: Figures, kind: DefectKind, place: Place) -> Measured | None:
    if kind == "form_abandon":
        form = figures.site.form(place.form)
        own = figures.form(place.form)
        return Measured(own.opened, own.sent, figures.sends_of(form).share) if form else None
    if kind in ON_NO_PAGE:
        step = next((s for s in figures.site.steps if s.thing == place.thing), None)
        if kind != "step_loses" or step is None:
            return None
        mail = figures.mail(step)
        return Measured(mail.delivered, stopped(mail), figures.stops_of(step).share)
    page = next((read for read in figures.reads if read.structure.url == place.page), None)
    if page is None:
        return None
    if kind == "dead_end":
        return Measured(page.counts.done, page.counts.went_on, figures.goes_on(page).share)
    if kind == "section_cliff":
        if place.section is None or place.section > page.last:
            return None
        point = page.points[place.section]
        return Measured(point.at_risk, point.left, figures.leaves(page, place.section).share)
    cta = next((c for c in figures.ctas if c.place.id == place.cta), None)
    return _of_cta(figures, kind, cta) if cta else None


def _of_cta(figures: Figures, kind: DefectKind, cta: Called) -> Measured:
    counts = cta.counts
    if kind == "broken_link":
        others = [c.counts for c in figures.ctas if c is not cta]
        arrived = sum(c.arrived for c in others)
        return Measured(
            counts.clicked, counts.arrived, _rate(arrived, sum(c.clicked for c in others))
        )
    if kind == "cta_below_exit":
        # A CTA that was moved is measured by who sees it, wherever it stands.
        others_seen = sum(c.counts.seen for c in figures.ctas if c is not cta)
        views = sum(c.page.views for c in figures.ctas if c is not cta)
        return Measured(cta.page.views, min(counts.seen, cta.page.views), _rate(others_seen, views))
    usual = figures.clicks_of(cta.place.kind, (cta.distance,), cta.place.id).share
    return Measured(counts.seen, counts.clicked, usual)


def _rate(hits: float, n: float) -> float:
    return min(0.99, max(0.01, (hits + 1) / (n + 2)))


def _verdict(was: Measured, now: Measured, *, fewer_is_better: bool) -> str:
    """Whether the change is larger than chance does in four of five cases."""
    if was.n < _FEWEST or now.n < _FEWEST:
        return "まだ分かりません"
    change = math.log(_odds(now) / _odds(was)) - math.log(now.usual / was.usual)
    spread = math.sqrt(sum((1 - m.share + 0.01) / (m.hits + 0.5) for m in (was, now)))
    if abs(change) <= Z80 * spread:
        return "まだ分かりません"
    return "良くなりました" if (change > 0) != fewer_is_better else "悪くなりました"


def _odds(measured: Measured) -> float:
    return (measured.hits + 0.5) / (measured.n + 1)


_PLACE = {"page", "title", "where", "section", "cta", "form", "thing"}
