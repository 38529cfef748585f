"""How many go on from one stage to the next, how long that takes, and what became of those who
first came in the same week. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from tracker.chance import Z80
from tracker.reports.rows import DAY_MS, GOAL, Move, week_of


@dataclass(frozen=True)
class Step:
    """``share`` have moved on by ``days`` days; 80 % between ``low`` and ``high``."""

    days: float
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Passage:
    """From one stage to any later one (from the last to the inquiry), of those who came to it in
    the period. ``moved`` of ``entered`` have gone on; who has not is counted as long as they were
    seen (Kaplan-Meier). ``median_days`` is None while half of them have not."""

    rank: int
    entered: int
    moved: int
    steps: tuple[Step, ...]
    median_days: float | None

    def by(self, days: float) -> Step | None:
        """How many have moved on by then; None where nobody was seen for so long."""
        reached = [step for step in self.steps if step.days <= days]
        return reached[-1] if reached else None

    watched_days: float = 0.0
    """For how long the longest seen was seen."""


@dataclass(frozen=True)
class Cohort:
    """Those who first came in the week from ``week`` (Monday, UTC ms). ``people`` are visitors and
    readers, ``readers`` those known by address; ``reached`` how many of these came to each stage
    (index: rank) and to the inquiry (``GOAL``), with the median of the days that took."""

    week: int
    people: int
    readers: int
    reached: tuple[int, ...]
    days: tuple[float | None, ...]


@dataclass
class _Open:
    people: int = 0
    readers: int = 0
    times: list[list[float]] = field(default_factory=lambda: [[] for _ in range(GOAL + 1)])


def passages(
    ways: Iterable[Sequence[Move]], since: int | None, until: int, now: int
) -> list[Passage]:
    """One for each stage; ``ways`` are readers' moves upwards in their order."""
    spans: list[list[tuple[float, bool]]] = [[] for _ in range(GOAL)]
    for way in ways:
        for place, move in enumerate(way):
            if move.rank >= GOAL or move.at >= until or (since is not None and move.at < since):
                continue
            following = way[place + 1].at if place + 1 < len(way) else None
            if following is not None and following <= now:
                spans[move.rank].append(((following - move.at) / DAY_MS, True))
            else:
                spans[move.rank].append((max(0, now - move.at) / DAY_MS, False))
    return [_passage(rank, own) for rank, own in enumerate(spans)]


def _passage(rank: int, spans: list[tuple[float, bool]]) -> Passage:
    steps = curve(spans)
    half = next((step.days for step in steps if step.share >= 0.5), None)
    longest = max((days for days, _ in spans), default=0.0)
    return Passage(rank, len(spans), sum(moved for _, moved in spans), steps, half, longest)


def curve(spans: Iterable[tuple[float, bool]]) -> tuple[Step, ...]:
    """Kaplan and Meier's estimate of who has moved on by when, of (days seen, moved), with
    Greenwood's variance on the log of the log, so that it stays between 0 and 1."""
    ordered = sorted(spans)
    at_risk = len(ordered)
    left, greenwood = 1.0, 0.0
    steps = []
    place = 0
    while place < len(ordered):
        days = ordered[place][0]
        gone = events = 0
        while place < len(ordered) and ordered[place][0] == days:
            events += ordered[place][1]
            gone += 1
            place += 1
        if events:
            left *= 1 - events / at_risk
            if at_risk > events:
                greenwood += events / (at_risk * (at_risk - events))
            low, high = _band(left, greenwood)
            steps.append(Step(days, 1 - left, 1 - high, 1 - low))
        at_risk -= gone
    return tuple(steps)


def _band(left: float, greenwood: float) -> tuple[float, float]:
    if left <= 0 or left >= 1 or greenwood <= 0:
        return left, left
    log = math.log(left)
    half = Z80 * math.sqrt(greenwood) / abs(log)
    return left ** math.exp(half), left ** math.exp(-half)


def cohorts(
    people: Mapping[int, int],
    first_seen: Mapping[str, int],
    ways: Mapping[str, Sequence[Move]],
    offset: int = 0,
) -> list[Cohort]:
    """Week by week, the oldest first. ``people`` are how many first came in each week; of
    ``first_seen`` readers, when each first came, and ``ways`` their moves."""
    found: dict[int, _Open] = {week: _Open(count) for week, count in people.items()}
    for reader, at in first_seen.items():
        own = found.setdefault(week_of(at, offset), _Open())
        own.readers += 1
        way = ways.get(reader, ())
        for rank in range(GOAL + 1):
            reached = next((m.at for m in way if m.rank >= rank and _is(m.rank, rank)), None)
            if reached is not None:
                own.times[rank].append(max(0, reached - at) / DAY_MS)
    return [
        Cohort(
            week,
            max(own.people, own.readers),
            own.readers,
            tuple(len(times) for times in own.times),
            tuple(median(times) if times else None for times in own.times),
        )
        for week, own in sorted(found.items())
    ]


def _is(reached: int, rank: int) -> bool:
    """Whether who reached one rank has reached the other: an inquiry is no stage."""
    return reached < GOAL or rank == GOAL
