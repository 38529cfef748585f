"""The main job, walked in a real Chromium through the real house with the project's own content.

An article is read, a whitepaper ordered and fetched, the step mails come, a link is clicked, and
marketing sees it at the desk.
"""

import os
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import launch
from tests.clicks.traces import CHROME
from tests.journeys.running import Running, house
from tests.servers import text_of

DAY_SECONDS = 4.0
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with house(tmp_path_factory.mktemp("house"), DAY_SECONDS) as found:
        yield found


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "house0" / "inbox"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launch() as found:
        yield found


def look(page: Page, name: str) -> None:
    """Keep a picture of the page at both widths, where ``PICTURES`` names a folder."""
    folder = os.environ.get("PICTURES")
    if not folder:
        return
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})


def mails_to(inbox: Path, address: str) -> list[EmailMessage]:
    """The mails in the local inbox to one address, in the order of their sending."""
    found = []
    for path in (inbox / "new").glob("*"):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert isinstance(message, EmailMessage)
        if message["To"] == address:
            found.append((message["X-Envelope-Arrived"] or "", path.stat().st_mtime_ns, message))
    return [message for *_, message in sorted(found, key=lambda f: f[1])]


def wait_for(told: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not told():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def clicks_at_the_desk(page: Page) -> int:
    """How many people the report says followed a link of the step mails."""
    page.reload()
    return sum(
        int(cell.inner_text().split()[0]) for cell in page.locator("[data-label=押した人]").all()
    )


def order(page: Page, url: str, address: str) -> None:
    """Fill in the gate of the first whitepaper and send it."""
    page.goto(f"{url}/resources/nurturing-starter/")
    page.get_by_label("お名前").fill("山田 太郎")
    page.get_by_label("会社名").fill("山田製作所")
    page.get_by_label("メールアドレス").fill(address)
    page.locator("input[name=consent]").check()
    page.get_by_role("button", name="ガイドを受け取る").click()


def test_the_main_job_end_to_end(
    running: Running, inbox: Path, browser: Browser, tmp_path: Path
) -> None:
    address = "taro@example.jp"
    reader = browser.new_context(locale="ja-JP", accept_downloads=True, user_agent=CHROME)
    page = reader.new_page()
    foreign: list[str] = []
    page.on("request", lambda r: foreign.append(r.url) if not r.url.startswith((running.url, "data:")) else None)  # fmt: skip

    # 1. An article of the first stage, read to its CTA.
    page.goto(f"{running.url}/articles/why-no-inquiries/")
    expect(page.locator("article").get_by_text("認知").first).to_be_visible()
    look(page, "1-article-consent")
    page.get_by_role("button", name="同意").first.click()
    for heading in page.locator("article h2").all():
        heading.scroll_into_view_if_needed()
        page.wait_for_timeout(150)
    cta = page.locator("[data-cta]").first
    cta.scroll_into_view_if_needed()
    page.wait_for_timeout(1300)
    look(page, "1-article")
    cta.get_by_role("link").last.click()
    page.wait_for_url("**/resources/nurturing-starter/")

    # 2. The gate. A bad address comes back with the words still there.
    look(page, "2-resource")
    page.get_by_label("お名前").fill("山田 太郎")
    page.get_by_label("会社名").fill("山田製作所")
    page.get_by_label("メールアドレス").fill("taro..yamada@docomo.ne.jp")
    page.locator("input[name=consent]").check()
    page.get_by_role("button", name="ガイドを受け取る").click()
    expect(page.get_by_text("「.」が続くアドレス").first).to_be_visible()
    expect(page.get_by_label("お名前")).to_have_value("山田 太郎")
    look(page, "2-error")
    page.get_by_label("メールアドレス").fill(address)
    page.wait_for_timeout(2100)  # what a person takes at least: faster ones are asked again
    page.get_by_role("button", name="ガイドを受け取る").click()
    expect(page.get_by_role("heading", name="メールをお送りしました")).to_be_visible()
    look(page, "2-thanks")

    # 3. The mail, in the inbox, and the page behind its link.
    wait_for(lambda: len(mails_to(inbox, address)) == 1, 20)
    page.goto(f"{running.url}/inbox/")
    look(page, "3-inbox")
    page.get_by_role("link", name="【資料のお届け】").first.click()
    look(page, "3-mail")
    page.frame_locator("iframe").first.get_by_role("link", name="資料を受け取る").click()
    page.wait_for_url("**/confirm/**")
    look(page, "3-confirm")
    with page.expect_download() as started:
        page.get_by_role("button", name="確認して資料を受け取る").click()
    pdf = tmp_path / "guide.pdf"
    started.value.save_as(pdf)
    assert pdf.read_bytes().startswith(b"%PDF")
    expect(page.get_by_role("heading", name="確認できました")).to_be_visible()
    look(page, "3-confirmed")
    assert "whitepapers" not in page.content()
    assert page.request.get(f"{running.url}/whitepapers/nurturing-starter.pdf").status == 404

    # 4. The steps of the stage come in order; a click is answered 302 and recorded.
    wait_for(lambda: len(mails_to(inbox, address)) == 3, 5 * DAY_SECONDS + 20)
    opened = next(w for w in text_of(mails_to(inbox, address)[2]).split() if "/c/" in w)
    with page.expect_response(lambda r: "/c/" in r.url) as redirected:
        page.goto(opened)
    assert redirected.value.status == 302
    assert page.url.startswith(f"{running.url}/")
    assert "/c/" not in page.url
    wait_for(lambda: len(mails_to(inbox, address)) == 5, 5 * DAY_SECONDS + 20)
    steps = mails_to(inbox, address)[1:]
    assert [m["Feedback-ID"].split(":")[:1] for m in steps] == [["interest"]] * 4
    assert all("/c/" in text_of(m) and "/unsubscribe/" in text_of(m) for m in steps)
    page.goto(f"{running.url}/inbox/")
    look(page, "4-inbox")

    # 5. The desk: the first account by the one-time link, then the reports.
    marketer = browser.new_context(locale="ja-JP").new_page()
    marketer.goto(running.invitation)
    look(marketer, "5-join")
    marketer.get_by_label("メールアドレス").fill("marketing@example.jp")
    for field in marketer.locator("input[type=password]").all():
        field.fill(PASSWORD)
    marketer.locator("form button").first.click()
    marketer.goto(f"{running.url}/desk/")
    expect(marketer.get_by_text("山田製作所").first).to_be_visible()
    expect(marketer.get_by_text("関心").first).to_be_visible()
    wait_for(lambda: clicks_at_the_desk(marketer) >= 1, 60)
    look(marketer, "5-stages")
    marketer.get_by_role("link", name="山田 太郎").first.click()
    look(marketer, "5-reader")
    marketer.goto(f"{running.url}/desk/diagnosis")
    look(marketer, "5-diagnosis")
    expect(marketer.get_by_text("3か所").first).to_be_visible()

    # Marketing gets the diagnosis by mail, weekly.
    wait_for(lambda: len(mails_to(inbox, "marketing@example.jp")) >= 1, 8 * DAY_SECONDS + 20)
    assert foreign == []


def test_who_goes_out_gets_nothing_more(running: Running, inbox: Path, browser: Browser) -> None:
    address = "hanako@example.jp"
    page = browser.new_context(locale="ja-JP", java_script_enabled=False).new_page()
    order(page, running.url, address)
    expect(page.get_by_role("heading", name="メールをお送りしました")).to_be_visible()
    wait_for(lambda: len(mails_to(inbox, address)) == 1, 20)
    confirm = next(w for w in text_of(mails_to(inbox, address)[0]).split() if "/confirm/" in w)
    page.goto(confirm)
    page.get_by_role("button", name="確認して資料を受け取る").click()
    wait_for(lambda: len(mails_to(inbox, address)) == 2, 3 * DAY_SECONDS + 20)
    way_out = next(w for w in text_of(mails_to(inbox, address)[1]).split() if "/unsubscribe/" in w)
    page.goto(way_out)
    look(page, "6-unsubscribe")
    page.get_by_role("button", name="配信を停止する").click()
    expect(page.get_by_role("heading", name="配信を停止しました")).to_be_visible()
    time.sleep(4 * DAY_SECONDS)
    assert len(mails_to(inbox, address)) == 2
