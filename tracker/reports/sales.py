"""What sales made of the readers given to them, and what the score was worth. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tracker.chance import wilson
from tracker.reports.movement import curve

HOUR_MS = 3_600_000
BANDS = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
"""Where each band of scores begins; the last has no end."""
FEWEST = 10
"""With fewer readers a band's share says nothing."""


class Task(NamedTuple):
    """A reader given to sales: when, until when somebody was to reach out, when somebody did, met
    them, and ended it, and how (won or not). None is "not yet"."""

    reader: str
    opened: int
    due: int
    touched: int | None
    met: int | None
    closed: int | None
    won: bool | None


class Scored(NamedTuple):
    """A reader's score (at the hand-off, where there was one), and whether they bought."""

    score: float
    bought: bool


@dataclass(frozen=True)
class Speed:
    """Of the tasks opened in a period: ``touched`` of them got an answer, ``in_time`` before they
    were due of the ``judged`` whose time is over or who got one; ``median_hours`` until half of
    them were reached out to, the others counted as long as they wait (None: fewer than half)."""

    opened: int
    touched: int
    judged: int
    in_time: int
    met: int
    won: int
    lost: int
    median_hours: float | None


@dataclass(frozen=True)
class Band:
    """Readers with a score from ``low`` to before ``high`` (None: and above), and how many bought;
    ``share`` with its 80 % interval, None where they are too few."""

    low: float
    high: float | None
    readers: int
    bought: int
    share: float | None
    at_least: float | None
    at_most: float | None


@dataclass(frozen=True)
class Threshold:
    """Calling everybody with ``score`` or more means ``a_month`` calls, of whom ``share`` have
    bought so far (None: too few to say). ``suggested`` is the lowest that the calls allow."""

    score: float
    a_month: float
    readers: int
    bought: int
    share: float | None
    suggested: bool


def speed(tasks: Iterable[Task], now: int) -> Speed:
    """How soon the readers given to sales were reached out to, and what came of it."""
    tasks = list(tasks)
    spans = []
    for task in tasks:
        end = task.touched if task.touched is not None else task.closed or now
        spans.append((max(0, end - task.opened) / HOUR_MS, task.touched is not None))
    judged = [t for t in tasks if t.touched is not None or t.due <= now]
    half = next((step.days for step in curve(spans) if step.share >= 0.5), None)
    return Speed(
        opened=len(tasks),
        touched=sum(t.touched is not None for t in tasks),
        judged=len(judged),
        in_time=sum(t.touched is not None and t.touched <= t.due for t in judged),
        met=sum(t.met is not None for t in tasks),
        won=sum(t.won is True for t in tasks),
        lost=sum(t.won is False for t in tasks),
        median_hours=half,
    )


def bands(readers: Iterable[Scored]) -> list[Band]:
    """How many of each band of scores bought."""
    count = [[0, 0] for _ in BANDS]
    for reader in readers:
        place = max(n for n, low in enumerate(BANDS) if low <= max(0.0, reader.score))
        count[place][0] += 1
        count[place][1] += reader.bought
    found = []
    for place, (own, bought) in enumerate(count):
        high = BANDS[place + 1] if place + 1 < len(BANDS) else None
        share = bought / own if own >= FEWEST else None
        low, most = wilson(share, own) if share is not None else (None, None)
        found.append(Band(BANDS[place], high, own, bought, share, low, most))
    return found


def thresholds(
    everybody: Sequence[Scored], active: Sequence[float], months: float, calls: int
) -> list[Threshold]:
    """What calling from each score on would take and has brought. ``active`` are the scores of the
    readers who did something in the last ``months``; sales can make ``calls`` a month."""
    found = []
    suggested = False
    for score in range(10, 130, 10):
        above = [reader for reader in everybody if reader.score >= score]
        bought = sum(reader.bought for reader in above)
        a_month = sum(own >= score for own in active) / months
        fits = not suggested and 0 < a_month <= calls
        suggested = suggested or fits
        share = bought / len(above) if len(above) >= FEWEST else None
        found.append(Threshold(float(score), a_month, len(above), bought, share, fits))
    return found


def cost_between(costs: Iterable[tuple[int, int, int]], begin: int, end: int) -> float:
    """The yen of what was spent in months (each from a time to before another), as far as they
    lie between ``begin`` and ``end``."""
    total = 0.0
    for first, after, yen in costs:
        inside = min(after, end) - max(first, begin)
        if inside > 0:
            total += yen * inside / (after - first)
    return total
