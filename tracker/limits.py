"""How much is taken from one place in a short time: so that no crowd of machines keeps readers
out, floods an address, or fills the disk.

Counted in Redis, shared by all processes; in this process while Redis is away or slow. A click, a
confirmation and an unsubscription are never limited.
"""

import hmac
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

from flask import Flask, g
from flask_limiter import Limiter, RateLimitExceeded
from redis.backoff import NoBackoff
from redis.retry import Retry

REDIS_SECONDS = 0.2
"""How long a reader waits for Redis, at most, before this process counts by itself."""

_REDIS: dict[str, Any] = {
    "socket_timeout": REDIS_SECONDS,
    "socket_connect_timeout": REDIS_SECONDS,
    "retry": Retry(NoBackoff(), 0),
}
_MINUTE = 60
_MOST_NETWORKS = 10_000


class Limit(Enum):
    """What is counted, each by its own key, and how much of it is taken."""

    FORMS_OF_NETWORK = "100 per minute"
    FORMS_TO_ADDRESS = "30 per hour"
    FETCHES_OF_LINK = "300 per day"
    CHANGES_BY_LINK = "60 per hour"


class TooMuchError(Exception):
    """The limit is reached; after ``seconds`` at the latest there is room again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too much; try again in {seconds} s")
        self.seconds = seconds


class Limits:
    """The limits of one tracker process."""

    def __init__(self, redis_url: str, secret: str, beacons: int = 6000) -> None:
        """``beacons`` are taken of one network a minute. ``secret`` keeps addresses, networks and links from being read off the keys in Redis."""
        self._secret = secret.encode()
        self._limiter = Limiter(
            _who,
            storage_uri=redis_url.replace("unix://", "redis+unix://", 1),
            storage_options=_REDIS,
            strategy="fixed-window",
            in_memory_fallback_enabled=True,
            key_prefix="sodate",
        )
        self._counters = {limit: self._counter(limit) for limit in Limit}
        self.beacons = Window(beacons)

    def init_app(self, app: Flask) -> None:
        """Count for ``app``. Nothing is connected yet."""
        self._limiter.init_app(app)

    def count(self, limit: Limit, who: str | None) -> None:
        """Count one more of ``who`` (``None``: whom nobody can tell apart), inside a request.

        Raises ``TooMuchError`` where it is one too many.
        """
        told = hmac.digest(self._secret, repr(who).encode("utf-8", "replace"), "sha256")
        g.counted = told.hex()[:32]
        try:
            self._counters[limit]()
        except RateLimitExceeded as error:
            raise TooMuchError(error.limit.limit.get_expiry()) from None

    def _counter(self, limit: Limit) -> Callable[[], None]:
        def counted() -> None:
            """Counted by being called."""

        counted.__qualname__ = f"counted.{limit.name}"  # the limiter tells its limits apart by it
        return self._limiter.shared_limit(limit.value, scope=limit.name.lower())(counted)


def _who() -> str:
    who: str = g.counted
    return who


class Window:
    """Counts in memory, a minute at a time: costs next to nothing, and is no other process'."""

    def __init__(self, most: int) -> None:
        """``most`` are taken of one network a minute."""
        self._most = most
        self._minute = 0
        self._counts: dict[str | None, int] = {}

    def allow(self, network: str | None, now: datetime) -> bool:
        """Count one more; whether it is not too many. With very many networks in one minute, those
        that come last count as one."""
        minute = int(now.timestamp()) // _MINUTE
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        counts = self._counts
        if network not in counts and len(counts) >= _MOST_NETWORKS:
            network = None
        count = counts[network] = counts.get(network, 0) + 1
        return count <= self._most
