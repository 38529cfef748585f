"""How fast mails may go out: the most a minute, altogether and to each domain. Pure.

A bucket is one time: when the next mail would be due if all went out evenly. It may lie behind
now by the room for a few mails at once. The store keeps it, so that all workers share it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

AT_ONCE = timedelta(seconds=5)
"""A pause of which this much may be made up for at once."""

_THROTTLED = re.compile(
    r"^(?!.*gr[ae]y).*(?:\b4\.7\.28\b|rate.?limit|too (?:many|much)|throttl|slow down)",
    re.IGNORECASE | re.DOTALL,
)


def is_of_everybody(code: int, text: str) -> bool:
    """Whether a refusal is about how much we send and not about this mail: the queue slows down."""
    return code == 421 or (400 <= code < 500 and bool(_THROTTLED.match(text)))


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].casefold()


@dataclass
class Pace:
    """``a_minute`` mails and ``a_minute_per_domain`` to one domain; 0 is as many as there are.

    ``next`` are the buckets as they stand, by domain; the one of all mails is ``""``.
    """

    a_minute: int
    a_minute_per_domain: int
    next: dict[str, datetime] = field(default_factory=dict)

    @property
    def is_limited(self) -> bool:
        return bool(self.a_minute or self.a_minute_per_domain)

    def buckets_of(self, domains: Sequence[str]) -> list[str]:
        """The buckets that mails to these domains come out of."""
        return [
            *([""] if self.a_minute else []),
            *(sorted(set(domains)) if self.a_minute_per_domain else []),
        ]

    def allow(self, wanted: Sequence[tuple[str, str]], now: datetime) -> list[str]:
        """Of the mails ``wanted`` (id, domain), in this order, those that may go out now; they
        are taken out of the buckets. A domain that must wait holds up no other."""
        allowed = []
        for mail, domain in wanted:
            names = self.buckets_of([domain])
            if all(self.wait(name, now) <= timedelta(0) for name in names):
                allowed.append(mail)
                for name in names:
                    begins = max(self.next.get(name, now), now - AT_ONCE)
                    self.next[name] = begins + self._each(name)
        return allowed

    def wait(self, name: str, now: datetime) -> timedelta:
        """How long it is until there is room in a bucket."""
        return max(timedelta(0), self.next.get(name, now) - now)

    def _each(self, name: str) -> timedelta:
        a_minute = self.a_minute_per_domain if name else self.a_minute
        return timedelta(minutes=1) / a_minute
