"""The jobs the worker runs, by name, and how to wake it for one.

Redis carries the wake-up and no truth: a lost one delays until the next sweep, no more.
"""

import logging
from enum import StrEnum

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

log = logging.getLogger(__name__)

QUEUE = "sodate"
RESULT_TTL = 60
FAILURE_TTL = 7 * 24 * 3600


class Job(StrEnum):
    """Dotted names, so that the tracker need not import the worker."""

    DIGEST = "nurture_worker.jobs.digest"
    SWEEP = "nurture_worker.jobs.sweep"
    SETTLE = "nurture_worker.jobs.settle"
    SEND = "nurture_worker.jobs.send"
    DIAGNOSE = "nurture_worker.jobs.diagnose"


def connect(url: str, *, hurried: bool = False) -> Redis:
    """A client for ``url``. ``hurried`` is for who has a reader waiting, or events behind them: it
    gives a silent server two seconds and asks once more at most; redis-py would try for a minute.
    """
    if not hurried:
        return Redis.from_url(url)
    return Redis.from_url(
        url,
        socket_connect_timeout=1.0,
        socket_timeout=2.0,
        # A connection that went stale is worth a second try, a silence isn't.
        retry=Retry(NoBackoff(), 1, (RedisConnectionError,)),
    )


def queue(connection: Redis) -> Queue:
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer)


def wake(connection: Redis, job: Job, *, within: int | None = None) -> bool:
    """Ask the worker to run ``job``, or to forget it if it has not begun ``within`` seconds.

    Call it after the commit it tells of. False, and a line in the log, if Redis cannot be
    reached: the sweep will find what is due.
    """
    try:
        queue(connection).enqueue(
            job.value, result_ttl=RESULT_TTL, failure_ttl=FAILURE_TTL, ttl=within
        )
    except (RedisError, OSError) as error:
        log.warning("wake: %s not enqueued: %s", job.name, error)
        return False
    return True
