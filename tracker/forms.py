"""The forms a reader fills in: one source for the static site and for the tracker's own pages."""

from collections.abc import Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tracker.catalogue.diagnoses import Diagnosis
from tracker.catalogue.firm import Consent
from tracker.catalogue.gates import KNOWN_FIELDS, FormField, Gate
from tracker.catalogue.newsletters import FIELDS as NEWSLETTER_FIELDS
from tracker.catalogue.newsletters import Newsletter
from tracker.catalogue.pages import Page
from tracker.catalogue.seminars import Seminar
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


def asked_on(page: Page) -> dict[str, frozenset[str]]:
    """The forms that stand on ``page``: the names of their fields by what events call the form."""
    found: dict[str, frozenset[str]] = {}
    if page.gate:
        found[page.gate.id] = _names(page.gate.fields)
    if page.diagnosis:
        questions = (question.id for question in page.diagnosis.questions)
        found[FormOf.DIAGNOSIS.gate(page.diagnosis.id)] = frozenset(questions)
    if page.seminar:
        found[FormOf.SEMINAR.gate(page.seminar.id)] = _names(page.seminar.fields)
    if page.newsletter:
        found[FormOf.NEWSLETTER] = _names(NEWSLETTER_FIELDS)
    if page.kind is PageKind.INQUIRY:
        found[FormOf.INQUIRY] = _names(INQUIRY_FIELDS)
    return found


def _names(fields: Sequence[FormField]) -> frozenset[str]:
    return frozenset(field.name for field in fields) | {"consent"}


def gate_form(
    gate: Gate,
    consent: Consent,
    *,
    page: str,
    values: Mapping[str, str] = _NONE,
    errors: Mapping[str, str] = _NONE,
    action: str | None = None,
    shown: str | None = None,
) -> Markup:
    """The form of ``gate``, standing on the page with the address ``page``.

    ``values`` are what was typed before, by field name (``consent``: ``yes`` or empty);
    ``errors`` are shown beside their fields. Posts to ``action`` or ``/gates/<id>``.
    ``shown`` is the tracker's word for when it first showed the form, empty where the form comes
    back; ``None`` lets the browser count how long it was before the reader.
    """
    return _contact_form(
        f"gate-{gate.id}",
        gate.fields,
        consent,
        page=page,
        values=values,
        errors=errors,
        action=action or f"/gates/{gate.id}",
        button=gate.button,
        name=gate.id,
        shown=shown,
    )


def inquiry_form(
    consent: Consent,
    *,
    page: str,
    values: Mapping[str, str] = _NONE,
    errors: Mapping[str, str] = _NONE,
    action: str = "/inquiries",
    shown: str | None = None,
) -> Markup:
    """The inquiry's form; ``values``, ``errors`` and ``shown`` as in ``gate_form``."""
    return _contact_form(
        "inquiry",
        INQUIRY_FIELDS,
        consent,
        page=page,
        values=values,
        errors=errors,
        action=action,
        button="この内容で送る",
        name=FormOf.INQUIRY,
        shown=shown,
    )


def seminar_form(
    seminar: Seminar,
    consent: Consent,
    *,
    page: str,
    values: Mapping[str, str] = _NONE,
    errors: Mapping[str, str] = _NONE,
    shown: str | None = None,
) -> Markup:
    """The form for a place at ``seminar``; the rest as in ``gate_form``."""
    return _contact_form(
        f"seminar-{seminar.id}",
        seminar.fields,
        consent,
        page=page,
        values=values,
        errors=errors,
        action=f"/seminars/{seminar.id}",
        button=seminar.button,
        name=FormOf.SEMINAR.gate(seminar.id),
        shown=shown,
    )


def newsletter_form(
    newsletter: Newsletter,
    *,
    page: str,
    values: Mapping[str, str] = _NONE,
    errors: Mapping[str, str] = _NONE,
    shown: str | None = None,
) -> Markup:
    """The newsletter's sign-up, for which the box must be ticked; the rest as in ``gate_form``."""
    return _contact_form(
        f"newsletter-{newsletter.id}",
        NEWSLETTER_FIELDS,
        newsletter.consent,
        page=page,
        values=values,
        errors=errors,
        action="/newsletter",
        button=newsletter.button,
        name=FormOf.NEWSLETTER,
        shown=shown,
        consent_needed=True,
    )


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


def _contact_form(
    form_id: str,
    fields: Sequence[FormField],
    consent: Consent,
    *,
    page: str,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    action: str,
    button: str,
    name: str,
    shown: str | None,
    consent_needed: bool = False,
) -> Markup:
    return Markup(  # noqa: S704 - made by an autoescaping template
        _templates.get_template("contact.html").render(
            form_id=form_id,
            fields=fields,
            consent=consent,
            honeypot=HONEYPOT,
            page=page,
            values=values,
            errors=errors,
            labels={**{field.name: field.label for field in fields}, "consent": "同意"},
            action=action,
            button=button,
            name=name,
            shown=shown,
            consent_needed=consent_needed,
        )
    )
