"""The map of the way from a visit to an order, and what each mail of it did."""

from collections.abc import Iterator, Sequence

from nurture_worker.diagnosis.beyond import Beyond
from nurture_worker.diagnosis.figures import Figures, stopped
from nurture_worker.diagnosis.findings import Answer
from nurture_worker.diagnosis.questions import Question
from tracker.diagnosis import DefectKind, MailStep, WayStep

_READ: tuple[DefectKind, ...] = ("section_cliff", "cta_below_exit", "dead_end")
_PRESSED: tuple[DefectKind, ...] = ("cta_weak", "cta_stage_mismatch", "cta_competition")


def way(figures: Figures, beyond: Beyond, answers: Sequence[Answer]) -> Iterator[WayStep]:
    """From the visits to the inquiries and orders."""
    counts = figures.counts
    seen = sum(cta.seen for page in counts.pages.values() for cta in page.ctas.values())
    pressed = sum(cta.clicked for page in counts.pages.values() for cta in page.ctas.values())
    opened = sum(form.opened for form in counts.forms.values())
    sent = sum(form.sent for form in counts.forms.values())
    yield WayStep(label="訪問", count=counts.sessions)
    # By several CTAs in a visit: no share of them.
    yield WayStep(label="CTAが見えた", count=seen, found=bool(_found(answers, _READ)))
    yield _step("CTAを押した", pressed, seen, _found(answers, _PRESSED))
    yield _step("フォームを開いた", opened, pressed, _found(answers, ("broken_link",)))
    yield _step("フォームを送った", sent, opened, _found(answers, ("form_abandon",)))
    if beyond.mailed is not None:
        losing = bool(_found(answers, ("step_loses",)))
        yield WayStep(label="メールが届いた人", count=beyond.mailed, found=losing)
        yield WayStep(label="メールを押した人", count=beyond.pressed or 0, of=beyond.mailed)
    yield WayStep(label="問い合わせ", count=counts.inquiries)
    if beyond.orders is not None:
        yield WayStep(label="受注", count=beyond.orders)


def mail_steps(figures: Figures, answers: Sequence[Answer]) -> Iterator[MailStep]:
    """Each step of which mails arrived in the period."""
    losing = [question.step for question in _found(answers, ("step_loses",))]
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
                found=step in losing,
            )


def _found(answers: Sequence[Answer], kinds: tuple[DefectKind, ...]) -> list[Question]:
    return [a.question for a in answers if a.status == "found" and a.question.kind in kinds]


def _step(label: str, count: int, of: int, found: Sequence[Question]) -> WayStep:
    """``found`` is what keeps readers from it: were it like others of its kind, it would bring so
    many more."""
    more = sum(max(0.0, q.n * q.usual.share - q.hits) for q in found)
    usual = round(count + more, 1) if found else None
    return WayStep(label=label, count=count, of=of, found=bool(found), usual=usual)
