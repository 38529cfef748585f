"""What every door of the tracker needs at hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, IPv6Network
from socket import AF_INET, inet_pton

from flask import Response, current_app, request
from redis import Redis
from sqlalchemy import Engine
from werkzeug.wrappers import Request

from tracker.catalogue import Catalogue
from tracker.catalogue.live import LiveCatalogue
from tracker.journal import Journal
from tracker.limits import Limits
from tracker.links import Links
from tracker.settings import Settings
from tracker.tallies import Tallies

VISITOR_COOKIE = "sodate_visitor"
_KEY = "sodate"
_A_YEAR = 365 * 86_400


@dataclass(frozen=True)
class Context:
    """The parts of one tracker process, joined by ``create_app``."""

    settings: Settings
    live: LiveCatalogue
    links: Links
    journal: Journal
    tallies: Tallies
    engine: Engine
    redis: Redis
    limits: Limits
    clock: Callable[[], datetime]

    @property
    def catalogue(self) -> Catalogue:
        return self.live.now()

    def now(self) -> datetime:
        return self.clock().astimezone(UTC)


def keep(context: Context) -> None:
    """Make ``context`` the one of the current app."""
    current_app.extensions[_KEY] = context


def context() -> Context:
    """The context of the app that answers this request."""
    found: Context = current_app.extensions[_KEY]
    return found


def visitor(asked: Request = request) -> str | None:
    """The visitor id the browser shows, set only after consent to the reading record."""
    value = asked.cookies.get(VISITOR_COOKIE, "")
    return value if len(value) == 32 and value.isalnum() and value.isascii() else None


def remember_visitor(answer: Response, who: str) -> None:
    """Let the browser show ``who`` as its visitor id from now on."""
    answer.set_cookie(
        VISITOR_COOKIE,
        who,
        max_age=_A_YEAR,
        httponly=True,
        samesite="Lax",
        secure=context().settings.site_url.startswith("https:"),
    )


def network() -> str | None:
    """The network a request came from, cut to /24 (IPv4) or /48 (IPv6): enough to see that many
    came from one place, too little to find a person."""
    return network_of(request.remote_addr)


def network_of(peer: str | None) -> str | None:
    """The network of the address ``peer``, cut as in ``network``; ``None`` where it is none."""
    try:
        first, second, third, _ = inet_pton(AF_INET, peer or "")
    except OSError:
        try:
            address = IPv6Address(peer or "")
        except ValueError:
            return None
        if address.ipv4_mapped:
            return network_of(str(address.ipv4_mapped))
        return str(IPv6Network((int(address), 48), strict=False))
    return f"{first}.{second}.{third}.0/24"


def objects_to_reading(asked: Request = request) -> bool:
    """Whether the browser says no to being recorded: Global Privacy Control or Do Not Track."""
    return asked.headers.get("Sec-GPC") == "1" or asked.headers.get("DNT") == "1"


def from_elsewhere() -> bool:
    """Whether another site's page sent this request (Fetch Metadata; Origin where it is absent)."""
    return is_from_elsewhere(request, context().settings.site_url)


def is_from_elsewhere(asked: Request, site_url: str) -> bool:
    """As ``from_elsewhere``, of the request ``asked`` for the site at ``site_url``."""
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = asked.headers.get("Origin")
    return origin is not None and origin not in (site_url, asked.host_url.rstrip("/"))
