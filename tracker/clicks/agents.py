"""What a browser's name tells: its age, its kind, whether it is a program's."""

import re
from functools import lru_cache

from crawleruseragents import is_crawler

from tracker.clicks.hits import Hit

_PROGRAMS = re.compile(
    r"link.?(scan|preview|expand|check)|scanner|urlscan|preview|prefetch|barracuda|proofpoint"
    r"|mimecast|safelinks|unfurl|monitor|libwww|java/|httpclient|headless",
    re.IGNORECASE,
)
APPS = re.compile(
    r" Line/|YJApp|jp\.co\.yahoo|Thunderbird/|ms-office|MSOffice|DoCoMo/|KDDI-|SoftBank/"
    r"|Yahoo! ?JAPAN|Instagram |FBA[NV]/"
)
_CHROME = re.compile(r"(?:Chrome|CriOS|Edg|Edge)/(\d+)")
_FIREFOX = re.compile(r"Firefox/(\d+)")
_SAFARI = re.compile(r"Version/(\d+)[\d.]* (?:Mobile/\S+ )?Safari/")
_ANCIENT = re.compile(r"MSIE [1-9]\.|MSIE 10|Windows NT 5\.|Trident/[1-6]\.")
_DATED = re.compile(r"Windows NT 6\.|Trident/7\.")
_PHONE = re.compile(r"iPhone|Android.* Mobile|Mobile/\S+|DoCoMo|KDDI-|SoftBank/")
_DEVICES = (
    ("iphone", re.compile(r"iPhone|iPod")),
    ("ipad", re.compile(r"iPad")),
    ("android", re.compile(r"Android")),
    ("windows", re.compile(r"Windows")),
    ("mac", re.compile(r"Macintosh")),
    ("chromebook", re.compile(r"CrOS")),
    ("linux", re.compile(r"Linux|X11")),
)


def is_program(hit: Hit) -> bool:
    """Whether the hit says by itself, whatever its siblings, that no person made it."""
    return bool(
        hit.method != "GET" or hit.prefetch or len(hit.ua) < 10 or names_itself_a_program(hit.ua)
    )


@lru_cache(maxsize=4096)
def names_itself_a_program(ua: str) -> bool:
    return bool(_PROGRAMS.search(ua)) or (is_crawler(ua) and not APPS.search(ua))


def signs_of_name(hit: Hit) -> list[str]:
    """What the browser's name says of its age, and whether the rest of the request agrees."""
    if APPS.search(hit.ua):
        return ["app"]
    chrome, firefox, safari = (_version(p, hit.ua) for p in (_CHROME, _FIREFOX, _SAFARI))
    if chrome is not None:
        safari = None
    signs = []
    if (
        _ANCIENT.search(hit.ua)
        or _is_below(chrome, 70)
        or _is_below(firefox, 60)
        or _is_below(safari, 11)
    ):
        signs.append("ancient")
    elif (
        _DATED.search(hit.ua)
        or _is_below(chrome, 100)
        or _is_below(firefox, 91)
        or _is_below(safari, 13)
    ):
        signs.append("dated")
    if hit.fetch_mode and (
        "MSIE" in hit.ua
        or "Trident" in hit.ua
        or _is_below(chrome, 76)
        or _is_below(firefox, 90)
        or _is_below(safari, 16)
    ):
        signs.append("false-name")
    return signs


def is_phone(ua: str) -> bool:
    return bool(_PHONE.search(ua))


def device(ua: str) -> str:
    return next((name for name, pattern in _DEVICES if pattern.search(ua)), "")


def _version(pattern: re.Pattern[str], ua: str) -> int | None:
    found = pattern.search(ua)
    return int(found[1][:6]) if found else None


def _is_below(version: int | None, limit: int) -> bool:
    return version is not None and version < limit


def sends_fetch_metadata(ua: str) -> bool:
    """Chrome 76, Firefox 90 and Safari 16.4 began to send ``Sec-Fetch-*`` (W3C Fetch Metadata).

    A web view inside an app may not: it names no ``Version/…``, and Line and the like are let be.
    """
    chrome, firefox, safari = (_version(p, ua) for p in (_CHROME, _FIREFOX, _SAFARI))
    if "; wv)" in ua or APPS.search(ua):
        return False
    return (
        (chrome is not None and chrome >= 76)
        or (firefox is not None and firefox >= 90)
        or (chrome is None and safari is not None and safari >= 17)
    )
