"""What took part in inquiries and in orders: by first and last touch, by position, and by what
would be lost without it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tracker.reports.rows import Kind, Thing

ENDS = 0.4
"""By position the first and the last touch get so much each, those between share the rest."""
MOST_THINGS = 60
"""The removal effect is reckoned for so many things, the most touched; the others are one."""

OTHERS = Thing(Kind.PAGE, "*")
"""All that is too rare to be looked at by itself."""


@dataclass(frozen=True)
class Journey:
    """The things one reader touched, in order; whether it came to the goal, and its yen."""

    things: tuple[Thing, ...]
    reached: bool
    yen: int = 0


@dataclass(frozen=True)
class Credit:
    """How many goals one thing is given by each measure, and how many yen. ``part`` is on how many
    journeys to the goal it lay at all; ``removal`` shares the goals out by the removal effect."""

    thing: Thing
    part: int
    first: float
    last: float
    position: float
    removal: float | None
    first_yen: float
    last_yen: float
    position_yen: float


@dataclass
class _Sum:
    part: int = 0
    first: float = 0.0
    last: float = 0.0
    position: float = 0.0
    first_yen: float = 0.0
    last_yen: float = 0.0
    position_yen: float = 0.0


def credits(journeys: Sequence[Journey]) -> list[Credit]:
    """What each thing gets, the largest by position first. Journeys to the goal without a touch
    are nobody's."""
    sums: dict[Thing, _Sum] = defaultdict(_Sum)
    goals = 0
    for journey in journeys:
        if not journey.reached or not journey.things:
            continue
        goals += 1
        things, yen = journey.things, journey.yen
        for thing in set(things):
            sums[thing].part += 1
        sums[things[0]].first += 1
        sums[things[0]].first_yen += yen
        sums[things[-1]].last += 1
        sums[things[-1]].last_yen += yen
        for place, weight in enumerate(weights(len(things))):
            sums[things[place]].position += weight
            sums[things[place]].position_yen += weight * yen
    effects = removal(journeys) if goals else {}
    total = sum(effects[thing] for thing in effects if thing in sums) or 1.0
    found = [
        Credit(
            thing, own.part, own.first, own.last, own.position,
            goals * effects[thing] / total if thing in effects else None,
            own.first_yen, own.last_yen, own.position_yen,
        )
        for thing, own in sums.items()
    ]  # fmt: skip
    return sorted(found, key=lambda c: (-c.position, -c.part, c.thing))


def weights(length: int) -> list[float]:
    """What each touch of so many gets by its position: 0.4 the first, 0.4 the last, the rest the
    others; two share alike, one gets all."""
    if length == 1:
        return [1.0]
    if length == 2:
        return [0.5, 0.5]
    between = (1 - 2 * ENDS) / (length - 2)
    return [ENDS, *[between] * (length - 2), ENDS]


def removal(journeys: Iterable[Journey]) -> dict[Thing, float]:
    """Of each thing, the part of the goals that would be lost if every way through it ended there
    (a Markov chain of the first order over all journeys).

    A way reaches the goal without a thing with the chance of the goal less that of passing the
    thing at all, times the chance of the goal from there.
    """
    journeys = list(journeys)
    count: dict[Thing, int] = defaultdict(int)
    for journey in journeys:
        for thing in set(journey.things):
            count[thing] += 1
    common = sorted(count, key=lambda thing: (-count[thing], thing))[:MOST_THINGS]
    place = {thing: number for number, thing in enumerate(common)}
    rest = len(common)
    size = rest + 1
    start = [0.0] * size
    ways = [[0.0] * size for _ in range(size)]
    goal = [0.0] * size
    total = [0.0] * size
    begun = 0
    for journey in journeys:
        if not journey.things:
            continue
        states = [place.get(thing, rest) for thing in journey.things]
        begun += 1
        start[states[0]] += 1
        for here, there in pairwise(states):
            ways[here][there] += 1
            total[here] += 1
        total[states[-1]] += 1
        goal[states[-1]] += journey.reached
    if not begun:
        return {}
    for state in range(size):
        if total[state]:
            ways[state] = [way / total[state] for way in ways[state]]
            goal[state] /= total[state]
    visits = _visits(ways)
    reach = [sum(v * g for v, g in zip(row, goal, strict=True)) for row in visits]
    whole = sum(s / begun * r for s, r in zip(start, reach, strict=True))
    if whole <= 0:
        return {}
    found = {}
    for thing, state in place.items():
        passing = sum(
            s / begun * visits[other][state] / visits[state][state] for other, s in enumerate(start)
        )
        found[thing] = max(0.0, min(1.0, passing * reach[state] / whole))
    return found


def _visits(ways: list[list[float]]) -> list[list[float]]:
    """How often a way from each state comes to each: the inverse of one less the chain. Every way
    ends somewhere, so it exists."""
    size = len(ways)
    rows = [
        [float(i == j) - ways[i][j] for j in range(size)] + [float(i == j) for j in range(size)]
        for i in range(size)
    ]
    for column in range(size):
        best = max(range(column, size), key=lambda row: abs(rows[row][column]))
        rows[column], rows[best] = rows[best], rows[column]
        pivot = rows[column][column]
        own = rows[column] = [value / pivot for value in rows[column]]
        for number, row in enumerate(rows):
            factor = row[column]
            if number != column and factor:
                rows[number] = [a - factor * b for a, b in zip(row, own, strict=True)]
    return [row[size:] for row in rows]
