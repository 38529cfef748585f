"""``GET /c/<token>``: a link in a mail was followed. Record the hit as it was, and redirect.

The request decides nothing but the redirect: whether a person or a machine followed the link is
judged later, from the stored hit. The answer is the same whatever comes of it.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, abort, request
from werkzeug.urls import iri_to_uri

from tracker.context import Context, context, network_of
from tracker.journal import Entry, JournalError, fresh_id
from tracker.links import Click, LinkError, LinkExpiredError
from tracker.words import EventKind

door = Blueprint("click", __name__)

LONGEST_USER_AGENT = 512
LONGEST_LANGUAGE = 20
_PREFETCH_HEADERS = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")
_FETCH_HEADERS = {
    "HTTP_SEC_FETCH_MODE": "mode",
    "HTTP_SEC_FETCH_DEST": "dest",
    "HTTP_SEC_FETCH_SITE": "site",
    "HTTP_SEC_FETCH_USER": "user",
}


@door.get("/c/<token>")
def click(token: str) -> Response:
    try:
        target = follow(context(), token, request.environ)
    except LinkError:
        abort(404, "link")
    return redirection(target)


def follow(here: Context, token: str, environ: dict[str, Any]) -> str:
    """Record the hit that ``environ`` tells of; the address the link leads to.

    Raises ``LinkError`` for a token that is not ours.
    """
    now = here.now()
    late = False
    try:
        link = here.links.read(Click, token, now, timedelta(days=here.settings.link_days))
    except LinkExpiredError:
        link = here.links.read(Click, token, now)
        late = True
    # A failure is counted and logged there; the reader still gets where they wanted to go.
    hit = _hit(link, late, now, here.settings.site_url, environ)
    with suppress(JournalError):
        here.journal.append([hit])
    target = at_present(link.target, here.catalogue.moved)
    return with_key(destination(here.settings.site_url, target), target, hit.id)


def redirection(target: str) -> Response:
    """The answer to a hit whose link leads to ``target``."""
    answer = Response(status=302)
    answer.headers["Location"] = target
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def at_present(target: str, moved: Mapping[str, str]) -> str:
    """The signed ``target`` of a link, led straight to where its page is now; ``moved`` says of an
    address that a page had before which it has now."""
    page, hash_, fragment = target.partition("#")
    now = moved.get(page.removeprefix("/"))
    return target if now is None else f"{now}{hash_}{fragment}"


@lru_cache(maxsize=1024)
def destination(site_url: str, target: str) -> str:
    """The address a signed target stands for: a page of this site, or a whole http(s) URL.

    A page of this site is told that the reader came by mail, since the redirect hides it; it is
    not told which mail or who.
    """
    if target.startswith(("http://", "https://")):
        return iri_to_uri(target)
    page, hash_, fragment = target.lstrip("/").partition("#")
    landing = f"{site_url}/{quote(page)}?utm_medium=email"
    return iri_to_uri(f"{landing}#{quote(fragment)}" if hash_ else landing)


def with_key(address: str, target: str, hit_id: str) -> str:
    """The address for this one hit: a page of this site is handed the hit's random id, by which its
    beacon names the page view, where the reader agreed to one. It says neither which mail nor who,
    and the page takes it out of the address bar."""
    if target.startswith(("http://", "https://")):
        return address
    page, hash_, fragment = address.partition("#")
    return f"{page}&k={hit_id}{hash_}{fragment}"


@lru_cache(maxsize=1)
def _secure(site_url: str) -> bool:
    """Whether a browser sends Fetch metadata there."""
    site = urlsplit(site_url)
    return site.scheme == "https" or site.hostname in ("localhost", "127.0.0.1")


def _hit(link: Click, late: bool, now: datetime, site_url: str, environ: dict[str, Any]) -> Entry:
    data = {
        "place": link.place,
        "method": environ["REQUEST_METHOD"],
        "ua": environ.get("HTTP_USER_AGENT", "")[:LONGEST_USER_AGENT],
        "network": network_of(environ.get("REMOTE_ADDR")),
        "language": environ.get("HTTP_ACCEPT_LANGUAGE", "")[:LONGEST_LANGUAGE],
        "secure": _secure(site_url),
        "fetch": {
            name: environ[header][:40]
            for header, name in _FETCH_HEADERS.items()
            if header in environ
        },
        "prefetch": next((environ[name][:80] for name in _PREFETCH_HEADERS if name in environ), ""),
    }
    if late:
        data["late"] = True
    return Entry(
        id=fresh_id(),
        at=now,
        kind=EventKind.MAIL_CLICK,
        page=link.target.partition("#")[0],
        delivery_id=link.delivery_id,
        data=data,
    )
