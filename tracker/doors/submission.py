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
from tracker.words import EventKind

_TWICE_WITHIN_SECONDS = 600


def filled_by_a_machine() -> bool:
    """Whether the field no person sees was filled in."""
    return bool(request.form.get(HONEYPOT, "").strip())


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
) -> Entry:
    """The event of a checked form. The same words posted again within ten minutes are the same
    event."""
    here = context()
    now = here.now()
    address = read_address(values["email"])
    consent = here.catalogue.firm.consent
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
