"""What a notice about a mail says, and whether its address may still be written to. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from tracker.words import BounceReason, EventKind, SuppressedFor

SOFT_DAYS = 3
SOFT_WINDOW = timedelta(days=30)
"""An address that fails softly on ``SOFT_DAYS`` days (UTC) within ``SOFT_WINDOW`` is given up."""

RESTS_AFTER = 3
REST = timedelta(hours=1)
"""A domain whose policy refuses so many mails within ``REST`` gets no step mail for as long."""

LONGEST_DIAGNOSTIC = 300

_EVER = datetime.min.replace(tzinfo=UTC)

DSN = "dsn"
"""The source whose notices anybody can write: the mailbox that bounces come back to."""

SMTP = "smtp"
"""The source that is our own conversation with a server."""

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'@]+@(?=[^\s@])")

_UNKNOWN_USER = (
    "user unknown",
    "unknown user",
    "no such user",
    "user not found",
    "user doesn't exist",
    "does not exist",
    "unknown recipient",
    "invalid recipient",
    "recipient not found",
    "recipient unknown",
    "no such recipient",
    "no such mailbox",
    "mailbox not found",
    "mailbox unavailable",
    "unknown address",
    "no mailbox",
    "存在しません",
    "存在しない",
    "宛先不明",
    "見つかりません",
)
_FULL = (
    "mailbox full",
    "mailbox is full",
    "over quota",
    "overquota",
    "quota exceeded",
    "exceeded quota",
    "insufficient storage",
    "容量",
    "一杯",
    "いっぱい",
)
_POLICY = (
    "spam",
    "blocked",
    "blacklist",
    "blocklist",
    "block list",
    "dmarc",
    "policy",
    "reputation",
    "迷惑メール",
    "受信拒否",
)


@dataclass(frozen=True)
class Notice:
    """What somebody says became of one mail to one recipient. ``at`` is UTC.

    ``id`` is stable from its source: the same notice twice is one fact. ``delivery_id`` is
    proven (by the mail's own return address) or told by a provider that signed for it.
    ``permanent`` and ``reason`` are the provider's own judgement, where it gives one.
    """

    id: str
    source: str
    kind: EventKind
    at: datetime
    recipient: str | None = None
    message_id: str | None = None
    delivery_id: str | None = None
    permanent: bool | None = None
    status: str | None = None
    diagnostic: str = ""
    reason: BounceReason | None = None


@dataclass(frozen=True)
class Fact:
    """A bounce (with its reason) or a complaint, as it stands in the event log."""

    kind: EventKind
    at: datetime
    reason: BounceReason | None = None


@dataclass(frozen=True)
class Suppression:
    """That an address gets no mail but what is ordered after ``since`` (UTC)."""

    reason: SuppressedFor
    since: datetime


def notice_id(source: str, *parts: object) -> str:
    """An id for a notice, from what its source tells it apart by."""
    told = "\x1f".join(str(part) for part in parts)
    return f"notice:{source}:{sha256(told.encode('utf-8', 'replace')).hexdigest()[:32]}"


def plain(text: object, most: int = LONGEST_DIAGNOSTIC) -> str:
    """What a server said, on one line, without control characters, lone surrogates and bidi
    controls, cut to ``most`` characters."""
    words = " ".join(str(text or "")[: most * 4].split())
    return "".join(c for c in words if c.isprintable())[:most]


def impersonal(text: str, recipient: str | None = None) -> str:
    """``text`` without the part of an address that names a person."""
    without = _ADDRESS.sub("…@", text)
    local = (recipient or "").partition("@")[0]
    if len(local) >= 3:
        without = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", "…", without, flags=re.IGNORECASE)
    return without


def status_in(*texts: str | None) -> str | None:
    """The first enhanced status code (RFC 3463) that says more than "it failed"."""
    vague = None
    for text in texts:
        for found in _ENHANCED.finditer(text or ""):
            if found[2] != "0" or found[3] != "0":
                return found[0]
            vague = vague or found[0]
    return vague


def why(notice: Notice) -> BounceReason:
    """Why the mail of a bounce did not arrive.

    The status decides; where it says no more than "it failed", as those of Japanese carriers
    often do, the words beside it; where these say nothing either, the provider's own judgement. A
    provider that calls a bounce temporary is believed.
    """
    found = told_by(notice.status, notice.diagnostic) or notice.reason
    if found is None:
        found = BounceReason.NO_RECIPIENT if notice.permanent else BounceReason.REFUSED
    if found.is_hard and notice.permanent is False:
        return BounceReason.TEMPORARY
    return found


def told_by(status: str | None, diagnostic: str) -> BounceReason | None:
    """What a status code and the words beside it say of a mail that did not arrive, if anything."""
    return _by_status(status_in(status, diagnostic)) or _by_words(diagnostic.casefold())


def _by_status(status: str | None) -> BounceReason | None:
    if status is None:
        return None
    kind, subject, detail = (int(part) for part in status.split("."))
    if subject == 7 or (subject == 1 and detail in (7, 8)):  # x.1.7, x.1.8: about the sender
        return BounceReason.POLICY
    if subject == 2 and detail == 2:
        return BounceReason.FULL
    if kind == 4:
        return BounceReason.TEMPORARY
    return {
        (1, 0): None,
        (1, 1): BounceReason.NO_RECIPIENT,
        (1, 2): BounceReason.NO_DOMAIN,
        (1, 3): BounceReason.NO_RECIPIENT,
        (1, 6): BounceReason.NO_RECIPIENT,
        (1, 10): BounceReason.NO_DOMAIN,
        (2, 1): BounceReason.DISABLED,
        (4, 4): BounceReason.NO_DOMAIN,
    }.get((subject, detail))


def _by_words(words: str) -> BounceReason | None:
    if any(said in words for said in _FULL):
        return BounceReason.FULL
    if any(said in words for said in _UNKNOWN_USER):
        return BounceReason.NO_RECIPIENT
    if any(said in words for said in _POLICY):
        return BounceReason.POLICY
    code = _REPLY.search(words)
    if code and code[1].startswith("4"):
        return BounceReason.TEMPORARY
    return None


def suppression(
    facts: Iterable[Fact],
    proved: Iterable[datetime],
    agreed: Iterable[datetime],
    held: Suppression | None = None,
) -> Suppression | None:
    """Whether an address gets no mail any more, from all that is known of it, in any order.

    A complaint stands until its reader agrees anew: ``agreed`` are the times of the boxes they
    ticked and confirmed. A bounce stands until a button in a mail is pressed: ``proved`` are
    those times. One hard bounce is enough; soft ones count as ``SOFT_DAYS`` says. What a policy
    refused says nothing of the address. ``held`` is what was concluded before, maybe of an
    earlier reader with that address.
    """
    working, willing = max(proved, default=_EVER), max(agreed, default=_EVER)
    times: dict[SuppressedFor, list[datetime]] = {reason: [] for reason in SuppressedFor}
    soft = []
    for fact in facts:
        if fact.kind is EventKind.MAIL_COMPLAINT:
            times[SuppressedFor.COMPLAINT].append(fact.at)
        elif fact.reason is not None and fact.reason.is_hard:
            times[SuppressedFor.BOUNCE].append(fact.at)
        elif fact.reason is not None and fact.reason.is_soft and fact.at >= working:
            soft.append(fact.at)
    if _often(soft):
        times[SuppressedFor.SOFT_BOUNCES] = soft
    if held is not None:
        times[held.reason].append(held.since)
    for reason, lifted in (
        (SuppressedFor.COMPLAINT, willing),
        (SuppressedFor.BOUNCE, working),
        (SuppressedFor.SOFT_BOUNCES, working),
    ):
        if standing := [at for at in times[reason] if at >= lifted]:
            return Suppression(reason, max(standing))
    return None


def _often(times: Iterable[datetime]) -> bool:
    days: list[date] = sorted({at.date() for at in times})
    return any(
        last - first <= SOFT_WINDOW
        for first, last in zip(days, days[SOFT_DAYS - 1 :], strict=False)
    )
