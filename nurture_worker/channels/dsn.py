"""A mail that came back to the return address, read: whose mail did not arrive, and why.

Delivery status notifications (RFC 3464, RFC 6533), complaints (RFC 5965), and the plain words of
servers that know neither. Pure; whether it is true is judged against the ledger.
"""

import base64
import quopri
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser
from email.utils import getaddresses, parsedate_to_datetime

from tracker.bounces import DSN, Notice, notice_id, plain, status_in, told_by
from tracker.words import EventKind

LARGEST = 524_288
"""Bytes of a mail that are read: what counts stands at its beginning."""

_MOST_RECIPIENTS = 50
_MOST_TEXT = 20_000
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_RETURNED_TYPES = (
    "message/rfc822",
    "message/global",
    "message/global-headers",
    "text/rfc822-headers",
    "message/rfc822-headers",
)
_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To")
_MESSAGE_ID = re.compile(r"<[^<>\s@]{1,200}@[^<>\s@]{1,200}>")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'@]{1,64}@[A-Za-z0-9.-]{1,255}[A-Za-z0-9]")
_ROBOTS = re.compile(r"mailer-daemon|postmaster|mail delivery", re.IGNORECASE)
_KINDS = {"failed": EventKind.MAIL_BOUNCE, "delivered": EventKind.MAIL_DELIVERED}


@dataclass
class Read:
    """What a mail tells. Where that is nothing, ``left`` says why, in a word of ours."""

    notices: list[Notice] = field(default_factory=list)
    left: str | None = None


@dataclass(frozen=True)
class _About:
    """What holds for a whole report."""

    at: datetime
    own_id: str
    delivery_id: str | None
    message_id: str | None

    def notice(
        self,
        kind: EventKind,
        recipient: str | None,
        status: str | None = None,
        diagnostic: str = "",
    ) -> Notice:
        mail = self.delivery_id or self.message_id or ""
        return Notice(
            id=notice_id(DSN, kind, mail, recipient or "", self.own_id),
            source=DSN,
            kind=kind,
            at=self.at,
            recipient=recipient,
            message_id=self.message_id,
            delivery_id=self.delivery_id,
            status=status,
            diagnostic=diagnostic,
        )


def read(raw: bytes, now: datetime, delivery_of: Callable[[str], str | None]) -> Read:
    """What the mail ``raw`` tells. ``delivery_of`` gives the delivery that an address is the
    return address of. Whatever the bytes are, this answers."""
    try:
        return _read(message_from_bytes(raw[:LARGEST]), now, delivery_of)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError):
        # The parser of the standard library trips over some mails in each of these ways.
        return Read(left="unreadable")


def _read(mail: Message, now: datetime, delivery_of: Callable[[str], str | None]) -> Read:
    parts = list(mail.walk())
    returned = next((_headers(p) for p in parts if p.get_content_type() in _RETURNED_TYPES), None)
    reports = [p for p in parts if p.get_content_type() in _STATUS_TYPES]
    complaints = [p for p in parts if p.get_content_type() == "message/feedback-report"]
    addresses = list(_addressed_to(mail, returned, complaints))
    about = _About(
        at=_at(mail, now),
        own_id=str(mail.get("Message-ID") or mail.get("Date") or ""),
        delivery_id=next((d for a in addresses if (d := delivery_of(a))), None),
        message_id=_message_id(returned),
    )
    if complaints:
        return _complaint(complaints[0], about)
    if reports:
        return _report(reports[0], about)
    return _in_words(mail, parts, about)


def _report(part: Message, about: _About) -> Read:
    found = Read()
    for block in _blocks(part)[: _MOST_RECIPIENTS + 1]:
        final, original = _address(block, "Final-Recipient"), _address(block, "Original-Recipient")
        if final is None and original is None:
            continue  # what is told of the whole mail
        status = str(block.get("Status") or "")
        diagnostic = plain(str(block.get("Diagnostic-Code") or "").partition(";")[2])
        action = str(block.get("Action") or "").strip().lower()
        action = action or {"5": "failed", "2": "delivered"}.get(status.strip()[:1], "delayed")
        kind = _KINDS.get(action)
        if kind is None:
            found.left = "not final"
            continue
        found.notices.append(about.notice(kind, original or final, status_in(status), diagnostic))
    if found.notices:
        found.left = None
    elif found.left is None:
        found.left = "no recipient"
    return found


def _complaint(part: Message, about: _About) -> Read:
    told = _blocks(part)[:1] or [Message()]
    if str(told[0].get("Feedback-Type") or "").strip().lower() == "not-spam":
        return Read(left="not spam")
    recipient = _address(told[0], "Original-Rcpt-To")
    return Read([about.notice(EventKind.MAIL_COMPLAINT, recipient)])


def _in_words(mail: Message, parts: list[Message], about: _About) -> Read:
    """The bounce of a server that sends no report, as Japanese carriers and old gateways do."""
    if str(mail.get("Auto-Submitted") or "").lower().startswith("auto-replied"):
        return Read(left="auto-reply")
    null = str(mail.get("Return-Path") or "").strip() == "<>"
    if not null and not _ROBOTS.search(str(mail.get("From") or "")):
        return Read(left="no report")
    text = "\n".join(_text(p) for p in parts if p.get_content_type() == "text/plain")[:_MOST_TEXT]
    told = next((line for line in text.splitlines() if told_by(None, line)), None)
    if told is None:
        return Read(left="no report")
    failed = [address for _, address in getaddresses([str(mail.get("X-Failed-Recipients") or "")])]
    named = [a for a in failed or _ADDRESS.findall(text) if "@" in a]
    ids = _MESSAGE_ID.search(text)
    if about.message_id is None and ids:
        about = _About(about.at, about.own_id, about.delivery_id, ids[0])
        named = [a for a in named if f"<{a}>" != ids[0]]
    recipient = named[0].lower() if named else None
    return Read([about.notice(EventKind.MAIL_BOUNCE, recipient, status_in(told), plain(told))])


def _addressed_to(
    mail: Message, returned: Message | None, complaints: Iterable[Message]
) -> Iterator[str]:
    """Every address the mail came to or came back from; ours prove themselves."""
    told = [str(value) for name in _TO for value in mail.get_all(name, [])]
    if returned is not None:
        told += [str(value) for value in returned.get_all("Return-Path", [])]
    for part in complaints:
        told += [str(b.get("Original-Mail-From") or "") for b in _blocks(part)[:1]]
    for value in told[:50]:
        yield from _ADDRESS.findall(value[:2000])


def _blocks(part: Message) -> list[Message]:
    """The groups of fields of a machine-readable part, however it was encoded."""
    payload = part.get_payload()
    if isinstance(payload, list):
        text = "\n\n".join(str(inner) for inner in payload)
    else:
        text = str(payload)
    encoding = str(part.get("Content-Transfer-Encoding") or "").strip().lower()
    if encoding == "base64":
        text = base64.b64decode(text).decode("utf-8", "replace")
    elif encoding == "quoted-printable":
        text = quopri.decodestring(text.encode()).decode("utf-8", "replace")
    text = text.replace("\r\n", "\n")[:LARGEST]
    return [
        HeaderParser().parsestr(b.strip("\n")) for b in re.split(r"\n[ \t]*\n", text) if b.strip()
    ]


def _headers(part: Message) -> Message:
    """The headers of the mail that came back."""
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return payload[0]
    return HeaderParser().parsestr(_text(part).lstrip())


def _message_id(returned: Message | None) -> str | None:
    found = _MESSAGE_ID.search(str(returned.get("Message-ID") or "")) if returned else None
    return found[0] if found else None


def _address(block: Message, name: str) -> str | None:
    found = _ADDRESS.search(
        str(block.get(name) or "")[:1000].partition(";")[2] or str(block.get(name) or "")[:1000]
    )
    return found[0].lower() if found else None


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    raw = (
        payload
        if isinstance(payload, bytes)
        else str(part.get_payload()).encode("utf-8", "replace")
    )
    charset = part.get_content_charset() or "utf-8"
    try:
        return raw.decode(charset, "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _at(mail: Message, now: datetime) -> datetime:
    """When the report was written, and never later than now."""
    try:
        at = parsedate_to_datetime(str(mail.get("Date") or ""))
    except (ValueError, TypeError, OverflowError):
        return now
    return min((at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC), now)
