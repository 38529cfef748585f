"""Whether a scenario's mails make a difference: who is kept from them, and what that tells. Pure.

Readers held out are drawn by a hash when they enter. What is compared is how many of each group
inquire within ``OUTCOME_AFTER``. The test is an e-process for two proportions (Turner, Ly,
Grünwald: Generic E-variables for exact sequential k-sample tests): it may be looked at as often as
one likes, and when the mails do nothing it ever reaches 20 in at most one of 20 firms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil, exp, log

from tracker.words import Arm

OUTCOME_AFTER = timedelta(days=45)
"""How long after the enrolment an inquiry counts, and what must have gone by to know."""

ENOUGH = 20.0
"""The e-value from which on the mails are said to make a difference."""

PRIOR = (0.6, 9.4)
"""A Beta prior of a share of inquiries: 6 %, worth ten readers."""

LIFT = 2.0
"""The difference that the readers still needed are counted for: twice as many inquiries."""

_LEARNING = 1.25
"""The e-process must learn the shares on its way: so many more readers than if it knew them."""

_DRAWS = 20_000


@dataclass(frozen=True)
class Outcome:
    """One reader of a scenario whose time is over: which arm, and whether they inquired."""

    arm: Arm
    enrolled_at: datetime
    inquired: bool


@dataclass(frozen=True)
class Effect:
    """What the hold-out tells of one scenario.

    ``mailed``, ``held_out`` and their inquiries are of readers whose time is over; ``waiting`` are
    those of whom it is not. ``difference`` is the mailed share of inquiries less the other, with
    the bounds of its 80 % interval; ``needed`` how many more readers it takes about, if the mails
    double the inquiries; 0 once it is known.
    """

    mailed: int
    held_out: int
    mailed_inquiries: int
    held_out_inquiries: int
    waiting: int
    e_value: float
    difference: tuple[float, float, float] | None
    needed: int

    @property
    def works(self) -> bool:
        return self.e_value >= ENOUGH


def draw(reader_id: str, scenario: str, share: int, salt: str = "") -> Arm:
    """The arm of a reader: held out in ``share`` of 100 cases, and always the same for one reader,
    scenario and ``salt``."""
    digest = sha256(f"{reader_id}|{scenario}|{salt}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    return Arm.HELD_OUT if place < share / 100 else Arm.MAILED


def effect(outcomes: Sequence[Outcome], waiting: int, share: int) -> Effect:
    """What ``outcomes`` tell, of a scenario that holds out ``share`` of 100 and of ``waiting`` more
    readers whose time is not over."""
    mailed = [o for o in outcomes if o.arm is Arm.MAILED]
    held = [o for o in outcomes if o.arm is Arm.HELD_OUT]
    ratio = _ratio(share)
    found = e_value(outcomes, ratio)
    k_mailed, k_held = sum(o.inquired for o in mailed), sum(o.inquired for o in held)
    return Effect(
        mailed=len(mailed),
        held_out=len(held),
        mailed_inquiries=k_mailed,
        held_out_inquiries=k_held,
        waiting=waiting,
        e_value=found,
        difference=_difference(k_mailed, len(mailed), k_held, len(held)),
        needed=0 if found >= ENOUGH else readers_needed(_share(k_held, len(held)), share, found),
    )


def e_value(outcomes: Sequence[Outcome], ratio: int) -> float:
    """The evidence that the mailed inquire more often, in blocks of one reader held out and
    ``ratio`` mailed, in the order of their enrolment."""
    ordered = sorted(outcomes, key=lambda o: o.enrolled_at)
    mailed = [o.inquired for o in ordered if o.arm is Arm.MAILED]
    held = [o.inquired for o in ordered if o.arm is Arm.HELD_OUT]
    so_far = 0.0
    k_mailed = k_held = 0
    best = 0.0
    for block in range(min(len(held), len(mailed) // ratio)):
        of_mailed = sum(mailed[block * ratio : (block + 1) * ratio])
        of_held = int(held[block])
        p = _share(k_mailed, block * ratio)
        q = _share(k_held, block)
        if p > q:  # else this block is bet on no difference
            both = (p * ratio + q) / (ratio + 1)
            so_far += _log_odds(of_mailed, ratio, p, both) + _log_odds(of_held, 1, q, both)
        k_mailed += of_mailed
        k_held += of_held
        best = max(best, so_far)
    return exp(min(best, 700.0))


def readers_needed(base: float, share: int, e_so_far: float = 1.0) -> int:
    """About how many more readers it takes until ``ENOUGH``, where without mails ``base`` of them
    inquire, with them ``LIFT`` times as many, and ``share`` of 100 are held out."""
    if not 0 < share < 100:
        return 0
    base = min(max(base, 0.005), 0.4)
    ratio = _ratio(share)
    p, q = min(base * LIFT, 0.9), base
    both = (p * ratio + q) / (ratio + 1)
    growth = ratio * _divergence(p, both) + _divergence(q, both)
    left = max(0.0, log(ENOUGH) - log(max(e_so_far, 1.0)))
    blocks = ceil(_LEARNING * left / growth)
    return blocks * (ratio + 1)


def _ratio(share: int) -> int:
    return max(1, round((100 - share) / share)) if share else 1


def _share(inquiries: int, readers: int) -> float:
    a, b = PRIOR
    return (a + inquiries) / (a + b + readers)


def _log_odds(inquiries: int, readers: int, p: float, both: float) -> float:
    """How much better ``p`` foretold what came than ``both`` did, as a logarithm."""
    return inquiries * log(p / both) + (readers - inquiries) * log((1 - p) / (1 - both))


def _divergence(p: float, both: float) -> float:
    return p * log(p / both) + (1 - p) * log((1 - p) / (1 - both))


def _difference(
    k_mailed: int, mailed: int, k_held: int, held: int
) -> tuple[float, float, float] | None:
    """Median and 80 % interval; ``None`` while one of the groups is empty."""
    if not mailed or not held:
        return None
    import numpy as np  # here, so that a worker that only draws starts without it

    rng = np.random.default_rng(20)
    a, b = PRIOR
    with_mails = rng.beta(a + k_mailed, b + mailed - k_mailed, _DRAWS)
    without = rng.beta(a + k_held, b + held - k_held, _DRAWS)
    low, middle, high = np.quantile(with_mails - without, [0.1, 0.5, 0.9])
    return float(middle), float(low), float(high)
