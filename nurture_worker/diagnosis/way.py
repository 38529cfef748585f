"""The map of the way from a visit to an order, and what each mail of it did."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from nurture_worker.diagnosis.beyond import Beyond
from nurture_worker.diagnosis.figures import ARRIVES, Figures, stopped
from nurture_worker.diagnosis.peers import Usual
from nurture_worker.diagnosis.questions import FEWEST_PEERS
from tracker.diagnosis import DefectKind, Finding, MailStep, WayStep

_CUTS: tuple[DefectKind, ...] = ("section_cliff", "cta_below_exit", "dead_end")
_PRESSED: tuple[DefectKind, ...] = ("cta_weak", "cta_stage_mismatch", "cta_competition")

Object = TypeVar("Object")


def way(figures: Figures, beyond: Beyond, found: Sequence[Finding]) -> Iterator[WayStep]:
    """From the visits to the inquiries and orders. A step is as usual where each object of it would
    do as the others of its kind do."""
    kinds = {finding.kind for finding in found}
    counts, ctas, forms = figures.counts, figures.ctas, figures.site.forms

    def step(
        label: str,
        count: int,
        of: int | None = None,
        usual: float | None = None,
        by: Iterable[DefectKind] = (),
    ) -> WayStep:
        rounded = None if usual is None else round(usual, 1)
        return WayStep(
            label=label, count=count, of=of, usual=rounded, found=not kinds.isdisjoint(by)
        )

    seen = sum(cta.seen for page in counts.pages.values() for cta in page.ctas.values())
    pressed = sum(cta.clicked for page in counts.pages.values() for cta in page.ctas.values())
    opened = sum(form.opened for form in counts.forms.values())
    sent = sum(form.sent for form in counts.forms.values())
    more_pressed = _as_usual(
        ctas,
        lambda cta: figures.clicks_of(cta.place.kind, (cta.distance,), cta.place.id),
        lambda cta: (cta.counts.seen, cta.counts.clicked),
    )
    lost_on_the_way = sum(
        max(0.0, ARRIVES * cta.counts.clicked - cta.counts.arrived)
        for cta in ctas
        if cta.place.form
    )
    more_sent = _as_usual(
        forms,
        figures.sends_of,
        lambda form: (figures.form(form.id).opened, figures.form(form.id).sent),
    )
    yield step("訪問", counts.sessions)
    yield step("CTAが見えた", seen, by=_CUTS)  # by several CTAs in a visit: no share of them
    yield step("CTAを押した", pressed, seen, _plus(pressed, more_pressed), _PRESSED)
    yield step(
        "フォームを開いた", opened, pressed, _plus(opened, lost_on_the_way), ("broken_link",)
    )
    yield step("フォームを送った", sent, opened, _plus(sent, more_sent), ("form_abandon",))
    if beyond.mailed is not None:
        yield step("メールが届いた人", beyond.mailed, by=("step_loses",))
        yield step("メールを押した人", beyond.pressed or 0, beyond.mailed)
    yield step("問い合わせ", counts.inquiries)
    if beyond.orders is not None:
        yield step("受注", beyond.orders, counts.inquiries)


def mail_steps(figures: Figures, found: Sequence[Finding]) -> Iterator[MailStep]:
    """Each step of which mails arrived in the period."""
    losing = {finding.thing for finding in found if finding.kind == "step_loses"}
    for step in figures.site.steps:
        mail = figures.mail(step)
        if mail.delivered:
            yield MailStep(
                label=step.label,
                day=step.day,
                subject=step.subject,
                delivered=mail.delivered,
                clicked=min(mail.clicked, mail.delivered),
                stopped=stopped(mail),
                found=step.thing in losing,
            )


def _as_usual(
    objects: Iterable[Object],
    usual_of: Callable[[Object], Usual],
    counted: Callable[[Object], tuple[int, int]],
) -> float | None:
    """How many more hits it would be altogether, were each object like the others; None where none
    can be compared."""
    more = None
    for one in objects:
        n, hits = counted(one)
        usual = usual_of(one)
        if n and usual.peers >= FEWEST_PEERS:
            more = (more or 0.0) + n * usual.share - hits
    return more


def _plus(count: int, more: float | None) -> float | None:
    return None if more is None or not count else max(0.0, count + more)
