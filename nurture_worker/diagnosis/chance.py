"""What chance alone could do: intervals, tails, the choice among many questions, and how much
data settles one.

Nothing here returns NaN: an empty sample is ``None`` or the widest answer there is.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import betainc, betaln, gammaln  # type: ignore[import-untyped]

from tracker.chance import NORMAL, Z80

_MOST_TIMES = 1000.0
_CERTAIN = 1e-4


def at_most(hits: float, n: float, mean: float, cv: float = 0.0) -> float:
    """The chance of ``hits`` or fewer among ``n`` when each hits with a share that is itself only
    known about: ``mean`` (0 < mean < 1), with a coefficient of variation ``cv`` (beta-binomial).
    Of fractions, the next whole number that makes the chance larger is taken."""
    whole = math.ceil(n - 1e-9)
    most = min(whole, math.ceil(hits - 1e-9))
    if most >= whole:
        return 1.0
    if cv < _CERTAIN:
        return float(betainc(whole - most, most + 1, 1 - mean))
    return _sum(whole, 0, most, mean, cv)


def at_least(hits: float, n: float, mean: float, cv: float = 0.0) -> float:
    """The chance of ``hits`` or more among ``n``; as ``at_most``."""
    return at_most(n - hits, n, 1 - mean, cv * mean / (1 - mean))


def askable(lowest: Sequence[float], rate: float) -> list[bool]:
    """Which questions could be answered at all, judged by the lowest chance their sample size
    allows (Tarone): the others would only make it harder for these."""
    if not lowest:
        return []
    asked = len(lowest)
    for k in range(1, len(lowest) + 1):
        if sum(chance <= rate / k for chance in lowest) <= k:
            asked = k
            break
    return [chance <= rate / asked for chance in lowest]


def times_needed(
    n: float, bound: float, design: float, noise: float, floor: float, error: float
) -> float | None:
    """How many times the present sample ``n`` would tell a true share of ``design`` from
    ``bound``, four times in five, with ``error`` chance of error. None: no number would.

    ``noise`` is the squared coefficient of variation of ``bound`` that shrinks as data grow, and
    ``floor`` the one that stays.
    """
    far = abs(_angle(design) - _angle(bound))
    slope = bound / (1 - bound)  # squared, of the angle by the log of the share

    def told(times: float) -> bool:
        own = 1 / (n * times)
        spread = own + slope * (noise / times + floor)
        return z_error * math.sqrt(spread) + z_power * math.sqrt(own) <= far

    if n <= 0:
        return None
    z_error, z_power = NORMAL.inv_cdf(1 - min(error, 0.4)), NORMAL.inv_cdf(0.8)
    if not told(_MOST_TIMES):
        return None
    low, high = 1e-3, _MOST_TIMES
    for _ in range(40):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if told(middle) else (middle, high)
    return high


def for_half_width(half: float) -> int:
    """How many cases give any share an 80 % interval of no more than ± ``half``."""
    return math.ceil((Z80 / (2 * half)) ** 2)


def _angle(share: float) -> float:
    return 2 * math.asin(math.sqrt(share))


def _sum(n: int, first: int, last: int, mean: float, cv: float) -> float:
    """The sum of a beta-binomial's terms from ``first`` to ``last``."""
    strength = max((1 - mean) / (mean * cv * cv) - 1, 1e-3)
    a, b = mean * strength, (1 - mean) * strength
    x = np.arange(first, last + 1, dtype=float)
    logs = (
        gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
        + betaln(x + a, n - x + b) - betaln(a, b)
    )  # fmt: skip
    top = float(logs.max())
    return min(1.0, math.exp(top) * float(np.exp(logs - top).sum()))
