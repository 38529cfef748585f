"""The networks that mail scanners are known to ask from. Pure."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from typing import Literal


@dataclass(frozen=True)
class Scanners:
    """What the operator lists. People sit in large networks too (Windows 365 in Microsoft's), so
    only those that hold nothing but machines belong among the ``certain``."""

    certain: frozenset[str] = frozenset()
    probable: frozenset[str] = frozenset()

    @classmethod
    def read(cls, text: str) -> "Scanners":
        """From ``192.0.2.0/24, 2001:db8::/32?``: a question mark stands after the probable.

        Raises ``ValueError`` for what is no network, or is narrower than what is kept of an
        address (/24, /48): it would be taken for its neighbours.
        """
        certain: set[str] = set()
        probable: set[str] = set()
        for word in filter(None, (word.strip() for word in text.split(","))):
            network = ip_network(word.rstrip("? "))
            if network.prefixlen > (24 if network.version == 4 else 48):
                raise ValueError(f"「{word}」は狭すぎます（IPv4 は /24、IPv6 は /48 まで）")
            (probable if word.endswith("?") else certain).add(str(network))
        return cls(frozenset(certain), frozenset(probable))

    def sign(self, network: str | None) -> Literal["scanner-network", "perhaps-scanner"] | None:
        """What it says of a hit that it came from ``network``."""
        if network is None:
            return None
        if _is_within(network, self.certain):
            return "scanner-network"
        return "perhaps-scanner" if _is_within(network, self.probable) else None


NOBODY = Scanners()


@lru_cache(maxsize=4096)
def _is_within(network: str, listed: frozenset[str]) -> bool:
    asked = ip_network(network)
    return any(
        asked.version == wide.version and asked.subnet_of(wide)  # type: ignore[arg-type]
        for wide in map(ip_network, listed)
    )
