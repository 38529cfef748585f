"""The readers' forms and the tracker's own pages in a real browser, with and without JavaScript:
the built site and the tracker behind one address."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from tracker.app import create_app
from tracker.context import context
from tracker.journal import Entry
from tracker.links import Confirmation, Unsubscription
from tracker.settings import Settings
from tracker.store.engine import upgrade
from tracker.words import EventKind

GATE = "/resources/cta-checklist/"
PERSON = 2100
"""Milliseconds: what a person takes at least before a form is sent."""


@dataclass
class Site:
    """The site with its tracker: where it answers, and what it recorded."""

    app: Flask
    url: str

    def recorded(self, kind: EventKind) -> list[Entry]:
        with self.app.app_context():
            entries = [entry for _, entry in context().journal.oldest(1000)]
        return [entry for entry in entries if entry.kind is kind]

    def token(self, link: Confirmation | Unsubscription) -> str:
        with self.app.app_context():
            return context().links.sign(link, datetime.now(UTC))


@pytest.fixture(scope="module")
def site(built: Path, settings: Settings) -> Iterator[Site]:
    upgrade(settings.store_url)
    app = create_app(settings)
    server = make_server(settings.host, settings.port, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Site(app, settings.site_url)
    finally:
        server.shutdown()
        server.server_close()
        with app.app_context():
            context().journal.close()
            context().engine.dispose()


@pytest.fixture
def reader(chromium: Browser) -> Iterator[BrowserContext]:
    found = chromium.new_context(locale="ja-JP", viewport={"width": 1000, "height": 900})
    found.add_init_script("localStorage.setItem('/.__consent', '{}')")
    yield found
    found.close()


@pytest.fixture
def page(reader: BrowserContext) -> Iterator[Page]:
    found = reader.new_page()
    faults: list[str] = []
    found.on("pageerror", lambda error: faults.append(str(error)))
    yield found
    assert faults == []


def fill(page: Page, email: str = "taro@example.jp") -> None:
    page.get_by_label("お名前").fill("山田 太郎")
    page.get_by_label("会社名").fill("山田製作所")
    page.get_by_label("メールアドレス").fill(email)


def send(page: Page) -> None:
    page.locator(".sodate-form [type=submit]").click()


def test_what_is_wrong_is_said_beside_the_field_before_anything_is_sent(
    site: Site, page: Page
) -> None:
    page.goto(site.url + GATE)
    page.get_by_label("会社名").fill("山田製作所")
    send(page)
    name, address = page.get_by_label("お名前"), page.get_by_label("メールアドレス")
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description("お名前を入力してください")
    expect(page.get_by_role("alert")).to_contain_text("2か所をご確認ください")
    page.get_by_role("alert").get_by_role("link", name="メールアドレス").click()
    expect(address).to_be_focused()
    name.fill("山田 太郎")
    expect(name).not_to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description("")
    expect(page.get_by_label("会社名")).to_have_value("山田製作所")
    assert page.url == site.url + GATE


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("taro", "「@」を入れて入力してください"),
        ("a@b.jp,c@d.jp", "メールアドレスは1つだけ"),
        ("taro..y@docomo.ne.jp", "「.」が続くアドレス"),
        ("taro@example", "形が正しくないようです"),
        ("ｔａｒｏ＠example.jp", ""),
    ],
)
def test_an_address_is_judged_as_it_is_left_and_as_the_tracker_would(
    site: Site, page: Page, typed: str, told: str
) -> None:
    page.goto(site.url + GATE)
    address = page.get_by_label("メールアドレス")
    address.fill(typed)
    page.get_by_label("お名前").focus()
    if told:
        expect(page.locator("#gate-cta-checklist-email-error")).to_contain_text(told)
    else:
        expect(address).not_to_have_attribute("aria-invalid", "true")


def test_a_form_filled_in_by_a_person_goes_through(site: Site, page: Page) -> None:
    before = len(site.recorded(EventKind.GATE_SUBMIT))
    page.goto(site.url + GATE)
    fill(page)
    page.wait_for_timeout(PERSON)
    send(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("メールをお送りしました")
    assert len(site.recorded(EventKind.GATE_SUBMIT)) == before + 1


def test_a_form_sent_in_no_time_is_asked_for_again_with_its_words(site: Site, page: Page) -> None:
    before = len(site.recorded(EventKind.GATE_SUBMIT))
    page.goto(site.url + GATE)
    fill(page, "hayai@example.jp")
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("もう一度送信してください")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("お名前")).to_have_value("山田 太郎")
    assert len(site.recorded(EventKind.GATE_SUBMIT)) == before
    send(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("メールをお送りしました")


def test_a_second_press_sends_nothing_more(site: Site, page: Page) -> None:
    posts: list[str] = []
    page.on("request", lambda r: posts.append(r.url) if r.method == "POST" else None)
    page.goto(site.url + GATE)
    fill(page, "nido@example.jp")
    page.wait_for_timeout(PERSON)
    page.evaluate(
        "for (const n of [1, 2]) document.querySelector('.sodate-form [type=submit]').click()"
    )
    expect(page.get_by_role("heading", level=1)).to_contain_text("メールをお送りしました")
    assert len(posts) == 1


def test_a_readers_details_are_kept_only_when_they_ask_for_it_and_go_when_they_say_so(
    site: Site, page: Page
) -> None:
    stored = "Object.keys(localStorage).filter(key => key.startsWith('sodate'))"
    page.goto(site.url + GATE)
    keep = page.get_by_label("次からの入力を省く（この端末に保存）")
    expect(keep).not_to_be_checked()
    fill(page)
    page.wait_for_timeout(PERSON)
    send(page)
    page.wait_for_url("**/thanks")
    assert page.evaluate(stored) == []

    page.goto(site.url + GATE)
    fill(page)
    keep.check()
    page.wait_for_timeout(PERSON)
    send(page)
    page.wait_for_url("**/thanks")
    assert page.evaluate(stored) == ["sodate.reader"]

    page.goto(site.url + "/inquiry/")
    expect(page.get_by_label("会社名")).to_have_value("山田製作所")
    expect(page.get_by_text("この端末に保存した内容を入れました")).to_be_visible()
    assert "consent" not in page.evaluate("localStorage.getItem('sodate.reader')")
    page.get_by_role("button", name="保存した内容を消す").click()
    expect(page.get_by_label("会社名")).to_have_value("")
    expect(keep).to_be_visible()
    assert page.evaluate(stored) == []


def test_instant_navigation_brings_a_form_with_its_script(site: Site, page: Page) -> None:
    page.goto(site.url + "/articles/cta-placement/")
    assert page.locator("script[src*=sodate-forms]").count() == 0
    page.evaluate("window.sameDocument = true")
    page.click("[data-cta=checklist-in-cta-placement] a")
    page.wait_for_url("**" + GATE)
    expect(page.get_by_label("次からの入力を省く（この端末に保存）")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True


def answer(page: Page, option: int) -> None:
    page.locator(".sodate-question:visible input").nth(option).check()
    send(page)


def test_the_questions_come_one_at_a_time_by_keyboard_and_stay_answered_over_a_reload(
    site: Site, page: Page
) -> None:
    before = len(site.recorded(EventKind.DIAGNOSIS))
    page.goto(site.url + "/diagnosis/")
    visible = page.locator(".sodate-question:visible")
    expect(visible).to_have_count(1)
    send(page)
    expect(page.get_by_text("ひとつ選んでください")).to_be_visible()
    expect(visible).to_contain_text("1 / 10")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(visible).to_contain_text("2 / 10")
    expect(visible.locator("input").first).to_be_focused()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "2")
    answer(page, 0)
    page.reload()
    expect(visible).to_contain_text("3 / 10")
    page.get_by_role("button", name="前の質問へ戻る").click()
    expect(visible.locator("input").nth(0)).to_be_checked()
    for _ in range(9):
        answer(page, 0)
    page.wait_for_url("**/diagnoses/result/**")
    (taken,) = site.recorded(EventKind.DIAGNOSIS)[before:]
    assert list(taken.data["answers"].values()) == [1] + [0] * 9


def test_without_a_script_the_questions_come_one_at_a_time_from_the_tracker(
    site: Site, chromium: Browser
) -> None:
    before = len(site.recorded(EventKind.DIAGNOSIS))
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(site.url + "/diagnosis/")
    expect(page.locator(".sodate-question:visible")).to_have_count(10)
    page.get_by_role("link", name="1問ずつ答える").click()
    for number in range(1, 11):
        expect(page.locator(".sodate-question")).to_contain_text(f"{number} / 10")
        answer(page, number % 3)
        if number == 4:
            page.go_back()
            expect(page.locator(".sodate-question")).to_contain_text("4 / 10")
            answer(page, number % 3)
    expect(page.get_by_role("img", name="レーダー図")).to_be_visible()
    (taken,) = site.recorded(EventKind.DIAGNOSIS)[before:]
    assert list(taken.data["answers"].values()) == [n % 3 for n in range(1, 11)]


def test_the_result_offers_to_print_itself(site: Site, page: Page) -> None:
    page.goto(site.url + "/diagnosis/")
    page.evaluate("window.print = () => { document.title = 'printed' }")
    for _ in range(10):
        answer(page, 3)
    page.wait_for_url("**/diagnoses/result/**")
    page.evaluate("window.print = () => { document.title = 'printed' }")
    page.get_by_role("button", name="この結果を印刷する").click()
    assert page.title() == "printed"
    page.emulate_media(media="print")
    expect(page.locator(".radar")).to_be_visible()
    expect(page.locator(".sodate-form")).to_be_hidden()


def _wrong_gate(site: Site, page: Page) -> None:
    page.goto(site.url + "/gates/cta-checklist")
    with page.expect_navigation():
        page.evaluate("HTMLFormElement.prototype.submit.call(document.querySelector('form'))")


def _result(site: Site, page: Page) -> None:
    page.goto(site.url + "/diagnosis/")
    for _ in range(10):
        answer(page, 1)
    page.wait_for_url("**/diagnoses/result/**")


def _at(path: str) -> Callable[[Site, Page], None]:
    return lambda site, page: void(page.goto(site.url + path))


def void(_: object) -> None:
    """A page was opened; what it answered is looked at in the page."""


PAGES: dict[str, Callable[[Site, Page], None]] = {
    "resource": _at(GATE),
    "form that came back": _wrong_gate,
    "diagnosis": _at("/diagnosis/"),
    "step": _at("/diagnoses/site-diagnosis/steps/1"),
    "result": _result,
    "inquiry": _at("/inquiry/"),
    "inquired": _at("/inquiries/thanks"),
    "thanks": _at("/gates/cta-checklist/thanks"),
    "confirm": lambda site, page: void(
        page.goto(f"{site.url}/confirm/{site.token(Confirmation('d', 'cta-checklist'))}")
    ),
    "unsubscribe": lambda site, page: void(
        page.goto(f"{site.url}/unsubscribe/{site.token(Unsubscription('d'))}")
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_readers_page_is_accessible_and_fits_both_windows(
    site: Site, page: Page, name: str
) -> None:
    PAGES[name](site, page)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for _ in range(3):  # what ends may begin something else
            page.evaluate(
                "Promise.allSettled(document.getAnimations().map(a => a.finished)).then(() => {})"
            )
        found = Axe().run(page).response["violations"]
        assert [(v["id"], [node["target"] for node in v["nodes"]]) for v in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
