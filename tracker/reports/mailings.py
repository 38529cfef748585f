"""What became of the mails of one step. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tracker.chance import passing

LOSES = 1.7
"""A step loses readers where so many times as many stop as at the others."""
RATE = 0.05
"""Of the steps said to lose readers, so many may be chance."""
FEWEST_STOPPED = 3


@dataclass(frozen=True)
class Mailing:
    """Mails ``sent`` in a period, by how they ended: ``delivered`` (taken by the server, and no
    bounce since), ``bounced``, ``uncertain``. ``clicked`` and ``unsubscribed`` are people;
    ``machine_hits`` and ``unsure_hits`` are hits held for a program's, or undecided. ``moved`` are
    mails whose reader came to a later stage within 14 days."""

    scenario: str
    step: str
    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    uncertain: int = 0
    clicked: int = 0
    unsubscribed: int = 0
    machine_hits: int = 0
    unsure_hits: int = 0
    moved: int = 0

    @property
    def click_share(self) -> float | None:
        """Of the mails delivered, those that a person clicked."""
        return self.clicked / self.delivered if self.delivered else None


@dataclass(frozen=True)
class Loss:
    """``share`` of those who got the mail stopped all mails; ``usual`` of those who got another."""

    share: float
    usual: float


def losses(mailings: Sequence[Mailing]) -> dict[tuple[str, str], Loss]:
    """The steps that lose readers, beyond what chance brings among so many: by (scenario, step)."""
    delivered = sum(m.delivered for m in mailings)
    stopped = sum(m.unsubscribed for m in mailings)
    asked = []
    for own in mailings:
        others = delivered - own.delivered
        if not own.delivered or not others:
            continue
        # Half a reader on either side, for none so far is not none for ever.
        usual = (stopped - own.unsubscribed + 0.5) / (others + 1)
        bound = min(0.99, LOSES * usual)
        chance = 1.0
        if own.unsubscribed >= FEWEST_STOPPED:
            chance = _at_least(own.unsubscribed, own.delivered, bound)
        asked.append((own, usual, chance))
    chosen = passing([chance for _, _, chance in asked], RATE)
    return {
        (own.scenario, own.step): Loss(own.unsubscribed / own.delivered, usual)
        for (own, usual, _), passes in zip(asked, chosen, strict=True)
        if passes
    }


def _at_least(hits: int, n: int, share: float) -> float:
    """The chance of ``hits`` or more among ``n``."""
    below = 0.0
    for k in range(min(hits, n + 1)):
        logs = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        below += math.exp(logs + k * math.log(share) + (n - k) * math.log1p(-share))
    return max(0.0, 1 - below)
