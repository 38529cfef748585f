"""What the beacon tells: recorded as far as it makes sense, from readers who agreed, by the front
as by Flask."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from tests.conftest import NOW, House
from tests.doors.posting import recorded
from tests.doors.twins import TWINS, answered_by
from tests.faults.disks import full_disk
from tracker.limits import Window
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

PV = "0123456789abcdef"
VISITOR = "0123456789abcdef0123456789abcdef"


@pytest.fixture(params=TWINS)
def twin(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def house(house: House, twin: str) -> House:
    answered_by(house.app, twin)
    return house


def known(house: House) -> FlaskClient:
    """A browser that came before: the front answers it, a new one goes on to Flask."""
    browser = house.browser()
    browser.set_cookie("sodate_visitor", VISITOR)
    return browser


def told(**changes: Any) -> str:
    return json.dumps(
        {
            "pv": PV,
            "page": "articles/why/",
            "events": [
                {"n": 0, "e": "page_view", "ref": "search"},
                {"n": 1, "e": "section", "id": "対策", "i": 2},
                {"n": 2, "e": "cta_seen", "cta": "guide-in-why"},
                {"n": 3, "e": "cta_click", "cta": "guide-in-why"},
                {"n": 4, "e": "page_end", "active_ms": 5000, "dwell_ms": 9000, "done": True},
            ],
            **changes,
        }
    )


def beacon(house: House, **changes: Any) -> TestResponse:
    return known(house).post("/e", data=told(**changes), content_type="text/plain")


def test_a_beacon_is_recorded_event_by_event(house: House) -> None:
    answer = beacon(house)
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Set-Cookie" not in answer.headers
    entries = recorded(house)
    assert [e.id for e in entries] == [f"{PV}:{n}" for n in range(5)]
    assert {e.visitor for e in entries} == {VISITOR}
    assert (entries[1].section, entries[2].cta) == (2, "guide-in-why")
    assert {(e.page, e.view) for e in entries} == {("articles/why/", PV)}


def test_a_new_visitor_gets_an_id_that_no_script_reads(house: House) -> None:
    browser = house.browser()
    cookie = browser.post("/e", data=told()).headers["Set-Cookie"]
    assert cookie.startswith("sodate_visitor=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Set-Cookie" not in browser.post("/e", data=told(pv="f" * 16)).headers
    assert len({e.visitor for e in recorded(house)}) == 1


@pytest.mark.parametrize("shown", ["x", "'; DROP TABLE", "é" * 32, "0" * 31, "0" * 33, ""])
def test_a_visitor_id_that_we_did_not_give_is_replaced(house: House, shown: str) -> None:
    answer = house.browser().post(
        "/e", data=told(), headers={"Cookie": f"sodate_visitor={shown}".encode().decode("latin-1")}
    )
    assert answer.headers["Set-Cookie"].startswith("sodate_visitor=")
    assert {len(e.visitor or "") for e in recorded(house)} == {32}
    assert shown not in {e.visitor for e in recorded(house)}


ASKED: dict[str, tuple[str, str, dict[str, str]]] = {
    "good": ("POST", told(), {}),
    "from a script": ("POST", told(), {"Sec-Fetch-Site": "same-origin"}),
    "of another site": ("POST", told(), {"Sec-Fetch-Site": "cross-site"}),
    "of a foreign origin": ("POST", told(), {"Origin": "https://evil.example"}),
    "of our origin": ("POST", told(), {"Origin": "https://www.example.jp"}),
    "objecting": ("POST", told(), {"Sec-GPC": "1"}),
    "new": ("POST", told(), {"Cookie": "other=1", "DNT": "1"}),
    "nonsense": ("POST", "{", {}),
    "empty": ("POST", "", {}),
    "of an unknown page": ("POST", told(page="x/"), {}),
    "too large": ("POST", told(x="x" * 40_000), {}),
    "got": ("GET", "", {}),
    "preflight": ("OPTIONS", "", {"Access-Control-Request-Method": "POST"}),
}


@pytest.mark.parametrize("asked", ASKED)
def test_the_front_and_flask_send_the_same_bytes(
    make_house: Callable[..., House], asked: str
) -> None:
    house = make_house(base_url="https://www.example.jp")
    method, body, headers = ASKED[asked]
    headers = {"Cookie": f"sodate_visitor={VISITOR}", **headers}
    sent, stored = [], []
    for application in (house.app.wsgi_app, house.app.wsgi_app.behind):  # type: ignore[attr-defined]
        environ = EnvironBuilder("/e", method=method, data=body, headers=headers).get_environ()
        parts, status, answered = run_wsgi_app(application, environ)
        sent.append((status, list(answered), b"".join(parts)))
        stored.append(recorded(house))
        if stored[-1]:
            house.context.journal.forget(house.context.journal.oldest(100)[-1][0])
    assert sent[0] == sent[1]
    assert stored[0] == stored[1]


def test_a_beacon_sent_twice_is_one(house: House) -> None:
    beacon(house)
    beacon(house)
    assert len(recorded(house)) == 5


def test_a_beacon_folded_before_it_is_sent_again_is_one(house: House) -> None:
    from tests.test_fold import in_the_log

    for _ in range(2):
        beacon(house)
        house.fold()
    assert in_the_log(house) == [f"{PV}:{n}" for n in range(5)]


def test_the_trackers_clock_tells_the_time_and_not_the_browsers(house: House) -> None:
    for n, stamp in enumerate(("1970-01-01T00:00:00Z", 4_102_444_800_000, -1)):
        beacon(
            house,
            pv=f"{n:016x}",
            at=stamp,
            time=stamp,
            events=[{"n": 0, "e": "page_view", "at": stamp, "ts": stamp}],
        )
    assert {e.at for e in recorded(house)} == {NOW}
    house.clock.advance(days=-400)
    beacon(house, pv="e" * 16)
    assert recorded(house)[-1].at == NOW - timedelta(days=400)


def test_nobody_becomes_a_reader_by_saying_so(house: House) -> None:
    from tests.walking import become_a_reader, the_reader

    become_a_reader(house)
    forged = {"reader": the_reader(house).id, "reader_id": the_reader(house).id}
    assert beacon(house, **forged, delivery_id="d", person={"email": "x@example.jp"}).status_code
    (entry, *_) = recorded(house)
    assert (entry.person, entry.delivery_id, entry.data) == ({}, None, {"ref": "search"})
    assert the_reader(house).id not in entry.to_json()
    assert entry.visitor == VISITOR


FIELD = {"n": 1, "e": "gate_field", "gate": "guide"}


def test_how_far_a_form_was_filled_in_is_recorded_by_names_only(house: House) -> None:
    events = [
        {"n": 0, "e": "gate_open", "gate": "guide"},
        {**FIELD, "n": 1, "field": "name", "value": "山田"},
        {**FIELD, "n": 2, "field": "consent"},
    ]
    assert beacon(house, page="resources/guide/", events=events).status_code == 204
    entries = recorded(house)
    assert [(e.kind, e.gate, e.data) for e in entries] == [
        (EventKind.GATE_OPEN, "guide", {}),
        (EventKind.GATE_FIELD, "guide", {"field": "name"}),
        (EventKind.GATE_FIELD, "guide", {"field": "consent"}),
    ]
    assert "山田" not in "".join(entry.to_json() for entry in entries)


@pytest.mark.parametrize(
    ("page", "event", "kept"),
    [
        ("diagnosis/", {"gate": "diagnosis:site-diagnosis", "field": "q1"}, True),
        ("inquiry/", {"gate": "inquiry", "field": "message"}, True),
        ("resources/guide/", {"gate": "guide", "field": "website"}, False),
        ("resources/guide/", {"gate": "guide", "field": "山田太郎"}, False),
        ("resources/guide/", {"gate": "another", "field": "name"}, False),
        ("articles/why/", {"gate": "guide", "field": "name"}, False),
    ],
    ids=str,
)
def test_only_the_forms_and_fields_of_the_page_itself_are_recorded(
    house: House, page: str, event: dict[str, str], kept: bool
) -> None:
    assert beacon(house, page=page, events=[{**FIELD, **event}]).status_code == 204
    assert len(recorded(house)) == kept


END = {"n": 0, "e": "page_end", "active_ms": 1, "dwell_ms": 1, "done": True}
OUT_OF_BOUNDS: list[dict[str, Any]] = [
    *({**END, name: value} for name in ("active_ms", "dwell_ms") for value in (
        -1, 1e308, "12", 10**9, float("nan"), float("inf"), float("-inf"), None, [1], 1.5, True
    )),
    {**END, "done": "yes"},
    {"n": -1, "e": "page_view"},
    {"n": 10**9, "e": "page_view"},
    {"n": "0", "e": "page_view"},
    {"n": 0, "e": "purchase"},
    {"n": 0, "e": "mail_click"},
    {"n": 0, "e": "page_view", "ref": "<script>"},
    {"n": 0, "e": "cta_seen", "cta": "x" * 1000},
    {"n": 0, "e": "section", "id": ["a"]},
    {"n": 0, "e": "section", "id": "x" * 100_00},
    {"n": 0, "e": "gate_field", "gate": "guide"},
    {"n": 0, "e": "gate_open", "gate": "x" * 1000},
    {"n": 0, "e": "video_progress", "video": "v", "percent": 101},
    {"n": 0, "e": "page_view", "ref": {"$ne": 1}},
]  # fmt: skip


def test_a_beacon_out_of_bounds_is_refused_whole(house: House) -> None:
    good = {"n": 9, "e": "page_view"}
    for event in OUT_OF_BOUNDS:
        assert beacon(house, events=[good, event]).status_code == 422, event
    assert recorded(house) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"\\ud800"',
        b"\xff\xfe",
        b"[" * 10_000,
        b'{"a":' * 5_000,
        b'{"pv":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"pv":"\\ud800"}',
        told(page="\ud800").encode(),
        told(events=[{"n": 0, "e": "section", "id": "\ud800"}]).encode(),
        told().encode("utf-16"),
        told(page="資料").encode("shift_jis", "replace"),
        told(pv="../../etc").encode(),
        told(events=[{"n": 0, "e": "page_view"}] * 101).encode(),
    ],
    ids=lambda b: repr(b[:24]),
)
def test_a_beacon_that_is_none_is_refused_and_breaks_nothing(house: House, body: bytes) -> None:
    for browser in (known(house), house.browser()):
        assert browser.post("/e", data=body).status_code in (204, 422)
    assert recorded(house) == []


@pytest.mark.parametrize("size", [40_000, 100_000, 10_000_000])
def test_a_beacon_too_large_is_refused(house: House, size: int) -> None:
    for browser in (known(house), house.browser()):
        assert browser.post("/e", data=b"x" * size).status_code == 413
    assert recorded(house) == []


def test_a_beacon_of_unknown_length_is_read_no_further_than_its_limit(house: House) -> None:
    environ = EnvironBuilder("/e", method="POST").get_environ()
    environ.pop("CONTENT_LENGTH", None)
    body = BytesIO(b"x" * 1_000_000)
    environ |= {
        "HTTP_COOKIE": f"sodate_visitor={VISITOR}",
        "wsgi.input": body,
        "wsgi.input_terminated": True,
    }
    assert run_wsgi_app(house.app.wsgi_app, environ)[1][:3] in ("413", "422")
    assert body.tell() <= 100_000
    assert recorded(house) == []


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_a_browser_that_objects_is_not_recorded(house: House, header: str) -> None:
    for browser in (known(house), house.browser()):
        answer = browser.post("/e", data=told(), headers={header: "1"})
        assert answer.status_code == 204
        assert "Set-Cookie" not in answer.headers
    assert recorded(house) == []


def test_who_took_the_agreement_back_is_no_longer_the_same_visitor(house: House) -> None:
    browser = known(house)
    browser.post("/e", data=told())
    assert browser.post("/consent/withdraw").status_code == 204
    assert browser.get_cookie("sodate_visitor") is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost"}, 204),
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
    ],
    ids=str,
)
def test_only_our_own_pages_send_beacons(
    house: House, headers: dict[str, str], status: int
) -> None:
    for browser in (known(house), house.browser()):
        answer = browser.post("/e", data=told(), content_type="text/plain", headers=headers)
        assert answer.status_code == status
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert bool(recorded(house)) == (status == 204)


def test_a_beacon_of_an_unknown_page_section_or_cta_adds_nothing(house: House) -> None:
    for n in range(50):
        assert beacon(house, page=f"nowhere/{n}").status_code == 204
    strange = [{"n": 0, "e": "section", "id": "x"}, {"n": 1, "e": "cta_seen", "cta": "x"}]
    assert beacon(house, events=strange).status_code == 204
    assert recorded(house) == []


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "x" * 30_000, "\u202eeht", "\x00"])
def test_what_a_beacon_says_of_its_page_is_stored_in_our_words_only(
    house: House, text: str
) -> None:
    said = {"title": text, "utm_source": text, "referrer": text, "path": text}
    events = [
        {"n": 0, "e": "page_view", "ref": "search", **said},
        {"n": 1, "e": "section", "id": "対策", **said},
    ]
    assert beacon(house, events=events[:1] if len(text) > 9_000 else events, **said).status_code in (204, 413)  # fmt: skip
    assert beacon(house, page=text[:500]).status_code == 204
    for entry in recorded(house):
        assert text not in entry.to_json()
        assert len(entry.to_json()) < 1000


def test_a_full_disk_is_told_and_the_beacon_taken_once_there_is_room(house: House) -> None:
    browser = known(house)
    with full_disk(0):
        answer = browser.post("/e", data=told())
        assert (answer.status_code, answer.data) == (503, b"")
    assert house.context.journal.lost == 5
    assert recorded(house) == []
    assert browser.post("/e", data=told()).status_code == 204
    assert len(recorded(house)) == 5


def test_of_a_crowd_from_one_network_no_more_is_recorded_than_is_taken_a_minute(
    house: House,
) -> None:
    house.context.limits.beacons = Window(2)
    browser = known(house)
    statuses = [browser.post("/e", data=told(pv=f"{n:016x}")).status_code for n in range(4)]
    assert statuses == [204, 204, 429, 429]
    assert len({entry.view for entry in recorded(house)}) == 2
    elsewhere = browser.post(
        "/e", data=told(pv="f" * 16), environ_overrides={"REMOTE_ADDR": "203.0.113.9"}
    )
    assert elsewhere.status_code == 204
