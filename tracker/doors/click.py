"""``GET /c/<token>``: a link in a mail was followed. Record the hit as it was, and redirect.

The request decides nothing but the redirect: whether a person or a machine followed the link is
judged later, from the stored hit. The answer is the same whatever comes of it.
"""

from contextlib import suppress
from datetime import timedelta
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, abort, request

from tracker.context import context, network
from tracker.journal import Entry, JournalError, fresh_id
from tracker.links import Click, LinkError, LinkExpiredError
from tracker.words import EventKind

door = Blueprint("click", __name__)

LONGEST_USER_AGENT = 512
LONGEST_LANGUAGE = 20
_PREFETCH_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


@door.get("/c/<token>")
def click(token: str) -> Response:
    here = context()
    now = here.now()
    late = False
    try:
        link = here.links.read(Click, token, now, timedelta(days=here.settings.link_days))
    except LinkExpiredError:
        link = here.links.read(Click, token, now)
        late = True
    except LinkError:
        abort(404, "link")
    # A failure is counted and logged there; the reader still gets where they wanted to go.
    with suppress(JournalError):
        here.journal.append([_hit(link, late)])
    answer = Response(status=302)
    answer.headers["Location"] = destination(here.settings.site_url, link.target)
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def destination(site_url: str, target: str) -> str:
    """The address a signed target stands for: a page of this site, or a whole http(s) URL.

    A page of this site is told that the reader came by mail, since the redirect hides it; it is
    not told which mail or who.
    """
    if target.startswith(("http://", "https://")):
        return target
    page, hash_, fragment = target.lstrip("/").partition("#")
    landing = f"{site_url}/{quote(page)}?utm_medium=email"
    return f"{landing}#{quote(fragment)}" if hash_ else landing


def _hit(link: Click, late: bool) -> Entry:
    headers = request.headers
    site = urlsplit(context().settings.site_url)
    data = {
        "place": link.place,
        "method": request.method,
        "ua": headers.get("User-Agent", "")[:LONGEST_USER_AGENT],
        "network": network(),
        "language": headers.get("Accept-Language", "")[:LONGEST_LANGUAGE],
        "secure": site.scheme == "https" or site.hostname in ("localhost", "127.0.0.1"),
        "fetch": {
            name[10:].lower(): headers[name][:40]
            for name in ("Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-Site", "Sec-Fetch-User")
            if name in headers
        },
        "prefetch": next((headers[name][:80] for name in _PREFETCH_HEADERS if name in headers), ""),
    }
    if late:
        data["late"] = True
    return Entry(
        id=fresh_id(),
        at=context().now(),
        kind=EventKind.MAIL_CLICK,
        page=link.target.partition("#")[0],
        delivery_id=link.delivery_id,
        data=data,
    )
