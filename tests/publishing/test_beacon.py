"""The beacon in a real browser, its posts taken by a real server."""

import functools
import gzip
import json
import sys
import threading
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tracker.catalogue import Catalogue
from tracker.settings import Settings

ARTICLE = "articles/cta-placement/"
AGREED = '{"reading":true}'


@dataclass
class Served:
    """The built site at its own address, and what was posted to ``/e``."""

    url: str
    posts: list[dict[str, Any]] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    withdrawals: list[str] = field(default_factory=list)
    slow: float = 0.0

    @property
    def events(self) -> list[dict[str, Any]]:
        return [
            {**event, "pv": post["pv"], "page": post["page"]}
            for post in self.posts
            for event in post["events"]
        ]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["e"] == kind]

    def wait_for(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 5
        while len(self.of(kind)) < count:
            assert time.monotonic() < deadline, f"no {kind} among {self.events}"
            time.sleep(0.02)
        return self.of(kind)


@pytest.fixture
def served(built: Path, settings: Settings) -> Iterator[Served]:
    found = Served(settings.site_url)

    class Handler(SimpleHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(found.slow)
            if self.path == "/consent/withdraw":
                found.withdrawals.append(body.decode())
            if self.path == "/e":
                found.types.append(self.headers["Content-Type"])
                found.posts.append(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            if not isinstance(sys.exc_info()[1], ConnectionError):  # a browser that went on
                super().handle_error(request, client_address)

    handler = functools.partial(Handler, directory=str(built))
    server = Server((settings.host, settings.port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def open_page(
    chromium: Browser, *, consent: str | None = AGREED, script: str = "", height: int = 800
) -> Page:
    """A page of a new visitor who answered ``consent`` before (``None``: was not asked yet)."""
    page = chromium.new_context(viewport={"width": 1000, "height": height}).new_page()
    if consent is not None:
        page.add_init_script(f"localStorage.setItem('/.__consent', '{consent}')")
    if script:
        page.add_init_script(script)
    return page


def read_to_the_end(page: Page) -> None:
    """Look at each part of the page for clearly longer than the second the beacon asks for."""
    bottom = page.evaluate("document.documentElement.scrollHeight - innerHeight")
    step = page.evaluate("innerHeight") * 0.8
    at = 0.0
    while True:
        page.mouse.wheel(0, step)
        page.wait_for_timeout(1400)
        at = page.evaluate("scrollY")
        if at >= bottom - 2:
            return


def test_sections_ctas_and_the_end_are_told_to_a_server_the_reader_agreed_to(
    chromium: Browser, served: Served, settings: Settings
) -> None:
    page = open_page(chromium, height=1600)
    page.goto(served.url + "/" + ARTICLE)
    page.wait_for_timeout(1100)
    read_to_the_end(page)
    page.goto("about:blank")
    end = served.wait_for("page_end")[-1]
    source = Catalogue.read(settings.catalogue_path).page_at(ARTICLE)
    assert source is not None
    assert {e["page"] for e in served.events} == {ARTICLE}
    assert [e["ref"] for e in served.of("page_view")] == ["direct"]
    assert {e["id"] for e in served.of("section")} == {section.id for section in source.sections}
    assert {e["cta"] for e in served.of("cta_seen")} == {cta.id for cta in source.ctas}
    assert end["done"] is True
    assert 1000 < end["active_ms"] <= end["dwell_ms"]
    assert [e["n"] for e in served.events] == list(range(len(served.events)))
    assert set(served.types) == {"text/plain;charset=UTF-8"}


def test_what_only_flashed_by_does_not_count_as_read(chromium: Browser, served: Served) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/" + ARTICLE)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.wait_for_timeout(200)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1200)
    page.goto("about:blank")
    end = served.wait_for("page_end")[-1]
    assert end["done"] is False
    assert served.of("cta_seen") == []
    assert len(served.of("section")) <= 1


def test_a_click_on_a_cta_is_told_at_once_and_the_next_page_is_a_view_of_its_own(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/" + ARTICLE)
    page.evaluate("window.sameDocument = true")
    page.click("[data-cta=checklist-in-cta-placement] a")
    click = served.wait_for("cta_click")[0]
    assert click["cta"] == "checklist-in-cta-placement"
    page.wait_for_url("**/resources/cta-checklist/")
    page.wait_for_timeout(300)
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    first, second = served.wait_for("page_view", 2)
    assert page.evaluate("window.sameDocument") is True, "instant navigation loads no new document"
    assert first["pv"] == click["pv"] != second["pv"]
    assert (second["page"], second["ref"], second["n"]) == (
        "resources/cta-checklist/",
        "internal",
        0,
    )
    assert {e["pv"] for e in served.of("page_end")} == {first["pv"], second["pv"]}


@pytest.mark.parametrize(
    ("consent", "script"),
    [
        (None, ""),
        ("{}", ""),
        (AGREED, "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})"),
        (AGREED, "Object.defineProperty(navigator, 'doNotTrack', {get: () => '1'})"),
    ],
    ids=["not asked", "refused", "gpc", "dnt"],
)
def test_nothing_is_sent(
    chromium: Browser, served: Served, consent: str | None, script: str
) -> None:
    page = open_page(chromium, consent=consent, script=script)
    page.goto(served.url + "/" + ARTICLE)
    page.mouse.wheel(0, 900)
    page.wait_for_timeout(1200)
    page.evaluate("document.querySelector('[data-cta] a').click()")
    page.wait_for_timeout(300)
    page.goto("about:blank")
    page.wait_for_timeout(300)
    assert served.posts == []
    assert page.context.cookies() == []


def test_agreeing_begins_a_view_and_tells_nothing_of_before(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium, consent=None)
    page.goto(served.url + "/" + ARTICLE)
    page.evaluate("document.querySelector('h3[id]').scrollIntoView()")
    page.wait_for_timeout(1200)
    page.evaluate("scrollTo(0, 0)")
    with page.expect_navigation():
        page.get_by_role("button", name="同意する").click()
    assert page.evaluate("localStorage.getItem('/.__consent')") == AGREED
    page.wait_for_timeout(200)
    page.goto("about:blank")
    served.wait_for("page_end")
    assert len(served.of("page_view")) == 1
    assert served.of("section") == []


def test_refusing_is_kept_and_can_be_changed_from_the_footer(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium, consent=None)
    page.goto(served.url + "/")
    with page.expect_navigation():
        page.get_by_role("button", name="同意しない").click()
    assert page.evaluate("localStorage.getItem('/.__consent')") == "{}"
    page.wait_for_timeout(500)
    assert not page.get_by_role("button", name="同意する").is_visible()
    page.get_by_role("link", name="閲覧の記録の設定").click()
    page.get_by_role("button", name="同意する").wait_for(state="visible")


@pytest.mark.parametrize(
    ("referrer", "query", "kind"),
    [
        ("https://www.google.com/", "", "search"),
        ("https://t.co/abc", "", "social"),
        ("https://blog.example.com/post", "", "referral"),
        ("https://www.google.com/", "?utm_medium=email", "mail"),
    ],
)
def test_where_a_reader_came_from_is_told_as_a_kind_only(
    chromium: Browser, served: Served, referrer: str, query: str, kind: str
) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/about/" + query, referer=referrer)
    page.goto("about:blank")
    assert served.wait_for("page_view")[0]["ref"] == kind
    assert "example.com" not in json.dumps(served.posts)


def test_a_page_restored_by_the_back_button_is_a_new_view(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/about/")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.goto("about:blank")
    first, second = served.wait_for("page_view", 2)
    assert first["pv"] != second["pv"]


def test_a_view_left_twice_tells_its_growing_figures_under_new_numbers(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/about/")
    hide = """state => {
      Object.defineProperty(document, 'hidden', {get: () => state === 'hidden', configurable: true})
      document.dispatchEvent(new Event('visibilitychange'))
    }"""
    page.wait_for_timeout(300)
    page.evaluate(hide, "hidden")
    page.wait_for_timeout(700)
    page.evaluate(hide, "visible")
    page.wait_for_timeout(300)
    page.evaluate(hide, "hidden")
    first, second = served.wait_for("page_end", 2)
    assert first["pv"] == second["pv"]
    assert first["n"] < second["n"]
    assert second["dwell_ms"] >= first["dwell_ms"] + 900
    assert second["active_ms"] - first["active_ms"] < 700, "the hidden time is not active"
    page.goto("about:blank")
    page.wait_for_timeout(200)
    assert len(served.of("page_end")) == 2, "nothing new to tell"


def test_the_beacon_is_smaller_than_two_thousand_bytes(built: Path) -> None:
    script = (built / "assets/javascripts/sodate-beacon.js").read_bytes()
    assert len(gzip.compress(script, 9)) < 2000


def test_a_jump_within_the_page_begins_no_new_view(chromium: Browser, served: Served) -> None:
    page = open_page(chromium)
    page.set_viewport_size({"width": 1400, "height": 900})
    page.goto(served.url + "/" + ARTICLE)
    for place in (1, 2):
        page.locator(".md-nav--secondary a").nth(place).click()
        page.wait_for_timeout(300)
    page.goto("about:blank")
    served.wait_for("page_end")
    assert len(served.of("page_view")) == 1


def test_a_cta_seen_again_is_seen_once(chromium: Browser, served: Served) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/" + ARTICLE)
    for _ in range(2):
        page.evaluate("document.querySelector('[data-cta]').scrollIntoView({block: 'center'})")
        page.wait_for_timeout(1200)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(200)
    page.goto("about:blank")
    served.wait_for("page_end")
    assert len(served.of("cta_seen")) == 1


def test_a_click_on_a_cta_leads_on_while_the_server_is_slow(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/" + ARTICLE)
    served.slow = 3.0
    begun = time.monotonic()
    page.click("[data-cta=checklist-in-cta-placement] a")
    page.wait_for_url("**/resources/cta-checklist/")
    page.get_by_role("heading", level=1, name="点検表").wait_for()
    assert time.monotonic() - begun < 2.5
    served.wait_for("cta_click")


FORM = "resources/cta-checklist/"


def test_a_form_is_opened_by_looking_at_it_and_its_fields_are_told_once_by_name(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/" + FORM)
    page.locator(".sodate-form").scroll_into_view_if_needed()
    page.wait_for_timeout(1300)
    for words in ("山田 太郎", "山田 次郎"):
        page.get_by_label("お名前").fill(words)
        page.get_by_label("会社名").focus()
    page.get_by_label("メールアドレス").focus()
    page.locator("input[name=consent]").check()
    page.goto("about:blank")
    served.wait_for("page_end")
    assert [e["gate"] for e in served.of("gate_open")] == ["cta-checklist"]
    assert [e["field"] for e in served.of("gate_field")] == ["name", "consent"]
    assert "山田" not in json.dumps(served.posts, ensure_ascii=False)


def test_a_form_is_opened_by_stepping_into_it(chromium: Browser, served: Served) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/" + FORM)
    page.get_by_label("お名前").focus()
    page.goto("about:blank")
    served.wait_for("page_end")
    assert [e["gate"] for e in served.of("gate_open")] == ["cta-checklist"]


def test_a_form_higher_than_the_window_is_opened_by_half_a_window_of_it(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium, height=300)
    page.goto(served.url + "/" + FORM)
    page.evaluate(
        "scrollTo(0, document.querySelector('.sodate-form').getBoundingClientRect().top - 100)"
    )
    page.wait_for_timeout(1300)
    page.goto("about:blank")
    served.wait_for("page_end")
    assert len(served.of("gate_open")) == 1


def test_a_form_scrolled_past_was_not_opened(chromium: Browser, served: Served) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/" + FORM)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.wait_for_timeout(300)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1200)
    page.goto("about:blank")
    served.wait_for("page_end")
    assert served.of("gate_open") == []


@pytest.fixture
def tone(built: Path) -> Iterator[None]:
    """Forty seconds of silence at ``/tone.wav``; the built site is others' too, and goes back."""
    path = built / "tone.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 8000 * 40)
    yield
    path.unlink()


@pytest.mark.usefixtures("tone")
def test_a_video_is_told_by_the_quarters_that_were_played(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/about/")
    page.evaluate(
        """async () => {
          const video = document.createElement("video")
          const tone = await (await fetch("/tone.wav")).blob()
          video.src = URL.createObjectURL(tone)  // so that it can be jumped about in
          video.muted = true
          video.dataset.video = "tour"
          document.querySelector("article").append(video)
          video.playbackRate = 16
          await video.play()
          await new Promise(done => setTimeout(done, 1100))
          video.pause()
          video.currentTime = 38  // a jump is not played
          await video.play()
          await new Promise(done => video.onended = done)
        }"""
    )
    page.goto("about:blank")
    served.wait_for("page_end")
    told = [(e["video"], e["percent"]) for e in served.of("video_progress")]
    assert ("tour", 25) in told
    assert ("tour", 75) not in told


def test_taking_the_consent_back_tells_the_server_and_drops_what_was_gathered(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium, consent=None)
    page.goto(served.url + "/about/")
    with page.expect_navigation():
        page.get_by_role("button", name="同意する").click()
    page.wait_for_timeout(300)
    page.get_by_role("link", name="閲覧の記録の設定").click()
    page.wait_for_timeout(500)
    served.posts.clear()
    with page.expect_navigation():
        page.get_by_role("button", name="同意しない").click()
    page.wait_for_timeout(500)
    page.goto("about:blank")
    page.wait_for_timeout(300)
    assert served.withdrawals == [""]
    assert served.posts == []


def test_refusing_at_first_has_nothing_to_take_back(chromium: Browser, served: Served) -> None:
    page = open_page(chromium, consent=None)
    page.goto(served.url + "/about/")
    with page.expect_navigation():
        page.get_by_role("button", name="同意しない").click()
    page.wait_for_timeout(300)
    assert served.withdrawals == []


def test_a_consent_taken_back_in_another_tab_is_obeyed_here(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/about/")
    page.evaluate("localStorage.setItem('/.__consent', '{}')")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    page.wait_for_timeout(300)
    assert served.posts == []


def test_no_page_of_the_site_asks_another_server_or_stumbles(
    chromium: Browser, served: Served, settings: Settings
) -> None:
    page = open_page(chromium)
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    for path in (
        "",
        ARTICLE,
        "resources/nurturing-starter/#form",
        "diagnosis/",
        "inquiry/#form",
        "no/such/",
    ):
        page.goto(f"{served.url}/{path}")
        page.wait_for_timeout(150)
    own = (settings.site_url, "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert faults == []


def test_a_japanese_word_of_a_title_finds_its_page(chromium: Browser, served: Served) -> None:
    page = open_page(chromium)
    page.goto(served.url + "/")
    found = page.locator(".md-search-result__item")
    for word in (
        "見込み客",
        "置き場所",
        "取りこぼし",
        "ステップメール",
        "リードナーチャリング",
        "品質データ",
        "見える化",
    ):
        for query in ("", word):  # nothing of the word before is left
            page.fill("[name=query]", query)
            page.press("[name=query]", "End")
            if not query:
                expect(found).to_have_count(0)
        expect(found.first).to_contain_text(word, timeout=60_000)


KEY = "0123456789abcdef0123456789abcdef"


def test_a_click_in_a_mail_names_the_view_it_led_to_once_and_leaves_the_address_bar(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium)
    page.goto(f"{served.url}/about/?utm_medium=email&k={KEY}#contact")
    assert page.evaluate("location.href") == f"{served.url}/about/#contact"
    page.reload()
    page.goto("about:blank")
    first, second = served.wait_for("page_view", 2)
    assert (first["pv"], first["ref"], first["n"]) == (KEY, "mail", 0)
    assert second["pv"] != KEY
    assert len(second["pv"]) == 16


@pytest.mark.parametrize("key", ["0123", KEY.upper(), f"{KEY}0", "%27%3E%3Cscript%3E"])
def test_what_is_no_key_names_no_view(chromium: Browser, served: Served, key: str) -> None:
    page = open_page(chromium)
    page.goto(f"{served.url}/about/?utm_medium=email&k={key}")
    page.goto("about:blank")
    (seen,) = served.wait_for("page_view")
    assert len(seen["pv"]) == 16


def test_who_did_not_agree_hands_no_key_on_and_tells_nothing(
    chromium: Browser, served: Served
) -> None:
    page = open_page(chromium, consent=None)
    page.goto(f"{served.url}/about/?utm_medium=email&k={KEY}")
    assert page.evaluate("location.href") == f"{served.url}/about/"
    page.goto("about:blank")
    page.wait_for_timeout(200)
    assert served.posts == []
