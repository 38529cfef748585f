"""The forms a reader fills in: one source for the static site and for the tracker's own pages."""

from collections.abc import Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tracker.catalogue.diagnoses import Diagnosis
from tracker.catalogue.firm import Consent
from tracker.catalogue.gates import KNOWN_FIELDS, FormField, Gate

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


def gate_form(
    gate: Gate,
    consent: Consent,
    *,
    page: str,
    values: Mapping[str, str] = _NONE,
    errors: Mapping[str, str] = _NONE,
    action: str | None = None,
) -> Markup:
    """The form of ``gate``, standing on the page with the address ``page``.

    ``values`` are what was typed before, by field name (``consent``: ``yes`` or empty);
    ``errors`` are shown beside their fields. Posts to ``action`` or ``/gates/<id>``.
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
    )


def inquiry_form(
    consent: Consent,
    *,
    page: str,
    values: Mapping[str, str] = _NONE,
    errors: Mapping[str, str] = _NONE,
    action: str = "/inquiries",
) -> Markup:
    """The inquiry's form; ``values`` and ``errors`` as in ``gate_form``."""
    return _contact_form(
        "inquiry",
        INQUIRY_FIELDS,
        consent,
        page=page,
        values=values,
        errors=errors,
        action=action,
        button="この内容で送る",
    )


def diagnosis_form(
    diagnosis: Diagnosis,
    *,
    page: str,
    values: Mapping[str, str] = _NONE,
    errors: Mapping[str, str] = _NONE,
    action: str | None = None,
) -> Markup:
    """The questions of ``diagnosis``; a value is the index of the chosen option, as text."""
    return Markup(  # noqa: S704 - made by an autoescaping template
        _templates.get_template("diagnosis.html").render(
            diagnosis=diagnosis,
            form_id=f"diagnosis-{diagnosis.id}",
            page=page,
            values=values,
            errors=errors,
            labels={q.id: f"質問{n}" for n, q in enumerate(diagnosis.questions, start=1)},
            action=action or f"/diagnoses/{diagnosis.id}",
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
        )
    )
