"""The geometry of a radar picture. Pure: figures in, coordinates out; a template draws them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Literal

WIDTH, HEIGHT, RADIUS = 490, 380, 122
_CENTRE = (WIDTH / 2, HEIGHT / 2)
_LONGEST_LINE = 6
_LINE_HEIGHT = 23
_PHRASE = re.compile(r"[^ぁ-ん]+[ぁ-ん]*|[ぁ-ん]+")

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """One axis: its tip, where its words stand (in short lines) and how they are anchored."""

    percent: int
    lines: tuple[str, ...]
    tip: Point
    at: Point
    words: Point
    anchor: Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Radar:
    """A picture of ``WIDTH`` by ``HEIGHT``; ``rings`` are the polygons of 25, 50, 75 and 100 %."""

    axes: tuple[Axis, ...]
    rings: tuple[str, ...]
    shape: str
    centre: Point = _CENTRE
    width: int = WIDTH
    height: int = HEIGHT


def radar(figures: Sequence[tuple[str, int]]) -> Radar | None:
    """The picture of ``figures`` (label, 0 to 100), the first at the top, then clockwise.

    ``None`` for fewer than three: they span no surface.
    """
    if len(figures) < 3:
        return None
    angles = [2 * pi * n / len(figures) - pi / 2 for n in range(len(figures))]
    axes = tuple(
        _axis(label, percent, angle)
        for (label, percent), angle in zip(figures, angles, strict=True)
    )
    return Radar(
        axes=axes,
        rings=tuple(
            _polygon([_at(angle, share) for angle in angles]) for share in (25, 50, 75, 100)
        ),
        shape=_polygon([axis.at for axis in axes]),
    )


def _axis(label: str, percent: int, angle: float) -> Axis:
    x, y = _at(angle, 100, beyond=18)
    side = round(cos(angle), 6)
    lines = (*_broken(label), f"{percent}点")
    # Words above the picture end at their point, words below begin there, others stand around it.
    lift = (len(lines) - 1) * (0.5 - sin(angle) / 2) * _LINE_HEIGHT
    return Axis(
        percent=percent,
        lines=lines,
        tip=_at(angle, 100),
        at=_at(angle, percent),
        words=(x, round(y - lift + 5, 1)),
        anchor="middle" if abs(side) < 0.2 else "start" if side > 0 else "end",
    )


def _broken(label: str) -> tuple[str, ...]:
    """``label`` in short lines, broken behind a particle or an ending (hiragana before another
    kind of letter), where a Japanese phrase may end."""
    lines = [""]
    for phrase in _PHRASE.findall(label):
        if lines[-1] and len(lines[-1] + phrase) > _LONGEST_LINE:
            lines.append("")
        lines[-1] += phrase
    return tuple(lines)


def _at(angle: float, percent: float, beyond: float = 0) -> Point:
    far = RADIUS * percent / 100 + beyond
    return round(_CENTRE[0] + far * cos(angle), 1), round(_CENTRE[1] + far * sin(angle), 1)


def _polygon(points: Sequence[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
