"""``POST /webhooks/bounce/sendgrid``: SendGrid's Event Webhook, with its signature switched on."""

import base64
import binascii
import logging
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, ValidationError

from tracker.bounces import Notice, notice_id
from tracker.doors.webhooks.calls import Call, Heard, RefusedError, Said
from tracker.settings import Settings
from tracker.words import BounceReason, EventKind

log = logging.getLogger(__name__)

NAME = "sendgrid"
PATH = "/webhooks/bounce/sendgrid"
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"

_KINDS = {
    "bounce": EventKind.MAIL_BOUNCE,
    "dropped": EventKind.MAIL_BOUNCE,
    "spamreport": EventKind.MAIL_COMPLAINT,
    "delivered": EventKind.MAIL_DELIVERED,
}
_DROPPED = {
    "bounced address": (EventKind.MAIL_BOUNCE, BounceReason.NO_RECIPIENT),
    "invalid": (EventKind.MAIL_BOUNCE, BounceReason.NO_RECIPIENT),
    "spam reporting address": (EventKind.MAIL_COMPLAINT, None),
}
"""Why SendGrid sends a mail nowhere; for any other reason the address is not to blame."""


class _Event(Said):
    id: str = Field(alias="sg_event_id", max_length=200)
    event: str
    email: str = Field(max_length=320)
    seconds: float = Field(alias="timestamp", ge=0, le=1e11)
    message_id: str | None = Field(None, alias="smtp-id", max_length=320)
    delivery: str | None = Field(None, max_length=20)
    type: str = ""
    status: str | None = Field(None, max_length=20)
    reason: str = ""


def configured(settings: Settings) -> bool:
    return bool(settings.sendgrid_key)


def hear(call: Call) -> Heard:
    _check(call)
    told = call.json()
    heard = Heard()
    for item in told if isinstance(told, list) else [told]:
        _add(call, heard, item)
    return heard


def _add(call: Call, heard: Heard, item: Any) -> None:
    try:
        said = _Event.model_validate(item)
    except ValidationError:
        heard.ignored["unreadable"] += 1
        return
    kind = _KINDS.get(said.event)
    if kind is None:
        heard.ignored["unknown type"] += 1
        return
    reason = None
    if said.event == "dropped":
        why = _DROPPED.get(said.reason.casefold())
        if why is None:
            heard.ignored["dropped"] += 1
            return
        kind, reason = why
    heard.add(
        Notice(
            id=notice_id(NAME, said.id),
            source=NAME,
            kind=kind,
            at=call.moment(datetime.fromtimestamp(said.seconds, UTC)),
            recipient=said.email,
            message_id=said.message_id,
            delivery_id=said.delivery,
            permanent=said.type != "blocked",
            status=said.status,
            diagnostic=said.reason,
            reason=reason,
        )
    )


def _check(call: Call) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    given, stamp = call.header(SIGNATURE), call.header(TIMESTAMP)
    try:
        key = load_der_public_key(base64.b64decode(call.settings.sendgrid_key))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        log.error("webhook: SODATE_SENDGRID_KEY を公開鍵として読めません")
        raise RefusedError(503, "SODATE_SENDGRID_KEY is no public key")
    try:
        signature = base64.b64decode(given, validate=True)
        key.verify(signature, stamp.encode() + call.body, ec.ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        raise RefusedError(403, "wrong signature") from None
