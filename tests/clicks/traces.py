"""Labelled traces: what people and scanners do with the links of one mail, as the world makes them.

Each trace is all the hits on one mail, each labelled with who made it. The mail was taken by the
server at second 0 and holds four links unless the trace says otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from tracker.clicks.hits import TRAP, Hit, Landing, Neighbour

SENT = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
Who = Literal["person", "machine", "either"]
"""``either``: nothing in the requests tells a person from a machine."""

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/142.0.0.0 Safari/537.36"
)
EDGE = f"{CHROME} Edg/142.0.0.0"
MAC_CHROME = CHROME.replace("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7")
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
)
MAC_SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.6 Safari/605.1.15"
)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/142.0.0.0 Mobile Safari/537.36"
)
SMALL_MAKER = (
    "Mozilla/5.0 (Linux; Android 13; SH-M24) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/119.0.6045.66 Mobile Safari/537.36"
)
LINE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Mobile/15E148 Safari Line/15.14.0"
)
YAHOO = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Mobile/15E148 YJApp-IOS jp.co.yahoo.ipn.appli/4.130.0"
)
WEBVIEW = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/AP2A; wv) AppleWebKit/537.36"
    " (KHTML, like Gecko) Version/4.0 Chrome/141.0.0.0 Mobile Safari/537.36"
)
THUNDERBIRD = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Thunderbird/140.0"
OFFICE = "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"
ANCIENT_CHROME = CHROME.replace("142.0.0.0", "41.0.2272.89")
ANCIENT_IE = "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)"

BROWSERS = (CHROME, EDGE, MAC_CHROME, FIREFOX, IPHONE, MAC_SAFARI, ANDROID, SMALL_MAKER)
APPS = (LINE, YAHOO, WEBVIEW)
PROGRAMS = (
    "GoogleImageProxy (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
    "Mozilla/5.0 (compatible; MicrosoftPreview/2.0; +https://aka.ms/MicrosoftPreview)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Chatwork LinkPreview v1 (http://corp.chatwork.com)",
    "facebookexternalhit/1.1;line-poker/1.0",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)",
    "curl/8.5.0",
    "python-requests/2.32.3",
    "Go-http-client/2.0",
    "okhttp/4.12.0",
    CHROME.replace("Chrome/", "HeadlessChrome/"),
    "BarracudaCentral (Link Scanner)",
)


@dataclass(frozen=True)
class Trace:
    """The hits on one mail, each with who made it."""

    name: str
    hits: tuple[tuple[Hit, Who], ...]
    links: int = 4
    neighbours: tuple[Neighbour, ...] = ()


def hit(at: float, place: int = 0, ua: str = CHROME, **about: object) -> Hit:
    """A whole browser's request, ``at`` seconds after the sending, unless told otherwise."""
    values: dict[str, object] = {
        "network": "203.0.113.0/24",
        "language": "ja,en-US;q=0.7",
        "fetch_mode": "navigate",
        **about,
    }
    return Hit(
        id=f"{at:012.3f}-{place}-{values['network']}-{ua[-12:]}",
        at=SENT + timedelta(seconds=at),
        place=place,
        ua=ua,
        **values,  # type: ignore[arg-type]
    )


def plain(at: float, place: int = 0, ua: str = CHROME, **about: object) -> Hit:
    """A gateway's request: a browser's name and nothing more of a browser."""
    return hit(
        at, place, ua, **{"network": "198.51.100.0/24", "language": "", "fetch_mode": "", **about}
    )


def people(name: str, *hits: Hit, links: int = 4) -> Trace:
    return Trace(name, tuple((h, "person") for h in hits), links)


def machines(name: str, *hits: Hit, links: int = 4) -> Trace:
    return Trace(name, tuple((h, "machine") for h in hits), links)


def either(name: str, *hits: Hit, links: int = 4) -> Trace:
    return Trace(name, tuple((h, "either") for h in hits), links)


def both(name: str, person: tuple[Hit, ...], machine: tuple[Hit, ...], links: int = 4) -> Trace:
    return Trace(
        name, tuple((h, "person") for h in person) + tuple((h, "machine") for h in machine), links
    )


def over_http(trace: Trace) -> Trace:
    """The same without HTTPS, where no browser sends Fetch metadata."""
    plainly = tuple((replace(h, fetch_mode="", secure=False), who) for h, who in trace.hits)
    return replace(trace, name=f"{trace.name}, without HTTPS", hits=plainly)


def traces() -> Iterator[Trace]:
    yield from _people()
    yield from _scanners()
    yield from _mixed()


def _people() -> Iterator[Trace]:
    for n, ua in enumerate(BROWSERS):
        yield people(f"one click, hours later, browser {n}", hit(3600 * (n + 1), n % 4, ua))
        yield people(f"two links, minutes apart, browser {n}", hit(900, 0, ua), hit(1100, 2, ua))
    for n, ua in enumerate(APPS):
        app = hit(5400, n, ua, fetch_mode="")
        yield people(f"in the browser of an app {n}", app)
        yield people(
            f"in the browser of an app, soon {n}", replace(app, at=SENT + timedelta(seconds=90))
        )
    for n, ua in enumerate((CHROME, FIREFOX, IPHONE, ANDROID)):
        yield people(f"the mail program was open, {n + 3} s", hit(n + 3, 0, ua))
        yield people(f"half a minute later {n}", hit(30 + n, 1, ua))
    for n, ua in enumerate((CHROME, EDGE, MAC_SAFARI)):
        yield people(
            f"three links in tabs within 8 s {n}",
            *(hit(7200 + k * 3.5, k, ua) for k in range(3)),
        )
        yield people(f"a double click {n}", hit(4000, 0, ua), hit(4000.4, 0, ua))
        yield people(
            f"the same link four times in a week {n}",
            *(hit(80_000 * k, 0, ua) for k in range(1, 5)),
        )
    yield people(
        "three links in tabs, the mail holds three",
        *(hit(9000 + k * 3, k) for k in range(3)),
        links=3,
    )
    yield people("without HTTPS no Fetch metadata", hit(5000, 0, fetch_mode="", secure=False))
    yield people(
        "the proxy strips the request, and the page is read in a browser known from before",
        plain(7000, 0, network="203.0.113.0/24", secure=False, landing=Landing("seen", True)),
    )
    yield people("the page opens in a new browser", hit(7000, 0, landing=Landing()))
    yield people("an old company browser", hit(7000, 0, CHROME.replace("142", "88")))
    yield people("a browser set to English", hit(7000, 0, language="en-US,en;q=0.9"))
    yield people(
        "forwarded to a colleague behind the same address",
        hit(3600, 0, CHROME),
        hit(5000, 0, MAC_SAFARI),
    )
    yield people(
        "forwarded to a colleague elsewhere",
        hit(3600, 0, CHROME),
        hit(8000, 1, IPHONE, network="192.0.2.0/24"),
    )
    yield people(
        "on the train, then at the desk", hit(1800, 2, IPHONE, network="192.0.2.0/24"), hit(1900, 2)
    )


def _scanners() -> Iterator[Trace]:
    for n, ua in enumerate(PROGRAMS):
        yield machines(
            f"a program by its name {n}", hit(40 + 100 * n, n % 4, ua, language="", fetch_mode="")
        )
    for n, start in enumerate((1, 3, 12, 45)):
        yield machines(
            f"all links at once after {start} s", *(plain(start + 0.3 * k, k) for k in range(4))
        )
        yield machines(
            f"all links, with a whole browser's headers, after {start} s",
            *(plain(start + 1.2 * k, k, language="en-US", fetch_mode="navigate") for k in range(4)),
        )
        yield machines(
            f"all links evenly over a minute {n}", *(plain(start + 15 * k, k) for k in range(4))
        )
    for n, ua in enumerate((ANCIENT_CHROME, ANCIENT_IE)):
        yield machines(f"an ancient browser, hours later {n}", plain(20_000, 1, ua))
        yield machines(
            f"an ancient browser that speaks English {n}", plain(20_000, 1, ua, language="en")
        )
    for n, header in enumerate(("prefetch", "prefetch;prerender", "preview")):
        yield machines(
            f"a prefetch with a whole browser's headers {n}", hit(60, 0, prefetch=header)
        )
    for n, ua in enumerate((CHROME, EDGE, MAC_SAFARI)):
        yield machines(f"HEAD and then GET {n}", plain(2, 0, ua, method="HEAD"), plain(2.5, 0, ua))
        yield machines(f"one bare request at {n} s", plain(n, 0, ua))
        yield machines(f"one bare request an hour later {n}", plain(3600, n, ua))
        yield machines(
            f"the same again and again {n}", *(plain(600 * k, 0, ua) for k in range(1, 7))
        )
    for n, start in enumerate((8, 20, 50)):
        yield machines(
            f"a sandbox with a whole browser, one link {n}",
            hit(start, n, MAC_CHROME, language="en-US,en;q=0.9", network="198.51.100.0/24"),
        )
    yield machines("no name at all", plain(50, 0, ""), plain(51, 1, "Mozilla/5.0"[:9]))
    yield machines(
        "one link and its replays, hours apart",
        *(plain(30 + 4000 * k, 0, ANCIENT_CHROME) for k in range(5)),
    )
    yield machines("two links of a mail with two", plain(1, 0), plain(1.2, 1), links=2)
    yield machines(
        "seven links in a moment, in a whole Japanese browser's manner, hours later",
        *(hit(9000 + k, k, network="198.51.100.0/24") for k in range(7)),
        links=9,
    )
    yield machines(
        "the same mail over and over",
        *(hit(40 * k + k * k / 90, k % 3, network="198.51.100.0/24") for k in range(1, 80)),
    )
    sweeper = hit(40, 0, network="198.51.100.0/24", language="en")
    yield replace(
        machines("one link in each of three readers' mails", sweeper),
        neighbours=tuple(
            Neighbour(name, sweeper.at, sweeper.agent or "") for name in ("mail-1", "mail-2")
        ),
    )


def _mixed() -> Iterator[Trace]:
    for n, ua in enumerate((CHROME, IPHONE, ANDROID, FIREFOX)):
        yield both(
            f"a gateway looks at the moment of the click {n}",
            (hit(3600, 1, ua),),
            (plain(3601 + n, 1),),
        )
        yield both(
            f"a gateway looks just before the click {n}",
            (hit(3600, 1, ua),),
            (plain(3598 - n, 1),),
        )
        yield both(
            f"a sweep first, the reader an hour later {n}",
            (hit(3600, 1, ua),),
            tuple(plain(3 + 0.4 * k, k) for k in range(4)),
        )
        yield both(
            f"a sweep from the reader's own address {n}",
            (hit(2400, 1, ua),),
            tuple(plain(5 + 0.4 * k, k, network="203.0.113.0/24") for k in range(4)),
        )
    yield both(
        "Office asks before it opens the browser",
        (hit(1800, 0),),
        (plain(1799, 0, OFFICE, method="HEAD", network="203.0.113.0/24"),),
    )
    slow = (5, 700, 1900, 3600)
    yield machines(
        "a whole Japanese browser that follows the link nobody sees",
        hit(3600, TRAP, network="198.51.100.0/24"),
        hit(3630, 1, network="198.51.100.0/24"),
    )
    yield both(
        "a gateway that follows the hidden link, its office's reader at the same moment",
        (hit(3640, 2, EDGE),),
        (plain(3600, TRAP, network="203.0.113.0/24"), plain(3603, 0, network="203.0.113.0/24")),
    )
    yield both(
        "a patient gateway, the hidden link among the rest",
        (hit(9000, 1, IPHONE, network="192.0.2.0/24"),),
        tuple(plain(at, place) for at, place in zip(slow, (TRAP, 0, 1, 2), strict=True)),
    )
    yield both(
        "unfurled in a chat, then read by a colleague",
        (hit(3600, 0), hit(4000, 0, MAC_SAFARI, network="192.0.2.0/24")),
        (plain(3990, 0, PROGRAMS[5]),),
    )
