"""``POST /webhooks/line``: who follows the firm in LINE, and who does no more.

A user's id is personal: it goes into a table of its own, never into the event log.
"""

from datetime import UTC, datetime
from typing import Any

from pydantic import Field, ValidationError

from tracker.bounces import notice_id, plain
from tracker.doors.webhooks.calls import Call, Heard, RefusedError, Said
from tracker.journal import Entry
from tracker.settings import Settings
from tracker.words import EventKind

NAME = "line"
PATH = "/webhooks/line"
SIGNATURE = "X-Line-Signature"

_KINDS = {"follow": EventKind.LINE_FOLLOW, "unfollow": EventKind.LINE_UNFOLLOW}


class _Source(Said):
    type: str
    user: str = Field(alias="userId", pattern=r"^U[0-9a-f]{32}$")


class _Event(Said):
    type: str
    id: str = Field(alias="webhookEventId", min_length=1, max_length=100)
    milliseconds: int = Field(alias="timestamp", ge=0, le=10**14)
    source: _Source


class _Body(Said):
    destination: str | None = None
    events: list[Any]


def configured(settings: Settings) -> bool:
    return bool(settings.line_channel_secret)


def hear(call: Call) -> Heard:
    _check(call)
    heard = Heard()
    try:
        said = _Body.model_validate(call.json())
    except ValidationError:
        raise RefusedError(400, "not a body of LINE") from None
    if call.settings.line_bot_id and said.destination != call.settings.line_bot_id:
        heard.ignored["other channel"] += 1
        return heard
    for item in said.events:
        kind = _KINDS.get(str(item.get("type"))) if isinstance(item, dict) else None
        if kind is None:
            heard.ignored["unknown type"] += 1
            continue
        try:
            event = _Event.model_validate(item)
        except ValidationError:
            heard.ignored["unreadable"] += 1
            continue
        heard.entries.append(
            Entry(
                id=notice_id(NAME, event.id),
                at=call.moment(datetime.fromtimestamp(event.milliseconds / 1000, UTC)),
                kind=kind,
                data={"source": NAME, "event": plain(event.id, 60)},
                person={"line_user": event.source.user},
            )
        )
    return heard


def _check(call: Call) -> None:
    given = call.header(SIGNATURE)  # the SDK fails on a header that isn't there
    # Here, for the SDK is large: a house without LINE never loads it.
    from linebot.v3.webhook import SignatureValidator  # type: ignore[import-untyped]

    try:
        body = call.body.decode()
    except UnicodeDecodeError:
        raise RefusedError(400, "not UTF-8") from None
    if not SignatureValidator(call.settings.line_channel_secret).validate(body, given):
        raise RefusedError(403, "wrong signature")
