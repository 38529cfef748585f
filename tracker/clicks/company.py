"""The signs that a hit bears through other hits: on its own mail, and on other readers'."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tracker.clicks.agents import is_phone, is_program
from tracker.clicks.alone import fullness, is_person_alone
from tracker.clicks.hits import MOST_NEIGHBOURS, NEAR, TRAP, Hit, Neighbour

_EVENLY = 4
_SHORTEST_BEAT, _LONGEST_BEAT = 4.0, 7500.0
_FLOOD = 60
_HASTE = timedelta(seconds=30)


def signs_of_company(
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
            fullness(hit),
        )
        looks[hit.id] = look
        times[look].append(hit.at)
        if look not in as_person and not program and is_person_alone(hit, sent_at):
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
                before = is_phone(look.ua) == is_phone(own.ua)
                if (before or is_phone(look.ua)) and any_near(look, hit.at, 30, before=before):
                    marked.add("twin")


def others_beside(ordered: Sequence[Hit], neighbours: Iterable[Neighbour]) -> dict[str, int]:
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
