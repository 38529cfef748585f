"""``POST /webhooks/line``: who follows the firm in LINE, who does no more, and whose account was
linked.

A user's id is personal: it goes into a table of its own, never into the event log.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, ValidationError

from tracker.bounces import notice_id, plain
from tracker.doors.webhooks.calls import Call, Heard, RefusedError, Said
from tracker.journal import Entry
from tracker.links import LineNonce, LinkError, Links
from tracker.settings import Settings
from tracker.words import EventKind

NAME = "line"
PATH = "/webhooks/line"
SIGNATURE = "X-Line-Signature"

LINK_WORD = "連携"
"""Who sends it in LINE is told how to link their account."""

NONCE_LIFETIME = timedelta(hours=1)
"""LINE's own token lives for ten minutes; our links are dated to the hour."""

_KINDS = {
    "follow": EventKind.LINE_FOLLOW,
    "unfollow": EventKind.LINE_UNFOLLOW,
    "accountLink": EventKind.LINE_LINK,
}


class _Source(Said):
    type: str
    user: str = Field(alias="userId", pattern=r"^U[0-9a-f]{32}$")


class _Link(Said):
    result: str
    nonce: str = Field(max_length=255)


class _Text(Said):
    type: str
    text: str = ""


class _Event(Said):
    type: str
    id: str = Field(alias="webhookEventId", min_length=1, max_length=100)
    milliseconds: int = Field(alias="timestamp", ge=0, le=10**14)
    source: _Source
    reply_token: str | None = Field(None, alias="replyToken", max_length=200)
    link: _Link | None = None
    message: _Text | None = None


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
        kind = _kind_of(item)
        if kind is None:
            heard.ignored["unknown type"] += 1
            continue
        try:
            event = _Event.model_validate(item)
        except ValidationError:
            heard.ignored["unreadable"] += 1
            continue
        delivery_id = _linked_by(call, event) if kind is EventKind.LINE_LINK else None
        if kind is EventKind.LINE_LINK and delivery_id is None:
            heard.ignored["no link of ours"] += 1
            continue
        person = {"line_user": event.source.user}
        if kind is EventKind.LINE_FOLLOW and event.reply_token:
            person["reply_token"] = event.reply_token
        heard.entries.append(
            Entry(
                id=notice_id(NAME, event.id),
                at=call.moment(datetime.fromtimestamp(event.milliseconds / 1000, UTC)),
                kind=kind,
                delivery_id=delivery_id,
                data={"source": NAME, "event": plain(event.id, 60)},
                person=person,
            )
        )
    return heard


def _kind_of(item: Any) -> EventKind | None:
    """What an event is to us. Who writes the word follows the firm, or could not write."""
    if not isinstance(item, dict):
        return None
    message = item.get("message")
    if item.get("type") == "message" and isinstance(message, dict):
        asks = message.get("type") == "text" and LINK_WORD in str(message.get("text"))
        return EventKind.LINE_FOLLOW if asks else None
    return _KINDS.get(str(item.get("type")))


def _linked_by(call: Call, event: _Event) -> str | None:
    """The delivery whose reader pressed the button; ``None`` for a nonce that is not ours."""
    if event.link is None or event.link.result != "ok":
        return None
    links = Links(call.settings.keys)
    try:
        return links.read(LineNonce, event.link.nonce, call.now, NONCE_LIFETIME).delivery_id
    except LinkError:
        return None


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
