"""What chance alone could do: intervals, tails, and how much data settles a question.

Nothing here returns NaN: an empty sample is ``None`` or the widest answer there is.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

_NORMAL = NormalDist()
Z80 = _NORMAL.inv_cdf(0.9)
"""Half-width of an 80 % interval, in standard deviations."""

_EXACT_UP_TO = 3000
_MOST = 1_000_000


def wilson(share: float, n: float, z: float = Z80) -> tuple[float, float]:
    """Wilson's interval (80 %) for a share seen in ``n`` cases; (0, 1) for none.

    ``n`` may be an effective number and need not be whole.
    """
    if n <= 0:
        return 0.0, 1.0
    zz = z * z / n
    middle = (share + zz / 2) / (1 + zz)
    half = z / (1 + zz) * math.sqrt(share * (1 - share) / n + zz / (4 * n))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def at_most(hits: float, n: float, share: float) -> float:
    """The chance of ``hits`` or fewer among ``n`` when each hits with ``share`` (0 < share < 1).
    Of fractions, the next whole number that makes the chance larger is taken."""
    whole, most = math.ceil(n), min(math.ceil(n), math.ceil(hits - 1e-9))
    if whole > _EXACT_UP_TO:
        sd = math.sqrt(whole * share * (1 - share))
        return _NORMAL.cdf((most + 0.5 - whole * share) / sd)
    terms = [
        _log_choose(whole, x) + x * math.log(share) + (whole - x) * math.log1p(-share)
        for x in range(most + 1)
    ]
    return _sum_of_exp(terms)


def at_least(hits: int, n: int, mean: float, cv: float) -> float:
    """The chance of ``hits`` or more among ``n`` when each hits with a share that is itself only
    known about: ``mean`` (0 < mean < 1), with a coefficient of variation ``cv`` (beta-binomial)."""
    if hits <= 0:
        return 1.0
    strength = (1 - mean) / (mean * cv * cv) - 1 if cv > 0 else math.inf
    strength = max(strength, 1e-3)
    if n > _EXACT_UP_TO or math.isinf(strength):
        spread = 0.0 if math.isinf(strength) else (n - 1) / (strength + 1)
        sd = math.sqrt(n * mean * (1 - mean) * (1 + spread))
        return 1 - _NORMAL.cdf((hits - 0.5 - n * mean) / sd)
    a, b = mean * strength, (1 - mean) * strength
    terms = [
        _log_choose(n, x) + _log_beta(x + a, n - x + b) - _log_beta(a, b)
        for x in range(hits, n + 1)
    ]
    return _sum_of_exp(terms)


def passing(chances: Sequence[float], rate: float) -> list[bool]:
    """Benjamini and Hochberg's choice: which are too unlikely to be chance, when of all chosen a
    part of ``rate`` at most may be false."""
    order = sorted(range(len(chances)), key=lambda i: chances[i])
    taken = 0
    for place, i in enumerate(order, start=1):
        if chances[i] <= rate * place / len(chances):
            taken = place
    chosen = set(order[:taken])
    return [i in chosen for i in range(len(chances))]


def needed(bound: float, cv: float, design: float, rate: float) -> int | None:
    """In how many cases a true share of ``design`` would be told, four times in five, from
    ``bound`` (known to ``cv``), with ``rate`` chance of error. None: in no number."""
    z_error, z_power = _NORMAL.inv_cdf(1 - rate), _NORMAL.inv_cdf(0.8)

    def told(n: int) -> bool:
        spread = math.sqrt(bound * (1 - bound) / n + (bound * cv) ** 2)
        own = math.sqrt(design * (1 - design) / n)
        return z_error * spread + z_power * own <= abs(design - bound)

    if not told(_MOST):
        return None
    low, high = 1, _MOST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if told(middle) else (middle + 1, high)
    return low


def for_half_width(half: float) -> int:
    """How many cases give any share an 80 % interval of no more than ± ``half``."""
    return math.ceil((Z80 / (2 * half)) ** 2)


def _log_choose(n: int, x: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(x + 1) - math.lgamma(n - x + 1)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _sum_of_exp(terms: Sequence[float]) -> float:
    top = max(terms)
    return min(1.0, math.exp(top) * math.fsum(math.exp(term - top) for term in terms))
