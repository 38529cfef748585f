"""The reports' drawings: where each line goes. Pure."""

from dataclasses import dataclass

from tracker.reports.movement import Passage

_WIDTH, _HEIGHT = 300.0, 150.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 8.0, 10.0, 22.0
_LONGEST = 90.0


@dataclass(frozen=True)
class Stairs:
    """How many have moved on by when, as a stair that climbs. Points are lists as SVG takes them,
    empty where nobody moved."""

    title: str
    about: str
    line: str
    band: str
    levels: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]
    width: float = _WIDTH
    height: float = _HEIGHT
    left: float = _LEFT

    @property
    def right(self) -> float:
        return self.width - _RIGHT

    @property
    def foot(self) -> float:
        return self.height - _BOTTOM


def stairs(passage: Passage, title: str, about: str, day: str) -> Stairs:
    """The curve of ``passage`` over 90 days, or as long as anybody was seen; ``day`` is the word
    behind the number of days."""
    longest = max(7.0, min(_LONGEST, passage.watched_days))
    top = max([0.1, *(s.high for s in passage.steps if s.days <= longest)])

    def x(days: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * days / longest

    def y(share: float) -> float:
        return _TOP + (1 - share / top) * (_HEIGHT - _TOP - _BOTTOM)

    line, upper, lower = [(0.0, 0.0)], [(0.0, 0.0)], [(0.0, 0.0)]
    for step in passage.steps:
        if step.days > longest:
            break
        for points, share in ((line, step.share), (upper, step.high), (lower, step.low)):
            points += [(step.days, points[-1][1]), (step.days, share)]
    drawn = len(line) > 1
    for points in (line, upper, lower):
        points.append((longest, points[-1][1]))
    return Stairs(
        title,
        about,
        _points([(x(d), y(s)) for d, s in line]) if drawn else "",
        _points([(x(d), y(s)) for d, s in [*upper, *reversed(lower)]]) if drawn else "",
        tuple((round(y(top * part), 1), f"{100 * top * part:.0f}") for part in (0.0, 0.5, 1.0)),
        tuple(
            (round(x(longest * part), 1), f"{longest * part:.0f}{day}") for part in (0.0, 0.5, 1.0)
        ),
    )


def _points(places: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
