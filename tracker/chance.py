"""What chance alone could do, in the little that reports and the diagnosis share. Pure.

Nothing here returns NaN: an empty sample has the widest answer there is.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

NORMAL = NormalDist()
Z80 = NORMAL.inv_cdf(0.9)
"""Half-width of an 80 % interval, in standard deviations."""


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
