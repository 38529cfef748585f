"""The forms a reader fills in: one source for the static site and for the tracker's own pages."""

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tracker.catalogue.diagnoses import Diagnosis
from tracker.catalogue.firm import Consent
from tracker.catalogue.gates import KNOWN_FIELDS, FormField
from tracker.catalogue.newsletters import FIELDS as NEWSLETTER_FIELDS
from tracker.catalogue.pages import Page
from tracker.words import FormOf, PageKind

INQUIRY_FIELDS: tuple[FormField, ...] = tuple(
    KNOWN_FIELDS[name] for name in ("name", "company", "email", "message")
)
"""What an inquiry asks for; all of it is required."""

HONEYPOT = "website"
"""A field no person sees: what fills it in is a machine."""

_NONE: Mapping[str, str] = {}

_templates = Environment(
    loader=PackageLoader("tracker", "templates/forms"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class ContactForm:
    """A form in which a reader says who they are.

    ``name`` is what events call it, ``action`` where it posts to, ``page`` the page it belongs
    to. ``consent`` is the wording of a form that is about nothing else: its box must be
    ticked. Without one the firm's wording stands there, whose box may stay empty.
    """

    id: str
    name: str
    action: str
    page: Page
    button: str
    fields: tuple[FormField, ...]
    consent: Consent | None = None

    @property
    def field_names(self) -> frozenset[str]:
        """What the beacon may name, the box among it."""
        return frozenset(field.name for field in self.fields) | {"consent"}

    def html(
        self,
        consent: Consent,
        *,
        values: Mapping[str, str] = _NONE,
        errors: Mapping[str, str] = _NONE,
        shown: str | None = None,
    ) -> Markup:
        """The form; ``consent`` is the firm's wording.

        ``values`` are what was typed before, by field name (``consent``: ``yes`` or empty);
        ``errors`` are shown beside their fields. ``shown`` is the tracker's word for when it first
        showed the form, empty where the form comes back; ``None`` lets the browser count how long
        it was before the reader.
        """
        return Markup(  # noqa: S704 - made by an autoescaping template
            _templates.get_template("contact.html").render(
                form=self,
                consent=self.consent or consent,
                honeypot=HONEYPOT,
                values=values,
                errors=errors,
                labels={**{field.name: field.label for field in self.fields}, "consent": "同意"},
                shown=shown,
            )
        )


def contact_form(page: Page) -> ContactForm | None:
    """The form on ``page`` in which a reader says who they are, where one stands there."""
    if own := page.gate or page.seminar:
        kind, name = "gate", own.id
        if page.seminar:
            kind, name = "seminar", FormOf.SEMINAR.gate(own.id)
        return ContactForm(
            id=f"{kind}-{own.id}",
            name=name,
            action=f"/{kind}s/{own.id}",
            page=page,
            button=own.button,
            fields=own.fields,
        )
    if page.newsletter:
        return ContactForm(
            id=f"newsletter-{page.newsletter.id}",
            name=FormOf.NEWSLETTER,
            action="/newsletter",
            page=page,
            button=page.newsletter.button,
            fields=NEWSLETTER_FIELDS,
            consent=page.newsletter.consent,
        )
    if page.kind is PageKind.INQUIRY:
        return ContactForm(
            id=FormOf.INQUIRY,
            name=FormOf.INQUIRY,
            action="/inquiries",
            page=page,
            button="この内容で送る",
            fields=INQUIRY_FIELDS,
        )
    return None


def asked_on(page: Page) -> dict[str, frozenset[str]]:
    """The forms that stand on ``page``: the names of their fields by what events call the form."""
    found: dict[str, frozenset[str]] = {}
    if form := contact_form(page):
        found[form.name] = form.field_names
    if page.diagnosis:
        questions = (question.id for question in page.diagnosis.questions)
        found[FormOf.DIAGNOSIS.gate(page.diagnosis.id)] = frozenset(questions)
    return found


def diagnosis_form(
    diagnosis: Diagnosis,
    *,
    page: str,
    values: Mapping[str, str] = _NONE,
    errors: Mapping[str, str] = _NONE,
    action: str | None = None,
    steps: str | None = None,
) -> Markup:
    """The questions of ``diagnosis``; a value is the index of the chosen option, as text.

    ``steps`` is the address that asks them one at a time, where the form is to lead there.
    """
    return Markup(  # noqa: S704 - made by an autoescaping template
        _templates.get_template("diagnosis.html").render(
            diagnosis=diagnosis,
            form_id=f"diagnosis-{diagnosis.id}",
            name=FormOf.DIAGNOSIS.gate(diagnosis.id),
            steps=steps,
            page=page,
            values=values,
            errors=errors,
            labels={q.id: f"質問{n}" for n, q in enumerate(diagnosis.questions, start=1)},
            action=action or f"/diagnoses/{diagnosis.id}",
        )
    )


def diagnosis_step(
    diagnosis: Diagnosis,
    number: int,
    *,
    page: str,
    values: Mapping[str, str] = _NONE,
    missed: bool = False,
) -> Markup:
    """Question ``number`` (from 1) of ``diagnosis`` alone, the other answers in hidden fields.

    Asks for the next question by GET; the last one posts all answers. ``missed`` says that the
    reader went on without an answer.
    """
    question = diagnosis.questions[number - 1]
    return Markup(  # noqa: S704 - made by an autoescaping template
        _templates.get_template("step.html").render(
            diagnosis=diagnosis,
            form_id=f"diagnosis-{diagnosis.id}",
            number=number,
            question=question,
            page=page,
            values=values,
            errors={question.id: "ひとつ選んでください"} if missed else {},
        )
    )
