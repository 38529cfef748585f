"""``POST /webhooks/bounce/postmark``: Postmark's bounce, spam complaint and delivery webhooks.

Postmark signs nothing; it brings a password instead, by Basic authentication (``https://sodate:
<password>@…`` in its address) or in the header ``Sodate-Secret``.
"""

import base64
import binascii
import hmac
from datetime import datetime

from pydantic import Field, ValidationError

from tracker.bounces import Notice, notice_id
from tracker.doors.webhooks.calls import Call, Heard, RefusedError, Said
from tracker.settings import Settings
from tracker.words import BounceReason, EventKind

NAME = "postmark"
PATH = "/webhooks/bounce/postmark"
SECRET = "Sodate-Secret"  # noqa: S105 - the header's name

_BOUNCES: dict[str, tuple[bool | None, BounceReason | None]] = {
    "HardBounce": (True, None),
    "BadEmailAddress": (True, BounceReason.NO_RECIPIENT),
    "SoftBounce": (False, None),
    "Transient": (False, BounceReason.TEMPORARY),
    "DnsError": (False, BounceReason.TEMPORARY),
    "SpamNotification": (None, BounceReason.POLICY),
    "Blocked": (None, BounceReason.POLICY),
    "DMARCPolicy": (None, BounceReason.POLICY),
}


class _Metadata(Said):
    delivery: str | None = Field(None, max_length=20)


class _Record(Said):
    record: str = Field(alias="RecordType")
    id: int | None = Field(None, alias="ID")
    type: str = Field("", alias="Type")
    message: str = Field("", alias="MessageID", max_length=200)
    email: str | None = Field(None, alias="Email", max_length=320)
    recipient: str | None = Field(None, alias="Recipient", max_length=320)
    details: str | None = Field(None, alias="Details")
    description: str | None = Field(None, alias="Description")
    bounced_at: datetime | None = Field(None, alias="BouncedAt")
    delivered_at: datetime | None = Field(None, alias="DeliveredAt")
    metadata: _Metadata = Field(_Metadata(), alias="Metadata")


def configured(settings: Settings) -> bool:
    return bool(settings.postmark_secret)


def hear(call: Call) -> Heard:
    _check(call)
    heard = Heard()
    try:
        said = _Record.model_validate(call.json())
    except ValidationError:
        heard.ignored["unreadable"] += 1
        return heard
    permanent, reason = None, None
    if said.record == "SpamComplaint" or (said.record, said.type) == ("Bounce", "SpamComplaint"):
        kind = EventKind.MAIL_COMPLAINT
    elif said.record == "Bounce" and said.type in _BOUNCES:
        kind = EventKind.MAIL_BOUNCE
        permanent, reason = _BOUNCES[said.type]
    elif said.record == "Delivery":
        kind = EventKind.MAIL_DELIVERED
    else:
        heard.ignored["unknown type"] += 1
        return heard
    heard.add(
        Notice(
            id=notice_id(NAME, kind, said.id or "", said.message),
            source=NAME,
            kind=kind,
            at=call.moment(said.bounced_at or said.delivered_at),
            recipient=said.email or said.recipient,
            delivery_id=said.metadata.delivery,
            permanent=permanent,
            diagnostic=said.details or said.description or "",
            reason=reason,
        )
    )
    return heard


def _check(call: Call) -> None:
    given = call.headers.get(SECRET) or _password(call.headers.get("Authorization", ""))
    if not given:
        raise RefusedError(401, "no password")
    if not hmac.compare_digest(
        given.encode("utf-8", "replace"), call.settings.postmark_secret.encode()
    ):
        raise RefusedError(403, "wrong password")


def _password(authorization: str) -> str:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
