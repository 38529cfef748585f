"""Which clicks, pages and mails are followed by a move to the next stage more often, or less, than
would be expected without. Related, not proven to be the cause. Pure.

Readers who touched a thing are compared with readers of the same stage who did something in the
same week and did not touch it. Each has 14 days to move: the touched from their touch on, the
others from the first thing they did in that week. Whose 14 days are not over is left out.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from tracker.chance import NORMAL, Z80, passing
from tracker.reports.rows import DAY_MS, GOAL, Move, Thing, Touch, week_of

WITHIN_MS = 14 * DAY_MS
STRENGTH = 12.0
"""How many readers like the others' a thing's own share is held against (beta-binomial)."""
FEWEST = 5
"""With fewer readers there is nothing to say, whatever they did."""
RATE = 0.2
"""Of what is shown, so much may be chance (Benjamini-Hochberg); the interval is the 80 % one."""
DESIGN = 0.10
"""The difference that readers still needed are counted for: ten points."""
_POWER = 0.8


@dataclass(frozen=True)
class Followed:
    """What became of those who touched one thing.

    ``readers`` had their 14 days and somebody to be compared with; ``moved`` of them moved on;
    ``expected`` is how large a part of the others did, ``share`` that of the touched, drawn towards
    it; ``difference`` the two apart, from ``low`` to ``high`` (80 %). ``shown`` says that it is
    more than chance. ``needed`` is about how many more readers would show a difference of
    ``DESIGN`` (0: enough came, and there is none of that size). ``waiting`` have days left;
    ``alone`` had nobody to be compared with.
    """

    thing: Thing
    readers: int
    moved: int
    expected: float
    share: float
    difference: float
    low: float
    high: float
    shown: bool
    needed: int
    waiting: int
    alone: int


@dataclass
class _Cell:
    """Readers of one stage in one week: by reader, whether they moved within 14 days of the first
    thing they did there."""

    moved: dict[str, bool]
    total: int = 0


def followed(
    touches: Iterable[Touch],
    moves: Iterable[Move],
    now: int,
    *,
    offset: int = 0,
    stage: int | None = None,
) -> list[Followed]:
    """What is followed by moves, the surest and largest first. ``stage`` looks at moves from that
    stage alone; ``offset`` is how far the firm's clock is ahead of UTC."""
    ways = ways_of(moves)
    cells: dict[tuple[int, int], _Cell] = {}
    met: dict[Thing, dict[tuple[int, int], dict[str, bool]]] = {}
    waiting: dict[Thing, int] = defaultdict(int)
    seen: set[tuple[str, Thing]] = set()
    for touch in sorted(touches, key=itemgetter(1)):
        way = ways.get(touch.reader)
        if way is None:
            continue
        rank, following = _standing(way, touch.at)
        if rank is None or rank >= GOAL or (stage is not None and rank != stage):
            continue
        moved = following is not None and following <= touch.at + WITHIN_MS
        over = touch.at + WITHIN_MS <= now
        key = (rank, week_of(touch.at, offset))
        if over:
            cell = cells.setdefault(key, _Cell({}))
            if touch.reader not in cell.moved:
                cell.moved[touch.reader] = moved
                cell.total += moved
        if (touch.reader, touch.thing) in seen:
            continue
        seen.add((touch.reader, touch.thing))
        if over:
            met.setdefault(touch.thing, {}).setdefault(key, {})[touch.reader] = moved
        else:
            waiting[touch.thing] += 1
    found = [_compared(thing, own, cells, waiting.pop(thing, 0)) for thing, own in met.items()]
    found += [_nothing_yet(thing, count) for thing, count in waiting.items()]
    return _chosen(found)


def ways_of(moves: Iterable[Move]) -> dict[str, list[Move]]:
    """Each reader's moves upwards, in their order."""
    ways: dict[str, list[Move]] = {}
    for move in sorted(moves, key=lambda m: (m.at, m.rank)):
        way = ways.setdefault(move.reader, [])
        if not way or move.rank > way[-1].rank:
            way.append(move)
    return ways


def _standing(way: Sequence[Move], at: int) -> tuple[int | None, int | None]:
    """The stage a reader was at just before ``at``, and when they moved on from it. A move bears
    the time of the act that made it, so one at ``at`` comes after."""
    rank = None
    for move in way:
        if move.at >= at:
            return rank, move.at
        rank = move.rank
    return rank, None


def _compared(
    thing: Thing,
    own: Mapping[tuple[int, int], Mapping[str, bool]],
    cells: Mapping[tuple[int, int], _Cell],
    waiting: int,
) -> Followed:
    n = k = alone = 0
    expected = variance = 0.0
    for key, touched in own.items():
        cell = cells[key]
        others = len(cell.moved) - len(touched)
        if others <= 0:
            alone += len(touched)
            continue
        hits = cell.total - sum(cell.moved[reader] for reader in touched)
        n += len(touched)
        k += sum(touched.values())
        expected += len(touched) * hits / others
        about = (hits + 0.5) / (others + 1)
        variance += len(touched) ** 2 * about * (1 - about) / (others + 1)
    if not n:
        return Followed(thing, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, False, FEWEST, waiting, alone)
    usual = expected / n
    share = (k + STRENGTH * usual) / (n + STRENGTH)
    spread = math.sqrt(max(share * (1 - share), 1e-4) / (n + STRENGTH + 1) + variance / n**2)
    difference = share - usual
    return Followed(
        thing, n, k, usual, share, difference,
        max(-1.0, difference - Z80 * spread), min(1.0, difference + Z80 * spread),
        False, max(0, readers_for(usual) - n), waiting, alone,
    )  # fmt: skip


def _nothing_yet(thing: Thing, waiting: int) -> Followed:
    return Followed(thing, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, False, FEWEST, waiting, 0)


def readers_for(usual: float, design: float = DESIGN) -> int:
    """How many readers would show, four times in five, a share ``design`` above ``usual``."""
    base = min(max(usual, 0.01), 1 - design - 0.01)
    other = base + design
    z_error, z_power = Z80, NORMAL.inv_cdf(_POWER)
    root = z_error * math.sqrt(base * (1 - base)) + z_power * math.sqrt(other * (1 - other))
    return math.ceil((root / design) ** 2)


def _chosen(found: list[Followed]) -> list[Followed]:
    """The same, with what is more than chance marked; the surest and largest first."""
    asked = [f for f in found if f.readers >= FEWEST]
    chances = [_chance(f) for f in asked]
    marked = {
        f.thing for f, passes in zip(asked, passing(chances, RATE), strict=True)
        if passes and (f.low > 0 or f.high < 0)
    }  # fmt: skip
    done = [Followed(**{**vars(f), "shown": f.thing in marked}) for f in found]
    return sorted(done, key=lambda f: (not f.shown, -f.difference, -f.readers, f.thing))


def _chance(one: Followed) -> float:
    """How likely a difference this large is, either way, where there is none."""
    spread = (one.high - one.low) / (2 * Z80)
    return 2 * (1 - NORMAL.cdf(abs(one.difference) / spread)) if spread > 0 else 1.0
