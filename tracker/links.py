"""Signed links: what a mail's or a page's token says, and whether we said it.

The target stands inside the signature, so a click is redirected rightly even while the store is
away, and no change of the database can turn it into an open redirect. A target is an address
below this site's root (short) or a whole http(s) URL.

A token is ``payload.signature``, both base64url without padding: the payload a JSON list, the
signature HMAC-SHA-256 with one salt a purpose. base64 has slack (RFC 4648 §3.5) and decoders
forgive padding, so a token that is not spelt exactly as we spell it is refused.
"""

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from itsdangerous import BadData
from itsdangerous.encoding import base64_decode, base64_encode

LONGEST = 512
_HOUR = timedelta(hours=1)
_START = datetime(2026, 1, 1, tzinfo=UTC)


class LinkError(Exception):
    """The token is not one of ours for this purpose."""


class LinkExpiredError(LinkError):
    """The token was ours, but its time is over."""


@dataclass(frozen=True)
class Click:
    """A link in a mail: the ``place``-th link of that delivery, leading to ``target``."""

    delivery_id: str
    place: int
    target: str


@dataclass(frozen=True)
class Confirmation:
    """The way from a delivery mail to its page with the button."""

    delivery_id: str
    gate: str


@dataclass(frozen=True)
class Download:
    """A file of a gate, for the reader whose address that delivery confirmed."""

    delivery_id: str
    gate: str


@dataclass(frozen=True)
class Unsubscription:
    """The way out, for the reader of that delivery. Never expires (RFC 8058 §3.1 asks that the
    address be enough on its own)."""

    delivery_id: str


@dataclass(frozen=True)
class Preferences:
    """Which mails the reader of that delivery wants. Never expires, like the way out."""

    delivery_id: str


@dataclass(frozen=True)
class Ticket:
    """A place at a seminar: lets its holder see how to take part."""

    delivery_id: str
    seminar: str


@dataclass(frozen=True)
class Answers:
    """A visitor's answers to a diagnosis: the option chosen, question by question."""

    diagnosis: str
    event_id: str
    chosen: str


@dataclass(frozen=True)
class Shown:
    """When the tracker showed a form, in milliseconds since 1970 (UTC)."""

    at_ms: int


@dataclass(frozen=True)
class LineLinking:
    """Where the reader of that delivery links their LINE account, or unlinks it. ``link_token`` is
    LINE's, good for ten minutes; empty where the reader has not asked in LINE yet."""

    delivery_id: str
    link_token: str


@dataclass(frozen=True)
class LineNonce:
    """What LINE hands back to say which reader's account was linked: ``chance`` makes it one that
    nobody has seen before."""

    delivery_id: str
    chance: str


Link = (
    Click
    | Confirmation
    | Download
    | Unsubscription
    | Preferences
    | Ticket
    | Answers
    | Shown
    | LineLinking
    | LineNonce
)
L = TypeVar(
    "L",
    Click,
    Confirmation,
    Download,
    Unsubscription,
    Preferences,
    Ticket,
    Answers,
    Shown,
    LineLinking,
    LineNonce,
)

_SALTS: dict[type[Link], bytes] = {
    Click: b"sodate.click",
    Confirmation: b"sodate.confirm",
    Download: b"sodate.download",
    Unsubscription: b"sodate.unsubscribe",
    Preferences: b"sodate.preferences",
    Ticket: b"sodate.ticket",
    Answers: b"sodate.answers",
    Shown: b"sodate.shown",
    LineLinking: b"sodate.line",
    LineNonce: b"sodate.line-nonce",
}


class Links:
    """Signs and reads tokens with a rotating list of keys, of which the last signs."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = {
            purpose: [hmac.digest(key.encode(), salt, "sha256") for key in reversed(keys)]
            for purpose, salt in _SALTS.items()
        }

    def sign(self, link: Link, now: datetime) -> str:
        """A token for ``link``, dated ``now`` (to the hour)."""
        payload = _encode([(now - _START) // _HOUR, *vars(link).values()])
        token = f"{payload.decode()}.{_signature(self._keys[type(link)][0], payload).decode()}"
        if len(token) > LONGEST:
            raise LinkError(f"a link of {len(token)} characters is too long")
        return token

    def read(
        self, purpose: type[L], token: str, now: datetime, lifetime: timedelta | None = None
    ) -> L:
        """The link a token stands for.

        Raises ``LinkError`` for any token we did not make for ``purpose``, letter by letter, and
        ``LinkExpiredError`` for one older than ``lifetime``. A token dated in the future is good:
        a clock set back must not break links in mails.
        """
        hours, link = self._read(purpose, token)
        if lifetime is not None and now - (_START + hours * _HOUR) > lifetime + _HOUR:
            raise LinkExpiredError
        return link

    def _read(self, purpose: type[L], token: str) -> tuple[int, L]:
        if not token.isascii() or not 0 < len(token) <= LONGEST:
            raise LinkError
        try:
            payload, _, signature = token.encode("ascii").rpartition(b".")
            if not any(
                hmac.compare_digest(signature, _signature(key, payload))
                for key in self._keys[purpose]
            ):
                raise LinkError
            hours, *rest = json.loads(base64_decode(payload))
            return int(hours), purpose(*rest)
        except (BadData, ValueError, TypeError) as error:
            raise LinkError from error


def _signature(key: bytes, payload: bytes) -> bytes:
    return base64_encode(hmac.digest(key, payload, "sha256"))


_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _encode(values: list[Any]) -> bytes:
    return base64_encode(_to_json(values))
