"""What is usual: the rate of comparable objects, and how well it is known."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

SPREAD = 0.16
"""How far sound objects of one sort lie apart: the standard deviation of the log of their rate."""
HEAVIEST = 3.0
"""No peer counts for more than so many times the median exposure."""


@dataclass(frozen=True)
class Usual:
    """The usual share. ``noise`` is the squared coefficient of variation that comes of few events,
    ``floor`` that of peers being few and different; ``peers`` is their effective number."""

    share: float
    noise: float
    floor: float
    peers: float

    @property
    def cv(self) -> float:
        return math.sqrt(self.noise + self.floor)

    def times(self, factor: float, most: float = 0.98, doubt: float = 0.0) -> "Usual":
        """The usual share of something that is so many times as likely; ``doubt`` is the squared
        coefficient of variation of the factor."""
        share = min(most, self.share * factor)
        return Usual(share, self.noise, self.floor + doubt, self.peers)


class Pool:
    """Comparable objects, each as (its owner, cases, hits), with a weak prior of so many hits
    among so many cases."""

    def __init__(
        self, members: Iterable[tuple[str, float, float]], prior_hits: float, prior_n: float
    ) -> None:
        kept = [member for member in members if member[1] > 0]
        exposed = sorted(n for _, n, _ in kept)
        heaviest = HEAVIEST * exposed[len(exposed) // 2] if exposed else 0.0
        self._prior = prior_hits, prior_n
        self._sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for owner, n, hits in kept:
            weight = min(n, heaviest)
            for place, value in enumerate((weight, weight * hits / n, weight * weight)):
                self._sums[owner][place] += value
        self._all = [sum(own[place] for own in self._sums.values()) for place in range(3)]

    def without(self, owner: str | None) -> Usual:
        """The pooled rate but for one owner's objects. Without any others it is that of the prior,
        and known as badly."""
        own = self._sums.get(owner or "", (0.0, 0.0, 0.0))
        weight, hits, squares = (
            max(0.0, whole - part) for whole, part in zip(self._all, own, strict=True)
        )
        prior_hits, prior_n = self._prior
        share = min(0.98, (hits + prior_hits) / (weight + prior_n))
        effective = weight**2 / squares if squares > 1e-9 else 0.0
        return Usual(
            share=share,
            noise=(1 - share) / (hits + prior_hits),
            floor=SPREAD**2 / max(effective, 0.5),
            peers=effective,
        )
