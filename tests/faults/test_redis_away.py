"""Redis is gone, full, a replica or empty: nobody at the doors notices, and the sweep finds the work."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from redis import Redis

from tests.conftest import House
from tests.servers import valkey
from tests.walking import AGREED, FORM
from tracker.wake import Job, connect, wake

only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@contextmanager
def _gone(client: Redis) -> Iterator[None]:
    client.shutdown(nosave=True)
    yield


@contextmanager
def _full(client: Redis) -> Iterator[None]:
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", "1")
    yield


@contextmanager
def _replica(client: Redis) -> Iterator[None]:
    client.replicaof("127.0.0.1", "1")
    yield


@contextmanager
def _emptied(client: Redis) -> Iterator[None]:
    yield
    client.flushall()


@only_sqlite
@pytest.mark.parametrize("trouble", [_gone, _full, _replica, _emptied])
def test_the_doors_answer_as_ever_and_the_sweep_finds_the_work(
    make_house: Callable[..., House],
    trouble: Callable[[Redis], object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with valkey() as url:
        house = make_house(redis_url=url)
        browser = house.browser()
        with trouble(Redis.from_url(url)):  # type: ignore[attr-defined]
            began = time.monotonic()
            assert browser.post("/gates/guide", data={**FORM, **AGREED}).status_code == 303
            seen = {"pv": "a" * 32, "page": "articles/why/", "events": [{"n": 0, "e": "page_view"}]}
            assert browser.post("/e", json=seen).status_code == 204
            assert browser.get("/readyz").status_code == 200
            assert browser.get("/metrics").status_code == 200
            house.fold()
            woken = wake(house.context.redis, Job.DIGEST)
            assert time.monotonic() - began < 5
        assert woken is (trouble is _emptied)
        if not woken:
            assert "DIGEST not enqueued" in caplog.text
        house.work()
        assert len(house.postbox.mails) == 1


def test_a_silent_redis_holds_nobody_up_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        client = connect(f"redis://127.0.0.1:{server.getsockname()[1]}/0", hurried=True)
        began = time.monotonic()
        assert wake(client, Job.DIGEST) is False
        assert time.monotonic() - began < 5
