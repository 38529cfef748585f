"""A posted form on its way into the journal: what is the same for every form of the doors.

A door finds its form and says what follows; ``receive`` checks, counts and records.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from tracker.catalogue.firm import Consent
from tracker.context import context, from_elsewhere, network, visitor
from tracker.forms import HONEYPOT, ContactForm
from tracker.inputs import read_address, read_form
from tracker.journal import Entry, JournalError
from tracker.limits import Limit, TooMuchError
from tracker.links import LinkError, Shown
from tracker.words import EventKind, FormOf

_TWICE_WITHIN_SECONDS = 600
_PERSON_NEEDS_MS = 2000


class Notice(StrEnum):
    """Why what was filled in rightly comes back all the same, with its words."""

    AGAIN = "again"
    CROWDED = "crowded"
    BUSY = "busy"

    @property
    def status(self) -> int:
        return {"again": 422, "crowded": 429, "busy": 503}[self.value]


@dataclass(frozen=True)
class Look:
    """How a form stands before its reader: what they typed, what is wrong with it, why it comes
    back, after how many seconds it can be sent again. ``shown`` is as in ``ContactForm.html``."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: Notice | None = None
    seconds: int | None = None
    shown: str = ""

    @property
    def status(self) -> int:
        return self.notice.status if self.notice else 422 if self.errors else 200

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.seconds)} if self.seconds else {}


def receive(
    form: ContactForm,
    *,
    data: dict[str, Any] | None = None,
    unless: Callable[[], ResponseReturnValue | None] = lambda: None,
    show: Callable[[ContactForm, Look], ResponseReturnValue] | None = None,
    thanks: str = "",
) -> ResponseReturnValue:
    """Take the ``form`` that was posted: into the journal and on to the address ``thanks``
    (``<action>/thanks``), or back to its reader, the words still there.

    ``data`` goes with the event. ``unless`` may answer in place of all that follows it. ``show``
    shows the form where a page of its own, ``by_itself``, will not do.
    """
    show = show or by_itself
    refuse_elsewhere()
    values, errors = read_form(form.fields, request.form)
    if form.consent and not agreed(form.consent):
        errors["consent"] = "お送りするには、文面をお読みのうえチェックが必要です"
    try:
        count_form()
        if answer := unless():
            return answer
        if errors:
            return show(form, Look(values, errors))
        context().limits.count(Limit.FORMS_TO_ADDRESS, read_address(values["email"]).normalised)
    except TooMuchError as error:
        return show(form, Look(values, errors, Notice.CROWDED, error.seconds))
    if _sent_too_fast():
        return show(form, Look(values, notice=Notice.AGAIN))
    if not _filled_by_a_machine():
        try:
            context().journal.append([_entry(form, values, data)])
        except JournalError:
            return show(form, Look(values, notice=Notice.BUSY))
    return redirect(thanks or f"{form.action}/thanks", 303)


def by_itself(form: ContactForm, look: Look) -> ResponseReturnValue:
    """The form on a page of its own."""
    body = render_template(
        "doors/form.html", title=form.page.title, form=html(form, look), notice=look.notice
    )
    return body, look.status, look.headers


def html(form: ContactForm, look: Look) -> Markup:
    """The form; its box is ticked where it was, beside this very wording."""
    consent = context().catalogue.firm.consent
    ticked = agreed(form.consent or consent)
    return form.html(
        consent,
        values={**look.values, "consent": "yes" if ticked else ""},
        errors=look.errors,
        shown=look.shown,
    )


def refuse_elsewhere() -> None:
    """Refuse what another site's page sends."""
    if from_elsewhere():
        abort(403, "elsewhere")


def count_form() -> None:
    """Count a form against the network it came from. Raises ``TooMuchError``."""
    context().limits.count(Limit.FORMS_OF_NETWORK, network())


def shown_now() -> str:
    """A token for the form of a page shown now: when it comes back, it tells how long it was
    before the reader."""
    here = context()
    now = here.now()
    return here.links.sign(Shown(round(now.timestamp() * 1000)), now)


def agreed(consent: Consent) -> bool:
    """Whether the box was ticked beside the very wording that is in force."""
    return (
        request.form.get("consent") in ("yes", "on")
        and request.form.get("consent_hash") == consent.hash
    )


def _filled_by_a_machine() -> bool:
    """Whether the field no person sees was filled in."""
    return bool(request.form.get(HONEYPOT, "").strip())


def _sent_too_fast() -> bool:
    """Whether the form was sent in less time than a person needs.

    Told by our own token, or, on the static site, by the browser's count. Who brings neither (no
    JavaScript) is not asked, and a form that came back for another look carries neither.
    """
    here = context()
    took = request.form.get("took", "")
    if took.isascii() and took.isdigit():
        return int(took[:12]) < _PERSON_NEEDS_MS
    try:
        shown = here.links.read(Shown, request.form.get("shown", ""), here.now())
    except LinkError:
        return False
    return here.now().timestamp() * 1000 - shown.at_ms < _PERSON_NEEDS_MS


def _entry(form: ContactForm, values: dict[str, str], data: dict[str, Any] | None) -> Entry:
    """The event of a checked form. The same words posted again within ten minutes are the same
    event."""
    here = context()
    now = here.now()
    address = read_address(values["email"])
    consent = form.consent or here.catalogue.firm.consent
    person: dict[str, Any] = {
        **{name: value for name, value in values.items() if name != "email"},
        "email": address.sendable,
        "email_normalised": address.normalised,
        "network": network(),
    }
    if agreed(consent):
        person["wording"] = {
            "hash": consent.hash,
            "version": consent.version,
            "text": consent.mail,
        }
    inquiry = form.name == FormOf.INQUIRY
    kind = EventKind.INQUIRY if inquiry else EventKind.GATE_SUBMIT
    gate = None if inquiry else form.name
    return Entry(
        id=_id(kind, gate, person, now),
        at=now,
        kind=kind,
        visitor=visitor(),
        page=form.page.url,
        gate=gate,
        data=data or {},
        person=person,
    )


def _id(kind: EventKind, gate: str | None, person: dict[str, Any], now: datetime) -> str:
    bucket = int(now.timestamp()) // _TWICE_WITHIN_SECONDS
    said = json.dumps([kind, gate, person, bucket], ensure_ascii=False, sort_keys=True)
    return f"{kind}:{sha256(said.encode()).hexdigest()[:32]}"
