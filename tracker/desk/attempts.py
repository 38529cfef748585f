"""How long the next attempt to sign in has to wait."""

import json
import logging
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

FREE = 5
WINDOW = timedelta(minutes=15)
FIRST_WAIT = 15.0
_PREFIX = "sodate:signin:"
_MOST_KEPT = 10_000


@dataclass(frozen=True)
class Attempts:
    """The attempts not known to have succeeded, of one account from one network. Times are
    seconds since 1970."""

    count: int = 0
    last: float = 0.0
    open_at: float = 0.0


def admit(before: Attempts, now: float) -> tuple[Attempts, float]:
    """Judge an attempt made ``now``: what to remember, and the seconds it has to wait (0: go on).

    The fifth attempt closes the door for 15 seconds, each one after it for twice as long, never
    for more than the 15 minutes after which all is forgotten. A refused attempt counts for
    nothing, so nobody can lock an account by hammering at it.
    """
    if now - before.last > WINDOW.total_seconds():
        before = Attempts()
    if now < before.open_at:
        return before, before.open_at - now
    after = replace(before, count=before.count + 1, last=now)
    if after.count >= FREE:
        wait = min(FIRST_WAIT * 2.0 ** (after.count - FREE), WINDOW.total_seconds())
        after = replace(after, open_at=now + wait)
    return after, 0.0


class Guard:
    """Remembers attempts in Redis, shared by all processes; in this process while Redis is away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own: dict[str, Attempts] = {}

    def attempt(self, redis: Redis, email: str, network: str | None, now: datetime) -> float:
        """Count an attempt before it is tried; the seconds to wait, 0 if it may be tried now.

        Counting first means that many attempts at once cannot slip past the limit together.
        """
        key, at = _key(email, network), now.timestamp()
        try:
            return _attempt_in_redis(redis, key, at)
        except (RedisError, OSError) as error:
            log.warning("sign-in: Redis away, counting in this process: %s", error)
        with self._lock:
            if len(self._own) >= _MOST_KEPT:
                self._own = {k: a for k, a in self._own.items() if a.open_at > at}
            self._own[key], wait = admit(self._own.get(key, Attempts()), at)
        return wait

    def forget(self, redis: Redis, email: str, network: str | None) -> None:
        """The attempt succeeded: start afresh."""
        key = _key(email, network)
        with self._lock:
            self._own.pop(key, None)
        try:
            redis.delete(key)
        except (RedisError, OSError) as error:
            log.warning("sign-in: Redis away: %s", error)


guard = Guard()
"""The one of this process."""


def _attempt_in_redis(redis: Redis, key: str, at: float) -> float:
    wait = 0.0

    def judge(pipe: Pipeline) -> None:
        nonlocal wait
        stored = pipe.get(key)
        before = Attempts(**json.loads(stored)) if stored else Attempts()
        after, wait = admit(before, at)
        pipe.multi()
        if not wait:
            text = json.dumps(after.__dict__)
            pipe.set(key, text, px=int(WINDOW.total_seconds() * 1000))

    redis.transaction(judge, key)
    return wait


def _key(email: str, network: str | None) -> str:
    return _PREFIX + sha256(f"{email}\n{network}".encode("utf-8", "replace")).hexdigest()[:32]
