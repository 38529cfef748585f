"""The reading curve: of all who opened a page, which part comes to each heading."""

from dataclasses import dataclass

from tracker.chance import wilson
from tracker.counts import PageCounts


@dataclass(frozen=True)
class Reach:
    """How far readers come, to ``section`` (0: the top; one past the last: the end).

    ``at_risk`` is of how many views we know what they did in this section, ``left`` how many of
    those went away in it. ``reached`` counts the views known to have come here. ``share`` is the
    Kaplan–Meier estimate with its 80 % interval and ``weight`` the number of plain observations
    that would tell as much; all None where nobody was left to see.
    """

    section: int
    reached: int
    at_risk: int
    left: int
    share: float | None
    low: float | None
    high: float | None
    weight: float | None


def curve(counts: PageCounts, sections: int) -> list[Reach]:
    """The curve of a page of ``sections`` sections: ``sections + 2`` points, the end included.

    A view whose end is unknown tells of the sections before its last one, and leaves the count
    there: whether it went on is not known. A reader who took a CTA is not counted as one who
    left. Sections a page had once and has no more count as its last.
    """
    left = _fold(counts.left, sections)
    took = _fold(counts.took, sections)
    lost = _fold(counts.lost, sections)
    points: list[Reach] = []
    share: float | None = 1.0
    greenwood = 0.0
    fewest: float = counts.known
    for k in range(sections + 2):
        beyond = counts.done + sum(sum(part[k + 1 :]) for part in (left, took, lost))
        ended = left[k] + took[k] if k <= sections else 0
        at_risk = beyond + ended if k <= sections else counts.done
        reached = at_risk + (lost[k] if k <= sections else 0)
        low: float | None = None
        high: float | None = None
        weight: float | None = None
        if counts.known == 0:
            share = None
        if share is not None:
            weight = _weight(share, greenwood, fewest)
            low, high = wilson(share, weight)
        gone = left[k] if k <= sections else 0
        points.append(Reach(k, reached, at_risk, gone, share, low, high, weight))
        if share is None:
            continue
        if at_risk == 0:
            share = 0.0 if share == 0 else None
            continue
        fewest = min(fewest, at_risk)
        if gone == at_risk:
            share = 0.0
        else:
            share *= 1 - gone / at_risk
            greenwood += gone / (at_risk * (at_risk - gone))
    return points


def _weight(share: float, greenwood: float, fewest: float) -> float:
    """Greenwood's variance as a number of plain observations. At 0 and 1 it would be without
    limit: there, the smallest number that was at risk on the way."""
    if 0 < share < 1 and greenwood > 0:
        return (1 - share) / (share * greenwood)
    return fewest


def _fold(values: tuple[int, ...], sections: int) -> list[int]:
    folded = [0] * (sections + 1)
    for k, value in enumerate(values):
        folded[min(k, sections)] += value
    return folded
