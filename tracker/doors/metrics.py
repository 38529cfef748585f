"""``/metrics`` for Prometheus: counts of the work and its delays, of nobody in particular.

What is shown is read from what the processes share (the journal, the host's tallies, the store,
Redis) when it is asked for, so each process of a host tells the same. Only who watches may ask:
with ``SODATE_METRICS_TOKEN`` whoever brings it, without it a peer on this machine or in a private
network that speaks for itself, never through a proxy.
"""

import hmac
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, abort, request, request_finished
from flask.blueprints import BlueprintSetupState
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from tracker.context import Context, context
from tracker.doors.health import journal_of
from tracker.store import pulse
from tracker.store.engine import ask
from tracker.store.pulse import Pulse
from tracker.wake import queue
from tracker.words import DeliveryState, SuppressedFor

if TYPE_CHECKING:
    from prometheus_client.core import Metric

door = Blueprint("metrics", __name__)

_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")
_ANSWERED = "answers"
_NOTICES = "notices"


@door.get("/metrics")
def metrics() -> Response:
    _demand()
    # Here and not above: only the process that is asked needs it.
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Reading(context()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def count_answer(_app: Flask, response: Response, **_more: object) -> None:
    """Count what somebody may have to look at: webhooks, refusals for haste, failures."""
    code, door_name = response.status_code, (request.endpoint or "none").partition(".")[0]
    if code >= 500 or code == 429 or request.path.startswith("/webhooks/"):
        context().tallies.add(f"{_ANSWERED}:{door_name}:{code}")


@door.record_once
def _listen(state: BlueprintSetupState) -> None:
    request_finished.connect(count_answer, state.app)


def _demand() -> None:
    token = context().settings.metrics_token
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
            answer = Response("SODATE_METRICS_TOKEN\n", 401, mimetype="text/plain")
            answer.headers["WWW-Authenticate"] = "Bearer"
            abort(answer)
    elif not _is_near():
        abort(404)


def _is_near() -> bool:
    """Whether the peer itself, and nobody behind it, asks from this machine or a private net."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ip_address(request.environ.get("REMOTE_ADDR") or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_private


class _Reading:
    """All that is told in one answer."""

    def __init__(self, here: Context) -> None:
        self._here = here

    def collect(self) -> "Iterator[Metric]":
        yield from self._of_the_host()
        try:
            found = ask(self._here.engine, lambda c: pulse.read(c, self._here.now()))
        except SQLAlchemyError:
            found = None
        yield _gauge("store_up", "1 where the store answers.", float(found is not None))
        if found is not None:
            yield from self._of_the_store(found)
        yield from self._of_redis()

    def _of_the_host(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily

        waiting = journal_of(self._here)
        age = waiting.age.total_seconds() if waiting.age else 0.0
        yield _gauge("journal_writable", "1 where this host takes events.", waiting.writable)
        yield _gauge("journal_entries", "Accepted events that wait for the fold.", waiting.depth)
        yield _gauge("journal_oldest_seconds", "How long the oldest of them has waited.", age)
        yield _gauge("journal_set_aside", "Events that the store refused.", waiting.set_aside)
        lost = CounterMetricFamily("sodate_events_lost", "Events that no journal took.")
        lost.add_metric([], waiting.lost)
        yield lost
        answers = CounterMetricFamily(
            "sodate_answers",
            "Answers to webhooks, and those with status 429 or from 500 on.",
            labels=["door", "code"],
        )
        for name, count in self._here.tallies.all().items():
            kind, _, about = name.partition(":")
            if kind == _ANSWERED:
                answers.add_metric(about.split(":", 1), count)
        yield answers
        yield _notices(
            "webhook_items_ignored",
            "Parts of webhooks that came to nothing.",
            {
                (parts[1], parts[2]): count
                for name, count in self._here.tallies.all().items()
                if len(parts := name.split(":", 2)) == 3 and parts[0] == _NOTICES
            },
        )

    def _of_the_store(self, found: Pulse) -> "Iterator[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        now = self._here.now()
        mails = GaugeMetricFamily("sodate_mails", "Mails of the ledger.", labels=["state"])
        for state in DeliveryState:
            mails.add_metric([state.value], found.mails.get(state, 0))
        yield mails
        waited = (now - found.overdue_since).total_seconds() if found.overdue_since else 0.0
        yield _gauge("mails_overdue", "Planned mails whose time has come.", found.overdue)
        yield _gauge("mails_overdue_seconds", "How long the first of them has waited.", waited)
        yield _gauge("events_undigested", "Events the worker has not taken in.", found.undigested)
        yield _notices(
            "notices_ignored", "Notices about mails that came to nothing.", found.ignored
        )
        unwanted = GaugeMetricFamily(
            "sodate_readers_suppressed", "Readers who get no mail.", labels=["reason"]
        )
        for reason in SuppressedFor:
            unwanted.add_metric([reason.value], found.suppressed.get(reason, 0))
        yield unwanted
        if found.swept_at:
            at = found.swept_at.timestamp()
            yield _gauge("last_sweep_timestamp_seconds", "When the last sweep ended.", at)

    def _of_redis(self) -> "Iterator[Metric]":
        jobs: dict[str, int] | None = None
        try:
            line = queue(self._here.redis)
            jobs = {"queued": line.count, "failed": line.failed_job_registry.get_job_count(False)}
        except (RedisError, OSError):
            pass
        yield _gauge("redis_up", "1 where Redis answers.", float(jobs is not None))
        if jobs is not None:
            from prometheus_client.core import GaugeMetricFamily

            told = GaugeMetricFamily("sodate_jobs", "Jobs of the queue.", labels=["state"])
            for state, count in jobs.items():
                told.add_metric([state], count)
            yield told


def _notices(name: str, told: str, counts: Mapping[tuple[str, str], int]) -> "Metric":
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(f"sodate_{name}", told, labels=["source", "outcome"])
    for labels, count in sorted(counts.items()):
        family.add_metric(list(labels), count)
    return family


def _gauge(name: str, told: str, value: float) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(f"sodate_{name}", told, value=float(value))
