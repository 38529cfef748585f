"""The web server's event loop: what comes at one moment is one commit, and nobody is answered
before it. Everything else is answered in threads, as Flask answers it."""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.conftest import House
from tests.doors.posting import recorded
from tracker.journal import Journal
from tracker.links import Click
from tracker.serving import LARGEST, Serving

VISITOR = "sodate_visitor=" + "a" * 32
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Headers(list[tuple[str, str]]):
    def get(self, name: str) -> str | None:
        return next((text for known, text in self if known == name), None)

    def items(self) -> list[tuple[str, str]]:
        return list(self)

    def __contains__(self, name: object) -> bool:
        return any(known == name for known, _ in self)


@dataclass
class Reader:
    """A request of the web server, and what it was answered."""

    method: str
    path: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | None = None
    client: str = "203.0.113.9:5000"
    leaves_after: int = 1_000_000
    read: int = 0
    status: int | None = None
    told: list[tuple[str, str]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)

    @property
    def scope(self) -> SimpleNamespace:
        headers = Headers([("host", "127.0.0.1:8000"), *self.headers])
        if self.body is not None and headers.get("transfer-encoding") is None:
            headers.append(("content-length", str(len(self.body))))
        path, _, query = self.path.partition("?")
        return SimpleNamespace(
            method=self.method,
            path=path,
            query_string=query,
            scheme="http",
            client=self.client,
            server="127.0.0.1:8000",
            http_version="1.1",
            headers=headers,
        )

    async def __call__(self) -> bytes:
        self.read += len(self.body or b"")
        return self.body or b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body or b""), 65536):
            part = (self.body or b"")[start : start + 65536]
            self.read += len(part)
            yield part

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.told, self.parts = status, headers, [body]

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> "Reader":
        self.status, self.told = status, headers
        return self

    async def send_bytes(self, part: bytes) -> None:
        if len(self.parts) >= self.leaves_after:
            raise RuntimeError("the transport is closed")
        self.parts.append(part)


def serve(app: Any, journal: Journal, *readers: Reader) -> None:
    """All of them at the same moment."""

    async def all_at_once() -> None:
        serving = Serving(app, journal)
        serving.__rsgi_init__(asyncio.get_running_loop())
        await asyncio.gather(*(serving.__rsgi__(one.scope, one) for one in readers))  # type: ignore[arg-type]

    asyncio.run(all_at_once())


def click(house: House, mail: str) -> Reader:
    links = house.context.links
    return Reader("GET", "/c/" + links.sign(Click(mail, 0, "cases/metal/"), house.clock()))


def beacon(view: str) -> Reader:
    told = f'{{"pv":"{view * 16}","page":"articles/why/","events":[{{"n":0,"e":"page_view"}}]}}'
    return Reader("POST", "/e", [("cookie", VISITOR)], told.encode())


@pytest.fixture
def commits(house: House, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each commit wrote."""
    written: list[int] = []
    insert = house.context.journal._insert
    monkeypatch.setattr(
        house.context.journal, "_insert", lambda rows: (written.append(len(rows)), insert(rows))
    )
    return written


def test_what_comes_at_one_moment_is_one_commit(house: House, commits: list[int]) -> None:
    crowd = [*(click(house, f"mail{n}") for n in range(6)), beacon("a"), beacon("b")]
    serve(house.app.wsgi_app, house.context.journal, *crowd)
    assert [one.status for one in crowd] == [302] * 6 + [204] * 2
    assert commits == [8]
    assert {entry.delivery_id or entry.view for entry in recorded(house)} == {
        *(f"mail{n}" for n in range(6)),
        "a" * 16,
        "b" * 16,
    }


def test_nobody_is_answered_before_the_commit(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [click(house, "one"), beacon("a")]
    answered_before: list[int | None] = []
    commit = house.context.journal.commit

    def look(rows: Any) -> None:
        answered_before.extend(one.status for one in crowd)
        commit(rows)

    monkeypatch.setattr(house.context.journal, "commit", look)
    serve(house.app.wsgi_app, house.context.journal, *crowd)
    assert answered_before == [None, None]


def test_while_the_journal_cannot_be_written_clicks_lead_on_and_beacons_are_refused(
    house: House,
) -> None:
    journal = house.context.journal
    journal._db.execute("PRAGMA query_only=1")
    crowd = [click(house, "one"), beacon("a"), click(house, "two")]
    serve(house.app.wsgi_app, journal, *crowd)
    assert [one.status for one in crowd] == [302, 503, 302]
    assert journal.lost == 3
    journal._db.execute("PRAGMA query_only=0")
    crowd = [click(house, "one"), beacon("a")]
    serve(house.app.wsgi_app, journal, *crowd)
    assert [one.status for one in crowd] == [302, 204]
    assert len(recorded(house)) == 2


ASKED: dict[str, Callable[[], Reader]] = {
    "a link that is none": lambda: Reader("GET", "/c/nonsense"),
    "another method": lambda: Reader("POST", "/c/nonsense", FORM_HEADERS, b"a=b"),
    "the first beacon from elsewhere": lambda: Reader(
        "POST", "/e", [("sec-fetch-site", "cross-site")], b"{}"
    ),
    "a beacon that is none": lambda: Reader("POST", "/e", [("cookie", VISITOR)], b"{}"),
    "a beacon too large": lambda: Reader("POST", "/e", [("cookie", VISITOR)], b"x" * 40_000),
    "a beacon without a length": lambda: Reader(
        "POST", "/e", [("cookie", VISITOR), ("transfer-encoding", "chunked")], b"{}"
    ),
    "a form too large": lambda: Reader("POST", "/inquiries", FORM_HEADERS, b"x=" + b"y" * 70_000),
    "a form too large, without a length": lambda: Reader(
        "POST",
        "/inquiries",
        [*FORM_HEADERS, ("transfer-encoding", "chunked")],
        b"x=" + b"y" * 2 * LARGEST,
    ),
    "no page": lambda: Reader("GET", "/unsubscribe/あ?x=%E3%81%82"),
    "a stylesheet": lambda: Reader("GET", "/static/forms.css"),
    "the desk": lambda: Reader("GET", "/desk/", [("cookie", "a=1"), ("cookie", "b=2")]),
    "no name": lambda: Reader("GET", "/healthz", [("x-a", "1"), ("x-a", "2")]),
}
FORM_HEADERS = list(FORM.items())


@pytest.mark.parametrize("asked", ASKED)
def test_the_loop_and_a_thread_answer_alike(house: House, asked: str) -> None:
    reader = ASKED[asked]()
    serve(house.app.wsgi_app, house.context.journal, reader)
    given = {"host": "127.0.0.1:8000"}
    for name, text in reader.headers:
        given[name] = f"{given[name]};{text}" if name in given else text
    environ = EnvironBuilder(
        reader.path,
        method=reader.method,
        headers=given,
        input_stream=io.BytesIO(reader.body or b""),
        content_length=int(reader.scope.headers.get("content-length") or 0) or None,
        content_type=given.get("content-type"),
        environ_base={"REMOTE_ADDR": "203.0.113.9", "wsgi.input_terminated": True},
    ).get_environ()
    body, status, headers = run_wsgi_app(house.app.wsgi_app, environ)
    assert reader.status == int(status[:3])
    assert b"".join(reader.parts) == b"".join(body)
    assert _lasting(reader.told) == _lasting(headers)


def _lasting(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, re.sub(r"\d\d:\d\d:\d\d", "", text)) for name, text in headers]


def test_the_address_behind_proxies_is_the_readers(make_house: Callable[..., House]) -> None:
    house = make_house(proxies=1)
    reader = click(house, "one")
    reader.client = "[::1]:443"
    reader.headers.append(("x-forwarded-for", "198.51.100.7"))
    serve(house.app.wsgi_app, house.context.journal, reader)
    (hit,) = recorded(house)
    assert hit.data["network"] == "198.51.100.0/24"


def test_an_address_of_the_sixth_version_is_cut_too(house: House) -> None:
    reader = click(house, "one")
    reader.client = "[2001:db8:1:2::3]:443"
    serve(house.app.wsgi_app, house.context.journal, reader)
    (hit,) = recorded(house)
    assert hit.data["network"] == "2001:db8:1::/48"


@pytest.mark.parametrize("headers", [[], [("transfer-encoding", "chunked")]])
def test_no_more_is_read_than_any_door_takes(house: House, headers: list[tuple[str, str]]) -> None:
    reader = Reader("POST", "/inquiries", FORM_HEADERS + headers, b"x=" + b"y" * (3 * LARGEST))
    serve(house.app.wsgi_app, house.context.journal, reader)
    assert reader.status in (413, 422)
    assert reader.read <= LARGEST + 65536


@pytest.mark.parametrize("length", [[], [("content-length", "5")]])
@pytest.mark.parametrize(("method", "path"), [("GET", "/c/nonsense"), ("POST", "/e")])
def test_no_crowd_is_taken_in_without_an_end(
    house: House, method: str, path: str, length: list[tuple[str, str]]
) -> None:
    headers = [("cookie", VISITOR), ("transfer-encoding", "chunked"), *length]
    reader = Reader(method, path, headers, b"x" * (3 * LARGEST))
    serve(house.app.wsgi_app, house.context.journal, reader)
    assert reader.status in (404, 413, 422)
    assert reader.read <= LARGEST + 65536


class File:
    """An answer in parts, which says whether it was closed."""

    def __init__(self) -> None:
        self.closed = False
        self._parts = iter([b"x" * 65536] * 10)

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(("leaves_after", "got"), [(1000, 10), (2, 2)])
def test_a_large_answer_goes_out_in_parts_and_ends_where_its_reader_leaves(
    house: House, leaves_after: int, got: int
) -> None:
    file = File()

    def app(_environ: Any, start: Any) -> File:
        start("200 OK", [("Content-Length", "655360")])
        return file

    reader = Reader("GET", "/d/file", leaves_after=leaves_after)
    serve(app, house.context.journal, reader)
    assert (reader.status, len(reader.parts), file.closed) == (200, got, True)


def test_a_link_of_long_ago_is_recorded_as_late(house: House) -> None:
    reader = click(house, "one")
    house.clock.advance(days=house.context.settings.link_days + 2)
    serve(house.app.wsgi_app, house.context.journal, reader)
    (hit,) = recorded(house)
    assert (reader.status, hit.data["late"]) == (302, True)
    assert house.clock() - hit.at < timedelta(seconds=1)
