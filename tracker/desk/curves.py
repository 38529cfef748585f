"""A reading curve as a picture: where each line and mark of the drawing goes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from tracker.diagnosis import PageReading
from tracker.words import Stage

_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 10.0, 12.0, 22.0
_LABEL_ROOM = 15.0


@dataclass(frozen=True)
class Mark:
    """A mark at (x, y): a CTA's diamond, or the place of something found."""

    x: float
    y: float
    stage: Stage | None = None
    label: str = ""

    @property
    def diamond(self) -> str:
        """The corners of a diamond around the mark, for ``<polygon points>``."""
        x, y, r = self.x, self.y, 5.5
        return _points([(x, y - r), (x + r, y), (x, y + r), (x - r, y)])


@dataclass(frozen=True)
class Picture:
    """A drawing of ``width`` by ``height`` units; ``line``, ``band`` and ``usual`` are lists of
    points as SVG takes them, empty where there is nothing to draw."""

    width: float
    height: float
    line: str
    band: str
    usual: str
    levels: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]
    ctas: tuple[Mark, ...]
    found: tuple[Mark, ...]

    @property
    def left(self) -> float:
        return _LEFT

    @property
    def right(self) -> float:
        return self.width - _RIGHT

    @property
    def foot(self) -> float:
        return self.height - _BOTTOM


def draw(
    page: PageReading, cliffs: Iterable[int] = (), *, width: float = 340.0, height: float = 170.0
) -> Picture:
    """The curve of ``page``, with the sections ``cliffs`` marked. Drawn as far as it is known."""
    count = len(page.points)
    step = (width - _LEFT - _RIGHT) / max(1, count - 1)

    def x(place: float) -> float:
        return _LEFT + step * place

    def y(share: float) -> float:
        return _TOP + (1 - share) * (height - _TOP - _BOTTOM)

    known = [p for p in page.points if p.share is not None]
    shares = [p.share for p in known if p.share is not None]
    line = [(x(n), y(share)) for n, share in enumerate(shares)]
    upper = [(x(p.section), y(p.high)) for p in known if p.high is not None]
    lower = [(x(p.section), y(p.low)) for p in known if p.low is not None]
    usual = [(x(p.section), y(p.usual)) for p in page.points if p.usual is not None]

    def between(place: float) -> float:
        """The height of the curve at ``place``, between two headings too."""
        if not shares:
            return y(0.0)
        first = min(int(place), len(shares) - 1)
        second = min(first + 1, len(shares) - 1)
        return y(shares[first] + (shares[second] - shares[first]) * (place - int(place)))

    seen: dict[int, int] = {}
    ctas = []
    for cta in page.ctas:
        # Where a section holds several, they stand side by side in it.
        place = min(cta.section + 0.5 + 0.25 * seen.get(cta.section, 0), max(0, count - 1))
        seen[cta.section] = seen.get(cta.section, 0) + 1
        ctas.append(Mark(round(x(place), 1), round(between(place), 1), cta.aim, cta.label))
    every = max(1, round(_LABEL_ROOM / step + 0.499)) if count else 1
    ticks = []
    for n in range(count):
        if n == count - 1:
            ticks.append((round(x(n), 1), "終"))
        elif n % every == 0 and (n == 0 or count - 1 - n >= every):
            ticks.append((round(x(n), 1), str(n) if n else "冒頭"))
    return Picture(
        width=width,
        height=height,
        line=_points(line),
        band=_points([*upper, *reversed(lower)]),
        usual=_points(usual) if len(usual) > 2 else "",
        levels=tuple((round(y(v), 1), f"{round(100 * v)}") for v in (0.0, 0.5, 1.0)),
        ticks=tuple(ticks),
        ctas=tuple(ctas),
        found=tuple(Mark(round(x(k + 0.5), 1), round(between(k + 0.5), 1)) for k in cliffs),
    )


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
