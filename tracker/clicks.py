"""Whether a hit on a mail's link was a person. Pure: a hit and its siblings in, a verdict out.

No single sign decides (a person may open three links in tabs, a gateway may carry a whole
browser's headers), so each sign bears a weight, the logarithm of how much likelier it is in a
machine's hit than in a person's, and the sum decides. The weights stand in one table, and each
verdict names the signs it rests on.

The verdict is of the whole set of a mail's hits: it does not depend on the order of their arrival,
and another hit can only make a hit look more like a machine's, never less.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from crawleruseragents import is_crawler

from tracker.scanners import NOBODY, Scanners
from tracker.words import Verdict

RULES_VERSION = 3
"""Raised with every change of a rule or a weight: verdicts of another version are made anew."""

TRAP = -1
"""The place of the link that no person sees (``SODATE_TRAP_LINK``): only programs follow it."""

SETTLE_AFTER = timedelta(seconds=15)
"""How long a hit waits for its siblings before it is judged at all."""

NEAR = timedelta(seconds=60)
"""How close in time hits on several readers' mails are neighbours."""

MOST_NEIGHBOURS = 4
"""More neighbours than this say no more."""

WEIGHTS: dict[str, float] = {
    "head": 15.0,
    "prefetch": 15.0,
    "program": 15.0,
    "nameless": 15.0,
    "scanner-network": 15.0,
    "trap": 15.0,
    "trap-too": 15.0,
    "trap-beside": 2.5,
    "perhaps-scanner": 3.0,
    "no-navigation": 4.0,
    "ancient": 3.5,
    "false-name": 3.0,
    "dated": 1.0,
    "no-language": 2.5,
    "foreign": 1.3,
    "japanese": -1.8,
    "no-fetch": 1.5,
    "navigation": -1.0,
    "app": -1.5,
    "at-once": 2.5,
    "soon": 1.2,
    "early": 0.8,
    "fresh": 0.4,
    "later": -0.6,
    "lone": -1.2,
    "burst": 1.2,
    "hasty": 1.2,
    "sweep": 0.9,
    "every-link": 1.8,
    "every-few": 0.6,
    "in-one-go": 1.0,
    "flurry": 3.0,
    "even": 3.0,
    "again": 2.5,
    "flood": 3.5,
    "program-beside": 3.0,
    "shadow": 3.5,
    "twin": 3.0,
    "echo": 4.2,
    "neighbours": 1.2,
    "many-neighbours": 2.4,
    "landed": -0.4,
    "read": -0.7,
    "seen-browser": -1.5,
    "own-browser": -5.0,
}
LABELS: dict[str, str] = {
    "head": "本文を求めなかった",
    "prefetch": "先読みと名乗った",
    "program": "プログラムと名乗った",
    "nameless": "ブラウザー名がない",
    "scanner-network": "検査する機械の網",
    "trap": "見えないリンクを開いた",
    "trap-too": "見えないリンクを開いたのと同じ姿",
    "trap-beside": "見えないリンクを開いたのと同じ所",
    "perhaps-scanner": "検査する機械がよく使う網",
    "no-navigation": "ページを開く動きではない",
    "ancient": "十年前のブラウザー",
    "false-name": "名乗りと合わない新しい印がある",
    "dated": "古いブラウザー",
    "no-language": "言語の指定がない",
    "foreign": "日本語を求めていない",
    "japanese": "日本語を求めた",
    "no-fetch": "新しいブラウザーなのに移動の印がない",
    "navigation": "ページ移動の印がある",
    "app": "アプリの中のブラウザー",
    "at-once": "送信から2秒以内",
    "soon": "送信から5秒以内",
    "early": "送信から1分以内",
    "fresh": "送信から10分以内",
    "later": "送信から時間がたっている",
    "lone": "怪しい動きが周りにない",
    "burst": "10秒に3つ以上のリンク",
    "hasty": "送信の直後に3つ以上のリンク",
    "sweep": "90秒に3つ以上のリンク",
    "every-link": "メールの全リンク",
    "every-few": "数少ないリンクの全部",
    "in-one-go": "全リンクを90秒のうちに",
    "flurry": "10秒に5つ以上のリンク",
    "even": "等間隔に4つ以上のリンク",
    "again": "同じリンクに4回以上",
    "flood": "一通に60回を超えるアクセス",
    "program-beside": "同じ所からプログラムも来た",
    "shadow": "同じころ本物らしい人が同じリンクを開いた",
    "twin": "同じころ別の所でも同じリンクを開いた",
    "echo": "前のアクセスと同じ姿で別の所から来た",
    "neighbours": "同じころほかの読者のメールにも来た",
    "many-neighbours": "同じころ多くの読者のメールにも来た",
    "landed": "着いたページが開いた",
    "read": "着いたページが読まれた",
    "seen-browser": "前にも来たブラウザー",
    "own-browser": "その読者のブラウザー",
}
"""The signs in the words of the desk."""

MACHINE_FROM = 1.0
HUMAN_TO = -0.5

FORWARDED: dict[str, float] = {
    "other-browser": 3.0,
    "other-device": 2.0,
    "other-kind": 1.0,
}
"""What says that a person's click was not the reader's, beside that it came from elsewhere."""
FORWARDED_LABELS: dict[str, str] = {
    "other-browser": "ほかの読者のブラウザー",
    "other-device": "別の所の、別の端末",
    "other-kind": "別の所の、もう一つの端末（スマートフォンとPC）",
}
PERHAPS_FORWARDED_FROM = 1.0
"""From here the desk shows a click as perhaps a forwarded mail's."""
FORWARDED_FROM = 2.0
"""From here a click counts for the mail and not for the reader: one person has a phone and a
computer, but seldom two of either in two places."""

_PROGRAMS = re.compile(
    r"link.?(scan|preview|expand|check)|scanner|urlscan|preview|prefetch|barracuda|proofpoint"
    r"|mimecast|safelinks|unfurl|monitor|libwww|java/|httpclient|headless",
    re.IGNORECASE,
)
_APPS = re.compile(
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
_EVENLY = 4
_SHORTEST_BEAT, _LONGEST_BEAT = 4.0, 7500.0
_FLOOD = 60
_HASTE = timedelta(seconds=30)


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


@dataclass(frozen=True)
class Judgement:
    """What a hit is held to be, and the signs with their weights that say so.

    ``neighbours`` is how many other readers' mails the same agent was at just then, counted to
    ``MOST_NEIGHBOURS``; ``forwarded`` the signs that a person's click was not the reader's.
    """

    hit_id: str
    verdict: Verdict
    total: float
    signs: tuple[tuple[str, float], ...]
    neighbours: int = 0
    forwarded: tuple[tuple[str, float], ...] = ()


def judge(
    hits: Sequence[Hit],
    *,
    sent_at: datetime | None,
    links: int | None,
    neighbours: Iterable[Neighbour] = (),
    scanners: Scanners = NOBODY,
) -> dict[str, Judgement]:
    """The judgement of every hit on one mail, by the hit's id.

    ``sent_at`` is when the server took the mail, ``links`` how many links it holds; None where
    that is not known. ``neighbours`` are hits on mails to other readers at about the same time,
    ``scanners`` the networks that machines are known to ask from.
    """
    ordered = sorted(hits, key=lambda hit: (hit.at, hit.id))
    company = _company(ordered, sent_at, links)
    beside = _beside(ordered, neighbours)
    totals: dict[str, tuple[Verdict, float]] = {}
    found = {}
    for hit in ordered:
        names = [*_own_signs(hit), *_signs_of_time(hit, sent_at), *_signs_of_landing(hit)]
        if sign := scanners.sign(hit.network):
            names.append(sign)
        others = sorted(company[hit.id])
        if beside[hit.id] >= MOST_NEIGHBOURS:
            others.append("many-neighbours")
        elif beside[hit.id] >= 2:
            others.append("neighbours")
        if not others and (sent_at is None or "later" in names):
            others.append("lone")
        signs = sorted(
            ((name, WEIGHTS[name]) for name in (*names, *others)), key=lambda sign: -abs(sign[1])
        )
        total = round(sum(weight for _, weight in signs), 2)
        verdict = Verdict.UNSURE
        if total >= MACHINE_FROM:
            verdict = Verdict.MACHINE
        elif total <= HUMAN_TO:
            verdict = Verdict.HUMAN
        totals[hit.id] = verdict, total
        found[hit.id] = Judgement(hit.id, verdict, total, tuple(signs), beside[hit.id])
    people = [hit for hit in ordered if found[hit.id].verdict is Verdict.HUMAN and not hit.late]
    for hit_id, signs in _forwarded(people).items():
        held = found[hit_id]
        found[hit_id] = Judgement(
            hit_id, held.verdict, held.total, held.signs, held.neighbours, tuple(signs)
        )
    return found


def counts_as_click(data: Mapping[str, Any] | None) -> bool:
    """Whether an event of the log, read with its verdict, is a person's click in the link's time."""
    told = data or {}
    return told.get("verdict") == Verdict.HUMAN and not told.get("late")


def counts_for_reader(data: Mapping[str, Any] | None) -> bool:
    """Whether it is a click of the very reader whom the mail was for, and not clearly that of
    somebody who was handed it: what scores, stages and branches follow."""
    return counts_as_click(data) and forwardedness(data) < FORWARDED_FROM


def forwardedness(data: Mapping[str, Any] | None) -> float:
    """How much says that a click was somebody's whom the mail was handed on to."""
    return sum(float(weight) for _name, weight in (data or {}).get("forwarded") or ())


def is_program(hit: Hit) -> bool:
    """Whether the hit says by itself, whatever its siblings, that no person made it."""
    return bool(
        hit.method != "GET" or hit.prefetch or len(hit.ua) < 10 or _names_itself_a_program(hit.ua)
    )


@lru_cache(maxsize=4096)
def _names_itself_a_program(ua: str) -> bool:
    return bool(_PROGRAMS.search(ua)) or (is_crawler(ua) and not _APPS.search(ua))


def _own_signs(hit: Hit) -> list[str]:
    signs = []
    if hit.place == TRAP:
        signs.append("trap")
    if hit.method != "GET":
        signs.append("head")
    if hit.prefetch:
        signs.append("prefetch")
    if len(hit.ua) < 10:
        signs.append("nameless")
    elif _names_itself_a_program(hit.ua):
        signs.append("program")
    else:
        signs.extend(_signs_of_name(hit))
    if not hit.language:
        signs.append("no-language")
    else:
        signs.append("japanese" if _is_japanese(hit) else "foreign")
    if hit.fetch_mode not in ("", "navigate"):
        signs.append("no-navigation")
    elif hit.fetch_mode and hit.language:  # without a language it is a browser run by a program
        signs.append("navigation")
    elif not hit.fetch_mode and hit.secure and _sends_fetch_metadata(hit.ua):
        signs.append("no-fetch")
    return signs


def _signs_of_name(hit: Hit) -> list[str]:
    """What the browser's name says of its age, and whether the rest of the request agrees."""
    if _APPS.search(hit.ua):
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


def _signs_of_time(hit: Hit, sent_at: datetime | None) -> list[str]:
    if sent_at is None:
        return []
    waited = (hit.at - sent_at).total_seconds()
    for name, until in (("at-once", 2), ("soon", 5), ("early", 60), ("fresh", 600)):
        if waited < until:
            return [name]
    return ["later"]


def _signs_of_landing(hit: Hit) -> list[str]:
    """What the page said to which the hit led. Sandboxes render and scroll too: only a browser
    known from before weighs much."""
    if hit.landing is None:
        return []
    signs = ["read" if hit.landing.read else "landed"]
    if hit.landing.browser == "own":
        signs.append("own-browser")
    elif hit.landing.browser != "new":
        signs.append("seen-browser")
    return signs


def _company(
    ordered: Sequence[Hit], sent_at: datetime | None, links: int | None
) -> dict[str, set[str]]:
    """The signs that each hit bears through the other hits on its mail."""
    signs: dict[str, set[str]] = {hit.id: set() for hit in ordered}
    groups: defaultdict[tuple[object, ...], list[Hit]] = defaultdict(list)
    for hit in ordered:
        if hit.place == TRAP:
            continue
        groups[hit.manner, "from", hit.network, hit.ua if hit.network is None else ""].append(hit)
        groups[hit.manner, "named", hit.ua].append(hit)
    for group in groups.values():
        _signs_of_group(group, signs, sent_at, links)
    for marked in signs.values():
        if "burst" in marked:
            marked.discard("sweep")
    _signs_of_others(ordered, signs, sent_at)
    _signs_of_trapped(ordered, signs)
    return signs


def _signs_of_trapped(ordered: Sequence[Hit], signs: dict[str, set[str]]) -> None:
    """What hits are within a minute of one on the link that nobody sees: the same program's, or of
    a network in which one looks at mails."""
    trapped = [hit for hit in ordered if hit.place == TRAP]
    for hit in ordered if trapped else ():
        if hit.place == TRAP:
            continue
        near = [one for one in trapped if abs(one.at - hit.at) <= NEAR]
        if any((one.network, one.ua) == (hit.network, hit.ua) for one in near):
            signs[hit.id].add("trap-too")
        elif any(one.network is not None and one.network == hit.network for one in near):
            signs[hit.id].add("trap-beside")


def _signs_of_group(
    group: Sequence[Hit], signs: dict[str, set[str]], sent_at: datetime | None, links: int | None
) -> None:
    """What hits of one manner from one network, or under one name, are together."""

    def mark(name: str, hits: Iterable[Hit]) -> None:
        for hit in hits:
            signs[hit.id].add(name)

    mark("burst", _crowded(group, 10, 3))
    if sent_at is not None:
        mark("hasty", (h for h in _crowded(group, 60, 3) if h.at - sent_at < _HASTE))
    mark("sweep", _crowded(group, 90, 3))
    mark("flurry", _crowded(group, 10, 5))
    if links is not None and links >= 4:
        mark("every-link", _crowded(group, 86_400, links))
        mark("in-one-go", _crowded(group, 90, links))
    elif links is not None and links >= 2:
        mark("every-few", _crowded(group, 90 if links == 3 else 10, links))
    visits = Counter(hit.place for hit in group)
    mark("again", (hit for hit in group if visits[hit.place] >= 4))
    if len(group) > _FLOOD:
        mark("flood", group)
    else:
        mark("even", _evenly(group))


def _crowded(group: Sequence[Hit], seconds: float, places: int) -> list[Hit]:
    """The hits that lie in some stretch of so many seconds with so many links in it."""
    within = timedelta(seconds=seconds)
    found: list[Hit] = []
    held: Counter[int] = Counter()
    first, marked = 0, 0
    for last, hit in enumerate(group):
        held[hit.place] += 1
        while hit.at - group[first].at > within:
            held[group[first].place] -= 1
            if not held[group[first].place]:
                del held[group[first].place]
            first += 1
        if len(held) >= places:
            found.extend(group[max(first, marked) : last + 1])
            marked = last + 1
    return found


def _evenly(group: Sequence[Hit]) -> set[Hit]:
    """The hits of any row of four links, each as long after the one before."""
    times = [hit.at.timestamp() for hit in group]
    found: set[Hit] = set()

    def go_on(row: list[int], beat: float) -> None:
        if len(row) == _EVENLY:
            found.update(group[n] for n in row)
            return
        slack = max(0.5, beat / 10)
        due = times[row[-1]] + beat
        for n in range(bisect_left(times, due - slack), bisect_right(times, due + slack)):
            if n not in row and group[n].place not in {group[m].place for m in row}:
                go_on([*row, n], beat)

    for first in range(len(group)):
        for second in range(first + 1, len(group)):
            beat = times[second] - times[first]
            if _SHORTEST_BEAT <= beat <= _LONGEST_BEAT and (
                group[first].place != group[second].place
            ):
                go_on([first, second], beat)
    return found


class _Look(NamedTuple):
    """All that two hits of one agent on one link have in common."""

    place: int
    network: str | None
    ua: str
    manner: tuple[str, str]
    program: bool
    knocks: bool
    fullness: int


def _signs_of_others(
    ordered: Sequence[Hit], signs: dict[str, set[str]], sent_at: datetime | None
) -> None:
    """What a hit is beside hits that look otherwise or come from elsewhere."""
    times: defaultdict[_Look, list[datetime]] = defaultdict(list)
    as_person: dict[_Look, datetime] = {}
    looks: dict[str, _Look] = {}
    for hit in ordered:
        program = is_program(hit)
        look = _Look(
            hit.place,
            hit.network,
            hit.ua,
            hit.manner,
            program,
            program and not hit.prefetch,  # a browser that reads ahead is followed by its reader
            _fullness(hit),
        )
        looks[hit.id] = look
        times[look].append(hit.at)
        if look not in as_person and not program and _is_person_alone(hit, sent_at):
            as_person[look] = hit.at

    def any_near(look: _Look, at: datetime, seconds: float, *, before: bool = False) -> bool:
        within = timedelta(seconds=seconds)
        found = times[look]
        first = bisect_left(found, at - within)
        return first < len(found) and (found[first] < at if before else found[first] <= at + within)

    for hit in ordered:
        own, marked = looks[hit.id], signs[hit.id]
        for look in times:
            if look == own:
                continue
            same_agent = look.network == own.network and look.ua == own.ua
            if look.knocks and same_agent and any_near(look, hit.at, 60):
                marked.add("program-beside")
            if look.program or look.place != own.place:
                continue
            if look.fullness > own.fullness and any_near(look, hit.at, 60):
                marked.add("shadow")
            if look.network == own.network:
                continue
            if (look.ua, look.manner) == (own.ua, own.manner):
                if look in as_person and as_person[look] < hit.at:
                    marked.add("echo")
            elif look.ua != own.ua and look.fullness >= own.fullness:
                before = _is_phone(look.ua) == _is_phone(own.ua)
                if (before or _is_phone(look.ua)) and any_near(look, hit.at, 30, before=before):
                    marked.add("twin")


def _is_person_alone(hit: Hit, sent_at: datetime | None) -> bool:
    """Whether it would be held for a person's, were it the only one; not while gateways look."""
    if sent_at is not None and hit.at - sent_at < NEAR:
        return False
    names = (*_own_signs(hit), *_signs_of_time(hit, sent_at))
    return sum(WEIGHTS[name] for name in names) <= HUMAN_TO


def _beside(ordered: Sequence[Hit], neighbours: Iterable[Neighbour]) -> dict[str, int]:
    """How many other mails each hit's agent was at just then, counted to ``MOST_NEIGHBOURS``."""
    by_agent: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for neighbour in neighbours:
        by_agent[neighbour.agent].append((neighbour.at, neighbour.delivery_id))
    for visits in by_agent.values():
        visits.sort()
    found = {}
    for hit in ordered:
        mails: set[str] = set()
        visits = by_agent.get(hit.agent or "", [])
        for at, delivery_id in visits[bisect_left(visits, (hit.at - NEAR, "")) :]:
            if at > hit.at + NEAR or len(mails) == MOST_NEIGHBOURS:
                break
            mails.add(delivery_id)
        found[hit.id] = len(mails)
    return found


def _forwarded(people: Sequence[Hit]) -> dict[str, list[tuple[str, float]]]:
    """The signs that a person's click was somebody's who was handed the mail.

    The first one is held for the reader's, and so is each from a browser known to be theirs.
    """
    readers = [
        hit
        for n, hit in enumerate(people)
        if (hit.landing and hit.landing.browser == "own")
        or (n == 0 and not (hit.landing and hit.landing.browser == "other"))
    ]
    networks = {hit.network for hit in readers}
    devices = {(_is_phone(hit.ua), _device(hit.ua)) for hit in readers}
    kinds = {phone for phone, _ in devices}
    found = {}
    for hit in people:
        if hit in readers:
            continue
        names = []
        if hit.landing and hit.landing.browser == "other":
            names.append("other-browser")
        elif readers and hit.network not in networks:
            phone = _is_phone(hit.ua)
            if (phone, _device(hit.ua)) not in devices:
                names.append("other-device" if phone in kinds else "other-kind")
        if names:
            found[hit.id] = [(name, FORWARDED[name]) for name in names]
    return found


def _is_japanese(hit: Hit) -> bool:
    return "ja" in hit.language.lower()


def _fullness(hit: Hit) -> int:
    """How much of a whole Japanese browser's request it was."""
    return (
        bool(hit.language)
        + _is_japanese(hit)
        + (hit.fetch_mode == "navigate")
        + bool(_APPS.search(hit.ua))
    )


def _is_phone(ua: str) -> bool:
    return bool(_PHONE.search(ua))


def _device(ua: str) -> str:
    return next((name for name, pattern in _DEVICES if pattern.search(ua)), "")


def _version(pattern: re.Pattern[str], ua: str) -> int | None:
    found = pattern.search(ua)
    return int(found[1][:6]) if found else None


def _is_below(version: int | None, limit: int) -> bool:
    return version is not None and version < limit


def _sends_fetch_metadata(ua: str) -> bool:
    """Chrome 76, Firefox 90 and Safari 16.4 began to send ``Sec-Fetch-*`` (W3C Fetch Metadata).

    A web view inside an app may not: it names no ``Version/…``, and Line and the like are let be.
    """
    chrome, firefox, safari = (_version(p, ua) for p in (_CHROME, _FIREFOX, _SAFARI))
    if "; wv)" in ua or _APPS.search(ua):
        return False
    return (
        (chrome is not None and chrome >= 76)
        or (firefox is not None and firefox >= 90)
        or (chrome is None and safari is not None and safari >= 17)
    )
