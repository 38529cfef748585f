"""What every door of the tracker needs at hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from flask import current_app, request
from redis import Redis
from sqlalchemy import Engine

from tracker.catalogue import Catalogue
from tracker.catalogue.live import LiveCatalogue
from tracker.journal import Journal
from tracker.links import Links
from tracker.settings import Settings

VISITOR_COOKIE = "sodate_visitor"
_KEY = "sodate"


@dataclass(frozen=True)
class Context:
    """The parts of one tracker process, joined by ``create_app``."""

    settings: Settings
    live: LiveCatalogue
    links: Links
    journal: Journal
    engine: Engine
    redis: Redis
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


def visitor() -> str | None:
    """The visitor id the browser shows, set only after consent to the reading record."""
    value = request.cookies.get(VISITOR_COOKIE, "")
    return value if len(value) == 32 and value.isalnum() and value.isascii() else None


def network() -> str | None:
    """The network a request came from, cut to /24 (IPv4) or /48 (IPv6): enough to see that many
    came from one place, too little to find a person."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return str(ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))


def objects_to_reading() -> bool:
    """Whether the browser says no to being recorded: Global Privacy Control or Do Not Track."""
    return request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1"


def from_elsewhere() -> bool:
    """Whether another site's page sent this request (Fetch Metadata; Origin where it is absent)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and origin not in (
        context().settings.site_url,
        request.host_url.rstrip("/"),
    )
