"""What every door of the tracker needs at hand."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, IPv6Network
from socket import AF_INET, inet_pton
from typing import TYPE_CHECKING, Any

from flask import Response, current_app, request
from redis import Redis
from sqlalchemy import Engine
from werkzeug.wsgi import get_current_url

from tracker.catalogue import Catalogue
from tracker.catalogue.live import LiveCatalogue
from tracker.journal import Journal
from tracker.limits import Limits
from tracker.links import Links
from tracker.settings import Settings
from tracker.tallies import Tallies

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

VISITOR_COOKIE = "sodate_visitor"
_VISITOR = re.compile(rf"(?:^|;\s*){VISITOR_COOKIE}=([0-9A-Za-z]{{32}})(?=\s*(?:;|$))", re.ASCII)
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


def visitor() -> str | None:
    """The visitor id the browser shows, set only after consent to the reading record."""
    return visitor_in(request.environ)


def visitor_in(environ: Mapping[str, Any]) -> str | None:
    """As ``visitor``, of the request that the WSGI ``environ`` tells of."""
    found = _VISITOR.search(environ.get("HTTP_COOKIE", ""))
    return found[1] if found else None


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


def objects_to_reading(environ: Mapping[str, Any]) -> bool:
    """Whether the browser says no to being recorded: Global Privacy Control or Do Not Track."""
    return environ.get("HTTP_SEC_GPC") == "1" or environ.get("HTTP_DNT") == "1"


def from_elsewhere() -> bool:
    """Whether another site's page sent this request (Fetch Metadata; Origin where it is absent)."""
    return is_from_elsewhere(request.environ, context().settings.site_url)


def is_from_elsewhere(environ: "WSGIEnvironment", site_url: str) -> bool:
    """As ``from_elsewhere``, of the request that ``environ`` tells of, for the site at
    ``site_url``."""
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = environ.get("HTTP_ORIGIN")
    if origin is None or origin == site_url:
        return False
    return bool(origin != get_current_url(environ, host_only=True).rstrip("/"))
