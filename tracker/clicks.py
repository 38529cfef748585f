"""Whether a hit on a mail's link was a person. Pure: a hit and its siblings in, a verdict out.

No single sign decides (a person may open three links in tabs, a gateway may carry a whole
browser's headers), so each sign bears a weight, the logarithm of how much likelier it is in a
machine's hit than in a person's, and the sum decides. The weights stand in one table, and each
verdict names the signs it rests on.

The verdict is of the whole set of a mail's hits: it does not depend on the order of their arrival,
and another hit can only make a hit look more like a machine's, never less.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crawleruseragents import is_crawler

from tracker.words import Verdict

RULES_VERSION = 1
"""Raised with every change of a rule or a weight: verdicts of another version are made anew."""

SETTLE_AFTER = timedelta(seconds=15)
"""How long a hit waits for its siblings before it is judged at all."""

WEIGHTS: dict[str, float] = {
    "head": 9.0,
    "prefetch": 9.0,
    "program": 9.0,
    "nameless": 9.0,
    "ancient": 3.5,
    "no-language": 2.5,
    "no-fetch": 1.5,
    "burst": 2.0,
    "sweep": 1.4,
    "every-link": 1.2,
    "again": 2.5,
    "program-beside": 2.5,
    "shadow": 2.5,
    "at-once": 2.5,
    "soon": 1.5,
    "early": 0.8,
    "later": -1.2,
    "language": -0.7,
    "japanese": -0.5,
    "foreign": 1.0,
    "navigation": -1.5,
}
LABELS: dict[str, str] = {
    "head": "本文を求めなかった",
    "prefetch": "先読みと名乗った",
    "program": "プログラムと名乗った",
    "nameless": "ブラウザー名がない",
    "ancient": "十年前のブラウザー",
    "no-language": "言語の指定がない",
    "no-fetch": "新しいブラウザーなのに移動の印がない",
    "burst": "10秒に3つ以上のリンク",
    "sweep": "90秒に3つ以上のリンク",
    "every-link": "メールの全リンク",
    "again": "同じリンクに4回以上",
    "program-beside": "同じ所からプログラムも来た",
    "shadow": "同じころ別の所から本物らしい人が同じリンクを開いた",
    "at-once": "送信から2秒以内",
    "soon": "送信から5秒以内",
    "early": "送信から1分以内",
    "later": "送信から時間がたっている",
    "language": "言語の指定がある",
    "japanese": "日本語を求めた",
    "foreign": "日本語を求めていない",
    "navigation": "ページ移動の印がある",
}
"""The signs in the words of the desk."""

MACHINE_FROM = 1.0
HUMAN_TO = -0.5

_PROGRAMS = re.compile(
    r"link.?(scan|preview|expand|check)|scanner|urlscan|preview|prefetch|barracuda|proofpoint"
    r"|mimecast|safelinks|unfurl|monitor|libwww|java/|httpclient|headless",
    re.IGNORECASE,
)
_CHROME = re.compile(r"(?:Chrome|CriOS|Edg|Edge)/(\d+)")
_FIREFOX = re.compile(r"Firefox/(\d+)")
_SAFARI = re.compile(r"Version/(\d+)[\d.]* (?:Mobile/\S+ )?Safari/")
_OLD = re.compile(r"MSIE [1-9]\.|MSIE 10|Windows NT 5\.|Windows NT 6\.[01]|Trident/[1-6]\.")
_JUST_THEN = timedelta(seconds=60)


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

    @property
    def agent(self) -> tuple[str | None, str]:
        """Who seems to have asked: the network and the browser's name."""
        return self.network, self.ua

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
        )


@dataclass(frozen=True)
class Judgement:
    """What a hit is held to be, and the signs with their weights that say so."""

    hit_id: str
    verdict: Verdict
    total: float
    signs: tuple[tuple[str, float], ...]


def judge(
    hits: Sequence[Hit], *, sent_at: datetime | None, links: int | None
) -> dict[str, Judgement]:
    """The judgement of every hit on one mail, by the hit's id.

    ``sent_at`` is when the server took the mail, ``links`` how many links it holds; None where
    that is not known.
    """
    ordered = sorted(hits, key=lambda hit: (hit.at, hit.id))
    found = {}
    for hit in ordered:
        signs = [(name, WEIGHTS[name]) for name in _signs(hit, ordered, sent_at, links)]
        total = round(sum(weight for _, weight in signs), 2)
        verdict = Verdict.UNSURE
        if total >= MACHINE_FROM:
            verdict = Verdict.MACHINE
        elif total <= HUMAN_TO:
            verdict = Verdict.HUMAN
        signs.sort(key=lambda sign: -abs(sign[1]))
        found[hit.id] = Judgement(hit.id, verdict, total, tuple(signs))
    return found


def counts_as_click(data: Mapping[str, Any] | None) -> bool:
    """Whether an event of the log, read with its verdict, is a person's click in the link's time."""
    told = data or {}
    return told.get("verdict") == Verdict.HUMAN and not told.get("late")


def is_program(hit: Hit) -> bool:
    """Whether the hit says by itself, whatever its siblings, that no person made it."""
    return bool(
        hit.method != "GET" or hit.prefetch or len(hit.ua) < 10 or _names_itself_a_program(hit.ua)
    )


def _names_itself_a_program(ua: str) -> bool:
    return bool(_PROGRAMS.search(ua)) or is_crawler(ua)


def _signs(hit: Hit, hits: Sequence[Hit], sent_at: datetime | None, links: int | None) -> list[str]:
    return [*_own_signs(hit), *_signs_of_time(hit, sent_at), *_signs_of_company(hit, hits, links)]


def _own_signs(hit: Hit) -> list[str]:
    signs = []
    if hit.method != "GET":
        signs.append("head")
    if hit.prefetch:
        signs.append("prefetch")
    if len(hit.ua) < 10:
        signs.append("nameless")
    elif _names_itself_a_program(hit.ua):
        signs.append("program")
    elif _is_old(hit.ua):
        signs.append("ancient")
    if hit.language:
        signs.append("language")
        japanese = "ja" in hit.language.lower()
        signs.append("japanese" if japanese else "foreign")
    else:
        signs.append("no-language")
    if hit.fetch_mode == "navigate":
        signs.append("navigation")
    elif hit.secure and _sends_fetch_metadata(hit.ua):
        signs.append("no-fetch")
    return signs


def _signs_of_time(hit: Hit, sent_at: datetime | None) -> list[str]:
    if sent_at is None:
        return []
    waited = (hit.at - sent_at).total_seconds()
    if waited < 2:
        return ["at-once"]
    if waited < 5:
        return ["soon"]
    if waited < 60:
        return ["early"]
    return ["later"] if waited > 600 else []


def _signs_of_company(hit: Hit, hits: Sequence[Hit], links: int | None) -> list[str]:
    signs = []
    own = [other for other in hits if other.agent == hit.agent]
    swept = _places(own, hit, timedelta(seconds=90))
    if _most_places(own, hit, timedelta(seconds=10)) >= 3:
        signs.append("burst")
    elif _most_places(own, hit, timedelta(seconds=90)) >= 3:
        signs.append("sweep")
    if links is not None and links >= 3 and len(swept) >= links:
        signs.append("every-link")
    if sum(other.place == hit.place for other in own) >= 4:
        signs.append("again")
    near = [o for o in hits if o.id != hit.id and abs(o.at - hit.at) <= _JUST_THEN]
    if any(o.agent == hit.agent and is_program(o) for o in near):
        signs.append("program-beside")
    if any(
        o.place == hit.place and o.network != hit.network and _fullness(o) > _fullness(hit)
        for o in near
    ):
        signs.append("shadow")
    return signs


def _places(own: Sequence[Hit], hit: Hit, within: timedelta) -> set[int]:
    return {other.place for other in own if abs(other.at - hit.at) <= within}


def _most_places(own: Sequence[Hit], hit: Hit, within: timedelta) -> int:
    """The most links that this agent followed in any stretch of time with ``hit`` in it."""
    starts = [o.at for o in own if timedelta(0) <= hit.at - o.at <= within]
    return max(
        (len({o.place for o in own if start <= o.at <= start + within}) for start in starts),
        default=0,
    )


def _fullness(hit: Hit) -> int:
    """How much of a whole browser's request it was."""
    return bool(hit.language) + (hit.fetch_mode == "navigate")


def _version(pattern: re.Pattern[str], ua: str) -> int | None:
    found = pattern.search(ua)
    return int(found[1][:6]) if found else None


def _is_old(ua: str) -> bool:
    if _OLD.search(ua):
        return True
    chrome, firefox = _version(_CHROME, ua), _version(_FIREFOX, ua)
    return (chrome is not None and chrome < 70) or (firefox is not None and firefox < 60)


def _sends_fetch_metadata(ua: str) -> bool:
    """Chrome 76, Firefox 90 and Safari 16.4 began to send ``Sec-Fetch-*`` (W3C Fetch Metadata).

    A web view inside an app may not: it names no ``Version/…``, and Line and the like are let be.
    """
    chrome, firefox, safari = (_version(p, ua) for p in (_CHROME, _FIREFOX, _SAFARI))
    if "; wv)" in ua or "Line/" in ua:
        return False
    return (
        (chrome is not None and chrome >= 76)
        or (firefox is not None and firefox >= 90)
        or (chrome is None and safari is not None and safari >= 17)
    )
