"""A posted form on its way into the journal: shared by the gate, the inquiry and the diagnosis."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

from flask import request

from tracker.catalogue.firm import Consent
from tracker.context import context, network, visitor
from tracker.forms import HONEYPOT
from tracker.inputs import read_address
from tracker.journal import Entry
from tracker.links import LinkError, Shown
from tracker.words import EventKind

_TWICE_WITHIN_SECONDS = 600
_PERSON_NEEDS_MS = 2000


def filled_by_a_machine() -> bool:
    """Whether the field no person sees was filled in."""
    return bool(request.form.get(HONEYPOT, "").strip())


def shown_now() -> str:
    """A token for the form of a page shown now: when it comes back, ``sent_too_fast`` can tell how
    long it was before the reader."""
    here = context()
    now = here.now()
    return here.links.sign(Shown(round(now.timestamp() * 1000)), now)


def sent_too_fast() -> bool:
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


def agreed(consent: Consent) -> bool:
    """Whether the box was ticked beside the very wording that is in force."""
    return (
        request.form.get("consent") in ("yes", "on")
        and request.form.get("consent_hash") == consent.hash
    )


def entry(
    kind: EventKind,
    values: dict[str, str],
    *,
    gate: str | None = None,
    page: str | None = None,
    data: dict[str, Any] | None = None,
    consent: Consent | None = None,
) -> Entry:
    """The event of a checked form. The same words posted again within ten minutes are the same
    event. ``consent`` is the wording beside its box, the firm's where none is given."""
    here = context()
    now = here.now()
    address = read_address(values["email"])
    consent = consent or here.catalogue.firm.consent
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
    return Entry(
        id=_id(kind, gate, person, now),
        at=now,
        kind=kind,
        visitor=visitor(),
        page=page,
        gate=gate,
        data=data or {},
        person=person,
    )


def _id(kind: EventKind, gate: str | None, person: dict[str, Any], now: datetime) -> str:
    bucket = int(now.timestamp()) // _TWICE_WITHIN_SECONDS
    said = json.dumps([kind, gate, person, bucket], ensure_ascii=False, sort_keys=True)
    return f"{kind}:{sha256(said.encode()).hexdigest()[:32]}"
