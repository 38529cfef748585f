"""What a balancer and a watchman are told: ready as long as events are taken, and how far behind
the rest is."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine

from tests.conftest import NOW, House
from tests.faults.disks import full_disk
from tracker.context import Context
from tracker.journal import Entry
from tracker.store import claims, deliveries, events, pulse, suppressions
from tracker.store.engine import writing
from tracker.wake import connect
from tracker.words import EventKind, MailKind

Make = Callable[..., House]


def ready(house: House) -> tuple[int, dict[str, Any]]:
    answer = house.browser().get("/readyz")
    return answer.status_code, answer.get_json()


def told(house: House, **headers: str) -> dict[str, float]:
    """The figures of ``/metrics``: a name, with its labels where it has some."""
    answer = house.browser().get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return {
        ",".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def swap(house: House, **parts: object) -> None:
    """Give the tracker another part, as a fault would."""
    context: Context = house.context
    for name, part in parts.items():
        object.__setattr__(context, name, part)


def view(name: str) -> Entry:
    return Entry(id=name, at=NOW, kind=EventKind.PAGE_VIEW, page="articles/why/")


def test_without_store_and_redis_a_tracker_is_ready_and_says_what_it_lacks(
    house: House,
) -> None:
    swap(
        house,
        engine=create_engine("sqlite:////nowhere/at/all.db"),
        redis=connect("redis://127.0.0.1:1/0", hurried=True),
    )
    house.context.journal.append([view("a"), view("b")])
    house.clock.advance(minutes=90)
    code, body = ready(house)
    assert code == 200
    assert body == {
        "ready": True,
        "degraded": ["fold", "store", "redis"],
        "store": False,
        "redis": False,
        "journal_depth": 2,
        "journal_age_seconds": 5400.0,
        "journal_set_aside": 0,
        "events_lost": 0,
        "last_sweep_age_seconds": None,
    }
    figures = told(house)
    assert figures["sodate_journal_entries"] == 2
    assert figures["sodate_journal_oldest_seconds"] == 5400
    assert figures["sodate_store_up"] == figures["sodate_redis_up"] == 0
    assert "sodate_mails,sent" not in figures


def test_a_tracker_whose_disk_is_full_is_taken_away(house: House) -> None:
    with full_disk():
        code, body = ready(house)
        assert (code, body["ready"]) == (503, False)
        assert "journal" in body["degraded"]
        assert told(house)["sodate_journal_writable"] == 0
    time.sleep(1.1)  # how long a look at the disk is good for
    assert ready(house)[0] == 200


def test_a_worker_that_no_longer_sweeps_is_told(house: House) -> None:
    with writing(house.tools.engine) as connection:
        pulse.note_sweep(connection, house.clock())
    house.clock.advance(minutes=9)
    assert ready(house)[1]["degraded"] == []
    house.clock.advance(minutes=2)
    code, body = ready(house)
    assert (code, body["degraded"]) == (200, ["worker"])
    assert body["last_sweep_age_seconds"] == 660


def test_the_metrics_count_the_mails_and_how_late_they_are(house: House) -> None:
    with writing(house.tools.engine) as connection:
        for n in range(3):
            deliveries.plan(
                connection,
                key=str(n),
                kind=MailKind.REPORT,
                domain="example.jp",
                now=NOW,
                due_at=NOW + timedelta(minutes=n),
                recipient="eigyo@example.jp",
            )
        assert claims.claim(connection, deliveries.due(connection, NOW, 1)[0], NOW)
        events.alone(connection)
        events.append(connection, [{"id": "e", "at": NOW, "kind": EventKind.PAGE_VIEW}])
        pulse.note_sweep(connection, NOW)
        suppressions.count(connection, "own", "unknown")
    house.context.tallies.add("notices:own:refused", 2)
    house.clock.advance(minutes=5)
    figures = told(house)
    assert figures["sodate_mails,planned"] == 2
    assert figures["sodate_mails,claimed"] == 1
    assert figures["sodate_mails,uncertain"] == 0
    assert figures["sodate_mails_overdue"] == 2
    assert figures["sodate_mails_overdue_seconds"] == 240
    assert figures["sodate_events_undigested"] == 1
    assert figures["sodate_last_sweep_timestamp_seconds"] == NOW.timestamp()
    assert figures["sodate_jobs,queued"] == 0
    assert figures["sodate_notices_ignored_total,unknown,own"] == 1
    assert figures["sodate_webhook_items_ignored_total,refused,own"] == 2
    assert figures["sodate_store_up"] == figures["sodate_redis_up"] == 1


def test_failures_and_webhooks_are_counted_and_name_nobody(house: House) -> None:
    browser = house.browser()
    assert house.context.tallies.all() == {}
    for path in ("/webhooks/nobody@example.jp", "/webhooks/nobody@example.jp", "/nothing/x@y.jp"):
        browser.post(path, data={"email": "taro@example.jp"})
    answer = house.browser().get("/metrics")
    assert "@" not in answer.text
    assert sum(n for name, n in told(house).items() if name.startswith("sodate_answers")) == 2


def in_production(make_house: Make, **more: object) -> FlaskClient:
    return make_house(env="production", base_url="https://www.example.jp", **more).browser()


@pytest.mark.parametrize(
    ("peer", "headers", "code"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:10.0.3.4", {}, 200),
        ("172.18.0.5", {}, 200),
        ("9.9.9.9", {}, 404),
        ("2001:db8::1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("172.18.0.5", {"X-Forwarded-For": "203.0.113.9"}, 404),
        ("172.18.0.5", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.9"}, 404),
        ("", {}, 404),
    ],
)
@pytest.mark.parametrize("proxies", [0, 1])
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_the_metrics_are_not_open_to_the_world(
    make_house: Make, peer: str, headers: dict[str, str], code: int, proxies: int
) -> None:
    browser = in_production(make_house, proxies=proxies)
    answer = browser.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == code


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_with_a_token_only_its_bearer_is_told(make_house: Make) -> None:
    browser = in_production(make_house, metrics_token="a-secret-for-watchmen")
    for given, code in (
        ("", 401),
        ("Bearer a-secret-for-watchme", 401),
        ("Bearer é\udcff", 401),
        ("Bearer a-secret-for-watchmen", 200),
    ):
        headers = {"Authorization": given.encode("utf-8", "replace").decode("latin-1")}
        answer = browser.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": "9.9.9.9"})
        assert answer.status_code == code, given
    assert answer.headers["Cache-Control"] == "no-store"
