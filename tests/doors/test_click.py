"""A link in a mail: recorded as it was followed, and led where we signed it to lead, by the front
as by Flask."""

import json
import logging
import re
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from itsdangerous.encoding import base64_encode
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from tests.clicks.traces import CHROME
from tests.conftest import House
from tests.doors.posting import page, recorded, token
from tests.doors.twins import TWINS, answered_by
from tests.faults.disks import full_disk
from tests.walking import become_a_reader, path_in, the_reader
from tracker.clicks.agents import is_program
from tracker.clicks.hits import Hit
from tracker.links import Click, Confirmation, Download, Preferences, Unsubscription
from tracker.words import EventKind, Stage

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

CLICK = Click("aB3_dE-fGh1k", 1, "cases/metal/")
LANDING = "http://localhost/cases/metal/?utm_medium=email"


def led_to(answer: TestResponse) -> str | None:
    """Where a click led, without the key of this one hit."""
    return answer.location and re.sub("&k=[0-9a-f]{32}(?=$|#)", "", answer.location)


@pytest.fixture(params=TWINS)
def twin(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def house(house: House, twin: str) -> House:
    answered_by(house.app, twin)
    return house


def test_a_click_is_recorded_and_redirected(house: House) -> None:
    answer = house.browser().get(f"/c/{token(house, CLICK)}", headers={"User-Agent": CHROME})
    assert (answer.status_code, led_to(answer)) == (302, LANDING)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    (hit,) = recorded(house)
    assert (hit.kind, hit.delivery_id, hit.page) == (
        EventKind.MAIL_CLICK,
        CLICK.delivery_id,
        CLICK.target,
    )
    assert (hit.data["place"], hit.data["ua"]) == (1, CHROME)
    assert hit.data["network"] == "127.0.0.0/24"


ASKED: dict[str, tuple[str, str, dict[str, str]]] = {
    "browser": ("GET", "", {"User-Agent": CHROME, "Sec-Fetch-Mode": "navigate"}),
    "head": ("HEAD", "", {}),
    "query": ("GET", "?url=//evil.example", {"Accept-Language": "ja"}),
    "cookies": ("GET", "", {"Cookie": "sodate_visitor=x; sodate_desk=forged"}),
    "post": ("POST", "", {}),
    "options": ("OPTIONS", "", {}),
    "another token": ("GET", "x", {}),
    "deeper": ("GET", "/deeper", {}),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("target", ["cases/metal/#手順", "https://example.com/資料?a=b&c=d#え"])
def test_the_front_and_flask_send_the_same_bytes(
    make_house: Callable[..., House], asked: str, target: str
) -> None:
    house = make_house(base_url="https://www.example.jp")
    method, more, headers = ASKED[asked]
    path = f"/c/{token(house, Click('d', 0, target))}{more}"
    sent = []
    for application in (house.app.wsgi_app, house.app.wsgi_app.behind):  # type: ignore[attr-defined]
        environ = EnvironBuilder(path, method=method, headers=headers).get_environ()
        body, status, told = run_wsgi_app(application, environ)
        told = [(name, re.sub("k=[0-9a-f]{32}", "k=", value)) for name, value in told]
        sent.append((status, told, b"".join(body)))
    assert sent[0] == sent[1]
    stored = [(entry.kind, entry.page, entry.data) for entry in recorded(house)]
    assert stored[: len(stored) // 2] == stored[len(stored) // 2 :]
    assert len(stored) == (2 if asked in ("browser", "head", "query", "cookies") else 0)


def test_who_does_not_ask_for_the_page_is_redirected_alike_and_held_for_a_machine(
    house: House,
) -> None:
    answer = house.browser().head(f"/c/{token(house, CLICK)}", headers={"User-Agent": CHROME})
    assert (answer.status_code, led_to(answer), answer.data) == (302, LANDING, b"")
    (hit,) = recorded(house)
    assert hit.data["method"] == "HEAD"
    assert is_program(Hit.of(hit.id, hit.at, hit.data))


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("POST", 405), ("DELETE", 405)])
def test_another_method_follows_no_link(house: House, method: str, status: int) -> None:
    answer = house.browser().open(f"/c/{token(house, CLICK)}", method=method)
    assert answer.status_code == status
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answer.location is None
    assert recorded(house) == []


def test_a_late_click_still_leads_on_and_is_marked_late(house: House) -> None:
    made = token(house, CLICK)
    house.clock.advance(days=91)
    assert led_to(house.browser().get(f"/c/{made}")) == LANDING
    assert recorded(house)[0].data["late"] is True


@pytest.mark.parametrize(
    "asked",
    ["?url=//evil.example", "?next=https://evil.example", "?url=%0d%0aSet-Cookie:x", "?url=/\\x"],
)
def test_no_parameter_or_host_changes_where_a_click_leads(house: House, asked: str) -> None:
    answer = house.browser().get(
        f"/c/{token(house, CLICK)}{asked}",
        headers={
            "Host": "evil.example",
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "gopher",
            "X-Forwarded-Prefix": "/evil",
            "Forwarded": "host=evil.example;proto=http",
        },
    )
    assert led_to(answer) == LANDING


def bits_flipped(made: str) -> list[str]:
    return [
        made[:place] + chr(ord(made[place]) ^ 1 << bit) + made[place + 1 :]
        for place in (0, len(made) // 3, len(made) - 2)
        for bit in (0, 3)
    ]


def test_a_token_with_one_bit_changed_opens_nothing(house: House) -> None:
    for spoilt in bits_flipped(token(house, CLICK)):
        assert house.browser().get(f"/c/{spoilt}").status_code == 404
    assert recorded(house) == []


def test_a_link_under_the_signature_of_another_opens_nothing(house: House) -> None:
    mine, other = (token(house, Click("d", n, "cases/metal/")).split(".") for n in (1, 2))
    assert house.browser().get(f"/c/{mine[0]}.{other[1]}").status_code == 404
    assert recorded(house) == []


@pytest.mark.parametrize(
    "link",
    [Unsubscription("d"), Preferences("d"), Confirmation("d", "guide"), Download("d", "guide")],
    ids=lambda link: type(link).__name__,
)
def test_a_link_made_for_something_else_is_no_click(house: House, link: object) -> None:
    answer = house.browser().get(f"/c/{token(house, link)}")
    assert answer.status_code == 404
    assert "このリンクは読み取れませんでした" in page(answer)
    assert recorded(house) == []


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def test_only_one_spelling_of_a_token_is_taken(house: House) -> None:
    made = token(house, CLICK)
    spellings = [made[:-1] + letter for letter in LETTERS]
    spellings += [made + more for more in ("=", "==", "é", "%C3%A9", "%00", "%20", "A", ".")]
    taken = [spelt for spelt in spellings if house.browser().get(f"/c/{spelt}").status_code != 404]
    assert taken == [made]
    assert len(recorded(house)) == 1


@pytest.mark.parametrize(
    "path", ["/c/", "/c", "/c/.", "/c/..", "/c/a.b", "/c/" + "x" * 1_000_000, "/c/日本語"]
)
def test_what_is_no_token_is_not_found(house: House, path: str) -> None:
    assert house.browser().get(path).status_code == 404
    assert recorded(house) == []


@pytest.mark.parametrize("path", ["/c/\xed\xa0\x80", "/c/\xff\xfe", "/c/a\r\nb: c"])
def test_bytes_that_are_no_text_are_not_found(house: House, path: str) -> None:
    environ = EnvironBuilder("/c/x").get_environ()
    environ["PATH_INFO"] = path
    _, status, headers = run_wsgi_app(house.app.wsgi_app, environ)
    assert status.startswith("404")
    assert not any("\r" in value or "\n" in value for _, value in headers)
    assert recorded(house) == []


def test_a_token_cannot_start_a_header_of_its_own(house: House) -> None:
    for made in ("%0d%0aSet-Cookie:%20a=b", f"{token(house, CLICK)}%0d%0aSet-Cookie:%20a=b"):
        answer = house.browser().get(f"/c/{made}")
        assert answer.status_code == 404
        assert "Set-Cookie" not in answer.headers
    assert recorded(house) == []


def test_what_was_compressed_is_refused_before_it_is_unpacked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unpacked(*_: object) -> bytes:
        raise AssertionError("unpacked")

    bomb = "." + base64_encode(zlib.compress(json.dumps("x" * 5_000_000).encode())).decode()
    monkeypatch.setattr(zlib, "decompress", unpacked)
    for made in (bomb, f"{bomb[:300]}.{token(house, CLICK).split('.')[1]}"):
        assert house.browser().get(f"/c/{made}").status_code == 404
    assert recorded(house) == []


def test_a_link_outlives_a_change_of_keys(make_house: Callable[..., House], twin: str) -> None:
    before = make_house(secret_keys="the first key of the house")
    made = token(before, CLICK)
    both = make_house(secret_keys="the first key of the house,the second key of the house")
    answered_by(both.app, twin)
    assert led_to(both.browser().get(f"/c/{made}")) == LANDING
    newer = token(both, CLICK)
    assert before.browser().get(f"/c/{newer}").status_code == 404
    gone = make_house(secret_keys="the second key of the house")
    answered_by(gone.app, twin)
    assert gone.browser().get(f"/c/{made}").status_code == 404
    assert led_to(gone.browser().get(f"/c/{newer}")) == LANDING


def test_of_a_long_name_of_a_browser_the_beginning_is_kept(house: House) -> None:
    headers = {"User-Agent": "x" * 200_000, "Accept-Language": "ja" * 5000}
    headers |= dict.fromkeys(("Sec-Fetch-Mode", "Sec-Purpose"), "navigate" * 100)
    assert house.browser().get(f"/c/{token(house, CLICK)}", headers=headers).status_code == 302
    (hit,) = recorded(house)
    assert len(hit.data["ua"]) == 512
    assert len(hit.to_json()) < 2000


@pytest.mark.parametrize(
    ("proxies", "told", "network"),
    [
        (0, "203.0.113.9", "192.0.2.0/24"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.0/24"),
        (2, "1.2.3.4, 198.51.100.7, 203.0.113.9", "198.51.100.0/24"),
        (1, "2001:db8:1:2::7", "2001:db8:1::/48"),
        (1, "::ffff:203.0.113.9", "203.0.113.0/24"),
        (1, "::1", "::/48"),
        (1, "no address", None),
    ],
)
def test_only_the_proxies_we_trust_tell_who_came(
    make_house: Callable[..., House], twin: str, proxies: int, told: str, network: str | None
) -> None:
    house = make_house(proxies=proxies)
    answered_by(house.app, twin)
    answer = house.browser().get(
        f"/c/{token(house, CLICK)}",
        headers={"X-Forwarded-For": told, "X-Forwarded-Host": "evil.example"},
        environ_overrides={"REMOTE_ADDR": "192.0.2.44"},
    )
    assert led_to(answer) == LANDING
    assert recorded(house)[0].data["network"] == network


def test_a_full_disk_stops_no_click_and_the_loss_is_counted_and_told(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    browser, made = house.browser(), token(house, CLICK)
    journal = house.context.journal
    with full_disk(100_000):
        for _ in range(60):
            assert led_to(browser.get(f"/c/{made}")) == LANDING
    lost = journal.lost
    assert 0 < lost < 60
    assert "lost" in caplog.text
    assert len(recorded(house)) == 60 - lost
    assert led_to(browser.get(f"/c/{made}")) == LANDING  # there is room again
    assert (len(recorded(house)), journal.lost) == (61 - lost, lost)


def test_no_log_holds_a_whole_token(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = token(house, CLICK)
    with full_disk(0):
        house.browser().get(f"/c/{made}")
    house.browser().get(f"/c/{made}x")
    assert "journal" in caplog.text
    assert made[7:] not in caplog.text


@pytest.mark.parametrize("twin", ["front"], indirect=True)
def test_a_thousand_replays_of_a_click_are_worth_no_more_than_one(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    path = path_in(house.postbox.mails[-1], "c")
    house.click(path)
    (hit,) = recorded(house)
    house.work()
    once = the_reader(house).score
    house.context.journal.append([replace(hit, id=f"again{n}") for n in range(1000)])
    house.work()
    assert the_reader(house).score <= once
    assert the_reader(house).stage is Stage.INTEREST
