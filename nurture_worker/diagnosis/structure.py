"""How a site is built, as far as its diagnosis asks: pages, CTAs, forms."""

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.catalogue import Catalogue
from tracker.catalogue.gates import FormField
from tracker.catalogue.pages import Page
from tracker.diagnosis import READING
from tracker.words import FormOf, PageKind, Stage

CONSULTATION = "consultation"
"""The kind of form that is itself the inquiry."""


@dataclass(frozen=True)
class CtaPlace:
    """A CTA in its section. ``target`` is what it leads to: two CTAs of one target offer the same.
    ``kind`` is what it offers, ``form`` the form behind it, if there is one."""

    id: str
    label: str
    section: int
    aims: tuple[Stage, ...]
    target: str
    kind: str = "page"
    form: str | None = None

    def distance(self, stage: Stage | None) -> int | None:
        """How many stages its aim lies from ``stage``; None where either is not told."""
        if stage is None or not self.aims:
            return None
        return min(abs(aim.rank - stage.rank) for aim in self.aims)


@dataclass(frozen=True)
class PageStructure:
    """``headings`` are those of the sections 1, 2, … (empty where only their number is known);
    ``next`` are the addresses of the pages named as what to read next."""

    url: str
    title: str
    kind: PageKind
    stage: Stage | None
    headings: tuple[str, ...]
    ctas: tuple[CtaPlace, ...]
    next: tuple[str, ...] = ()

    @property
    def is_reading(self) -> bool:
        """Whether the page is there to be read, and so to lead on."""
        return self.kind in READING

    def heading(self, section: int) -> str:
        """What stands at ``section``: the top, a heading, or the end."""
        if section <= 0:
            return "冒頭"
        return self.headings[section - 1] if section <= len(self.headings) else "読み終わり"


@dataclass(frozen=True)
class FormPlace:
    """A form: its ``fields`` as (name, label) in their order, and the ``page`` it stands on (None
    where it opens right after the click)."""

    id: str
    title: str
    kind: str
    fields: tuple[tuple[str, str], ...]
    page: str | None = None


@dataclass(frozen=True)
class StepPlace:
    """One mail of a scenario: ``label`` is what the scenario is called."""

    scenario: str
    step: str
    label: str
    day: int
    subject: str

    @property
    def thing(self) -> str:
        """What it is called on its own."""
        return f"{self.scenario}/{self.step}"


@dataclass(frozen=True)
class Site:
    pages: tuple[PageStructure, ...]
    forms: tuple[FormPlace, ...] = ()
    steps: tuple[StepPlace, ...] = ()

    def form(self, own_id: str | None) -> FormPlace | None:
        return next((form for form in self.forms if form.id == own_id), None)


_OFFERS = {
    PageKind.RESOURCE: "whitepaper",
    PageKind.SEMINAR: "seminar",
    PageKind.NEWSLETTER: "newsletter",
    PageKind.INQUIRY: CONSULTATION,
    PageKind.DIAGNOSIS: "diagnosis",
    PageKind.CASE: "case_study",
    PageKind.VOICE: "case_study",
}


def structures(catalogue: Catalogue) -> Site:
    """The site of ``catalogue``: its pages in their order, the forms that stand on them, the mails
    of its scenarios."""
    pages = []
    for page in catalogue.pages:
        ctas = []
        for cta in page.ctas:
            target = catalogue.page_of(cta.to)
            ctas.append(
                CtaPlace(
                    id=cta.id,
                    label=cta.label,
                    section=min(cta.section, len(page.sections)),
                    aims=(cta.aim,) if cta.aim else (),
                    target=target.url if target else cta.to,
                    kind=_OFFERS.get(target.kind, "page") if target else "page",
                    form=_form_of(target),
                )
            )
        pages.append(
            PageStructure(
                url=page.url,
                title=page.title,
                kind=page.kind,
                stage=page.stage,
                headings=tuple(section.text for section in page.sections),
                ctas=tuple(ctas),
                next=tuple(url for link in page.next if (url := catalogue.url_of(link))),
            )
        )
    forms = [_place(page, own_id) for page in catalogue.pages if (own_id := _form_of(page))]
    steps = [
        StepPlace(scenario.id, step.id, scenario.label, step.day, step.subject)
        for scenario in sorted(catalogue.scenarios, key=lambda one: (one.rank, one.id))
        for step in scenario.steps
    ]
    return Site(tuple(pages), tuple(forms), tuple(steps))


def _form_of(page: Page | None) -> str | None:
    """What events call the form of ``page``."""
    if page is None:
        return None
    if page.gate:
        return page.gate.id
    if page.seminar:
        return FormOf.SEMINAR.gate(page.seminar.id)
    if page.diagnosis:
        return FormOf.DIAGNOSIS.gate(page.diagnosis.id)
    if page.newsletter:
        return str(FormOf.NEWSLETTER)
    return str(FormOf.INQUIRY) if page.kind is PageKind.INQUIRY else None


def _place(page: Page, own_id: str) -> FormPlace:
    fields: Sequence[FormField] = ()
    if page.gate:
        fields = page.gate.fields
    elif page.seminar:
        fields = page.seminar.fields
    return FormPlace(
        id=own_id,
        title=page.title,
        kind=_OFFERS.get(page.kind, "page"),
        fields=tuple((field.name, field.label) for field in fields),
        page=page.url,
    )
