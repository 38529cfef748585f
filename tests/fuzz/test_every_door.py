"""Whatever is sent to any door: no failure, no endless answer, nothing of the house's inside, and
a journal that can be read. ``FUZZ_EXAMPLES`` says how much is tried; the same each time."""

import base64
import hmac
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture_worker.tools import make_tools
from tests import content
from tests.conftest import Clock, House
from tests.desk.conftest import EMAIL, Browser, make_account
from tests.fuzz import requests
from tests.fuzz.requests import LONGEST_ANSWER, METHODS, ask
from tests.more_content import NEWSLETTER_PAGE, VIDEO_PAGE, publish, seminar_page
from tracker.app import create_app
from tracker.doors.webhooks import line, own, postmark
from tracker.links import Click, Confirmation, Download, Preferences, Unsubscription
from tracker.settings import Settings
from tracker.store.engine import upgrade
from tracker.words import Role

SECRET = "a-secret-of-providers-and-ours-alone"
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
as_told = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
peers = st.tuples(*[st.integers(1, 254)] * 4).map(lambda four: ".".join(map(str, four)))


class Failures(logging.Handler):
    """Keeps the errors the app could not answer, for the message of the test."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and isinstance(record.exc_info[1], BaseException):
            self.seen.append(record.exc_info[1])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    url = f"sqlite:///{folder / 'store.db'}"
    upgrade(url)
    values = Settings.model_validate(
        {
            "data": folder / "data",
            "root": folder,
            "base_url": "http://localhost",
            "database_url": url,
            "redis_url": redis_url,
            "secret_keys": "a-key-for-tests-only",
            "bounce_secret": SECRET,
            "postmark_secret": SECRET,
            "line_channel_secret": SECRET,
        }
    )
    values.whitepapers.mkdir(parents=True)
    (values.whitepapers / "guide.pdf").write_bytes(b"%PDF-1.7 the guide")
    content.catalogue().write(values.catalogue_path)
    clock = Clock()
    it = House(create_app(values, clock), make_tools(values, clock), clock, None)  # type: ignore[arg-type]
    publish(it, seminar_page(), NEWSLETTER_PAGE, VIDEO_PAGE)
    yield it
    it.context.journal.close()
    it.context.tallies.close()
    it.context.engine.dispose()
    it.tools.engine.dispose()


@pytest.fixture(scope="module")
def failures() -> Iterator[Failures]:
    found = Failures()
    logging.getLogger("tracker.app").addHandler(found)
    yield found
    logging.getLogger("tracker.app").removeHandler(found)


def tokens(house: House) -> list[str]:
    links, now = house.context.links, house.clock.now
    signed = [
        links.sign(link, now)
        for link in (
            Click("abcdefghijkl", 1, "articles/why/"),
            Confirmation("abcdefghijkl", "guide"),
            Confirmation("abcdefghijkl", "seminar:exits"),
            Confirmation("abcdefghijkl", "nothing"),
            Download("abcdefghijkl", "guide"),
            Preferences("abcdefghijkl"),
            Unsubscription("abcdefghijkl"),
        )
    ]
    return [*signed, signed[0][:-1], f"{signed[0]}=", signed[0][::-1]]


def check(
    failures: Failures, asked: dict[str, Any], answered: tuple[int, dict[str, str], bytes]
) -> None:
    status, told, body = answered
    seen, failures.seen = failures.seen, []
    short = {name: str(value)[:300] for name, value in asked.items()}
    assert not seen, (short, [f"{type(error).__name__}: {error}"[:300] for error in seen])
    assert status < 500 or status == 503, (status, short)
    assert len(body) <= LONGEST_ANSWER, short
    assert b"Traceback" not in body, short
    assert not any(set("\r\n") & set(value) for value in told.values()), short


def journal_is_whole(house: House) -> None:
    journal = house.context.journal
    while journal.oldest(1):
        for _place, entry in journal.oldest(1000):
            assert len(entry.to_json()) < 200_000
        house.fold()
    assert journal.count_set_aside() == 0


def request_of(
    app: Flask, signed: list[str], under: str = "/"
) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "method": st.sampled_from(METHODS),
            "path": requests.paths(app, signed, under),
            "query": requests.bodies.map(lambda body: body[:3000]),
            "given": requests.headers,
            "content_type": st.sampled_from(requests.TYPES),
            "body": requests.bodies,
            "peer": peers,
        }
    )


def run(house: House, strategy: st.SearchStrategy[Any], try_one: Callable[[Any], None]) -> None:
    @as_told
    @given(strategy)
    def example(asked: Any) -> None:
        try_one(asked)

    example()


def test_whatever_is_sent_to_any_route_is_answered(house: House, failures: Failures) -> None:
    app = house.app

    def one(asked: dict[str, Any]) -> None:
        check(failures, asked, ask(app, **asked))

    run(house, request_of(app, tokens(house)), one)
    journal_is_whole(house)


def test_whatever_is_typed_into_a_form_is_answered_and_folded(
    house: House, failures: Failures
) -> None:
    """The right path and method, so that what is typed comes through to the journal and on."""
    app = house.app
    doors = ["/gates/guide", "/inquiries", "/newsletter", "/seminars/exits", "/e"]
    doors += [
        f"/{door}/{t}" for door in ("preferences", "unsubscribe", "confirm") for t in tokens(house)
    ]
    strategy = st.fixed_dictionaries(
        {
            "method": st.just("POST"),
            "path": st.sampled_from(doors),
            "query": st.just(b""),
            "given": st.just([("Sec-Fetch-Site", "same-origin")]),
            "content_type": st.sampled_from((*requests.TYPES[:2], "application/json")),
            "body": requests.bodies,
            "peer": peers,
        }
    )

    def one(asked: dict[str, Any]) -> None:
        if asked["path"] == "/e":
            asked = {**asked, "content_type": "application/json"}
        check(failures, asked, ask(app, **asked))

    run(house, strategy, one)
    assert house.context.journal.depth() > 0
    journal_is_whole(house)


def test_whatever_a_provider_signs_is_answered_and_folded(house: House, failures: Failures) -> None:
    app, now = house.app, int(house.clock.now.timestamp())

    def one(told: tuple[str, bytes]) -> None:
        path, body = told
        mac = hmac.digest(SECRET.encode(), body, "sha256")
        signed = [
            ("Sodate-Secret", SECRET),
            ("Sodate-Signature", own.sign(SECRET, now, body)),
            ("X-Line-Signature", base64.b64encode(mac).decode()),
        ]
        kind = "application/json"
        answer = ask(app, "POST", path, b"", signed, kind, body, "192.0.2.9")
        check(failures, {"path": path, "body": body}, answer)
        assert answer[0] in (200, 400, 413), (answer[0], body[:300])

    hooks = st.sampled_from([own.PATH, postmark.PATH, line.PATH])
    run(house, st.tuples(hooks, st.one_of(requests.notices, requests.bodies)), one)
    journal_is_whole(house)


def test_whatever_is_asked_of_the_desk_by_who_is_signed_in_is_answered(
    house: House, failures: Failures
) -> None:
    app = house.app
    make_account(house, EMAIL, Role.ADMIN)
    cookie = ""

    def sign_in() -> str:
        house.context.redis.flushdb()
        browser = Browser(house.browser())
        assert browser.sign_in().status_code == 303
        held = browser.client.get_cookie("sodate_desk")
        assert held is not None
        return f"sodate_desk={held.value}"

    def one(asked: dict[str, Any]) -> None:
        nonlocal cookie
        cookie = cookie or sign_in()
        asked = {**asked, "method": "GET" if asked["method"] != "HEAD" else "HEAD"}
        asked["given"] = [
            pair for pair in asked["given"] if pair[0] not in ("Cookie", "User-Agent")
        ]
        answer = ask(app, **asked, cookie=cookie)
        check(failures, asked, answer)
        assert "/desk/signin" not in answer[1].get("Location", ""), asked

    run(house, request_of(app, tokens(house), "/desk/"), one)


def test_a_long_answer_of_nonsense_is_refused_in_no_time(house: House) -> None:
    """What a regular expression, a decompressor or a recursion could be made to chew on."""
    app = house.app
    heavy = [
        ("GET", "/c/" + "a" * 1_000_000, b"", []),
        ("GET", "/c/." + "eJw" * 100_000, b"", []),
        ("POST", "/e", b"[" * 32_000, []),
        ("POST", "/gates/guide", b"email=" + b"a@" * 30_000, []),
        ("POST", "/gates/guide", b"&".join(b"a=1" for _ in range(15_000)), []),
        ("GET", "/gates/guide", b"", [("User-Agent", "a" * 200_000)]),
        ("GET", "/gates/guide", b"", [("Accept-Language", ",".join(["ja;q=0.1"] * 20_000))]),
        ("GET", "/gates/guide", b"", [("Cookie", "; ".join(f"a{n}=1" for n in range(20_000)))]),
    ]
    for method, path, body, given_headers in heavy:
        began = time.monotonic()
        kind = "application/json" if path == "/e" else "application/x-www-form-urlencoded"
        status, _, answer = ask(app, method, path, b"", given_headers, kind, body, "192.0.2.7")
        assert status < 500, path[:20]
        assert len(answer) < LONGEST_ANSWER
        assert time.monotonic() - began < 5, path[:20]


@pytest.mark.parametrize(
    "name",
    ["..", "a" * 64, "evil example", "evil/example", "[::1", "é.example", "x\r\ny", "a" * 300],
)
def test_a_host_that_is_none_is_refused_in_front_of_everything(house: House, name: str) -> None:
    given_headers = [("Host", name.encode().decode("latin-1"))]
    for path in ("/", "/gates/guide", "/desk/", "/nothing"):
        answer = ask(house.app, "GET", path, b"", given_headers, "", b"", "192.0.2.1")
        assert answer[0] == 400
    for right in ("www.example.jp:8443", "127.0.0.1", "[::1]:8000", "xn--wgv71a.jp", "localhost."):
        assert (
            ask(house.app, "GET", "/gates/guide", b"", [("Host", right)], "", b"", "::1")[0] == 200
        )
