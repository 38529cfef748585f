"""``POST /webhooks/bounce``: Sodate's own hook, for any mail server that can run a command.

``Sodate-Signature: t=<seconds since 1970>,v1=<hex>``, where the hex is HMAC-SHA-256 with
``SODATE_BOUNCE_SECRET`` over ``<t>.<the body's bytes>``. The body is one notice or a list::

    {"id": "…", "kind": "bounce", "recipient": "taro@example.jp", "message_id": "<s.…@…>",
     "status": "5.1.1", "diagnostic": "550 user unknown", "permanent": true,
     "at": "2026-11-02T10:00:00+09:00"}

``kind`` is bounce, complaint or delivered; all but ``id``, ``kind`` and ``recipient`` may be left
out.
"""

import hmac
from datetime import datetime
from typing import Literal

from pydantic import Field, ValidationError

from tracker.bounces import Notice, notice_id
from tracker.doors.webhooks.calls import Call, Heard, RefusedError, Said
from tracker.settings import Settings
from tracker.words import EventKind

NAME = "own"
PATH = "/webhooks/bounce"
SIGNATURE = "Sodate-Signature"
WINDOW_SECONDS = 600
"""A call signed so long ago, or so far ahead, is a replay."""


class _Notice(Said):
    id: str = Field(min_length=1, max_length=200)
    kind: Literal["bounce", "complaint", "delivered"]
    recipient: str = Field(max_length=320)
    message_id: str | None = Field(None, max_length=320)
    status: str | None = Field(None, max_length=20)
    diagnostic: str = ""
    permanent: bool | None = None
    at: datetime | None = None


def configured(settings: Settings) -> bool:
    return bool(settings.bounce_secret)


def sign(secret: str, seconds: int, body: bytes) -> str:
    """The header's value for a body sent at that time."""
    mac = hmac.digest(secret.encode(), f"{seconds}.".encode() + body, "sha256").hex()
    return f"t={seconds},v1={mac}"


def hear(call: Call) -> Heard:
    check(call, call.settings.bounce_secret)
    told = call.json()
    heard = Heard()
    for item in told if isinstance(told, list) else [told]:
        try:
            said = _Notice.model_validate(item)
        except ValidationError:
            heard.ignored["unreadable"] += 1
            continue
        heard.add(
            Notice(
                id=notice_id(NAME, said.kind, said.id),
                source=NAME,
                kind=EventKind(f"mail_{said.kind}"),
                at=call.moment(said.at),
                recipient=said.recipient,
                message_id=said.message_id,
                permanent=said.permanent,
                status=said.status,
                diagnostic=said.diagnostic,
            )
        )
    return heard


def check(call: Call, secret: str) -> None:
    """Demand that the call is signed with ``secret``, over its very bytes, not long ago. Raises
    ``RefusedError``."""
    given = call.header(SIGNATURE)
    told = dict(part.strip().partition("=")[::2] for part in given.split(","))
    stamp = told.get("t", "")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise RefusedError(400, f"{SIGNATURE} has no time")
    right = sign(secret, int(stamp), call.body)
    if not hmac.compare_digest(
        f"t={stamp},v1={told.get('v1', '')}".encode("utf-8", "replace"), right.encode()
    ):
        raise RefusedError(403, "wrong signature")
    if abs(call.now.timestamp() - int(stamp)) >= WINDOW_SECONDS:
        raise RefusedError(403, "signed too long ago")
