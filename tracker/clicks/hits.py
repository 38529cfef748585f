"""A recorded request for a link of a mail, and what may be known beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

TRAP = -1
"""The place of the link that no person sees (``SODATE_TRAP_LINK``): only programs follow it."""

SETTLE_AFTER = timedelta(seconds=15)
"""How long a hit waits for its siblings before it is judged at all."""

NEAR = timedelta(seconds=60)
"""How close in time hits on several readers' mails are neighbours."""

MOST_NEIGHBOURS = 4
"""More neighbours than this say no more."""


@dataclass(frozen=True)
class Landing:
    """The page view that a hit led to, as its own browser told it (with its reader's consent).

    ``browser`` says who uses it: the reader whom the mail was for (``own``), another reader
    (``other``), somebody nameless who was here before (``seen``) or nobody known (``new``).
    """

    browser: Literal["own", "other", "seen", "new"] = "new"
    read: bool = False


@dataclass(frozen=True)
class Hit:
    """One recorded request for a link of a mail. ``place`` is the link's number in the mail;
    ``secure`` says that a browser would have sent Fetch metadata (HTTPS or this machine)."""

    id: str
    at: datetime
    place: int
    method: str = "GET"
    ua: str = ""
    network: str | None = None
    language: str = ""
    fetch_mode: str = ""
    prefetch: str = ""
    secure: bool = True
    late: bool = False
    landing: Landing | None = None

    @property
    def manner(self) -> tuple[str, str]:
        """How it asked, whoever it said it was."""
        return self.language, self.fetch_mode

    @property
    def agent(self) -> str | None:
        """Who seems to have asked, in 16 characters: the network, the browser's name and its
        manner. ``None`` where the network is not known."""
        if self.network is None:
            return None
        told = "\n".join((self.network, self.ua, *self.manner))
        return sha256(told.encode("utf-8", "replace")).hexdigest()[:16]

    @classmethod
    def of(cls, event_id: str, at: datetime, data: Mapping[str, Any] | None) -> "Hit":
        """The hit that an event's data tell of."""
        told = data or {}
        return cls(
            id=event_id,
            at=at,
            place=int(told.get("place", 0)),
            method=str(told.get("method", "GET")),
            ua=str(told.get("ua", "")),
            network=told.get("network"),
            language=str(told.get("language") or ""),
            fetch_mode=str((told.get("fetch") or {}).get("mode", "")),
            prefetch=str(told.get("prefetch") or ""),
            secure=bool(told.get("secure", True)),
            late=bool(told.get("late")),
        )


@dataclass(frozen=True)
class Neighbour:
    """A hit on a mail to another reader, by ``agent`` (as ``Hit.agent`` tells it)."""

    delivery_id: str
    at: datetime
    agent: str
