"""The desk in Chromium, over https: its own policy lets through all it needs, its cookie holds."""

import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import make_server

from tests import chromium
from tests.conftest import House
from tests.desk import provider as providers
from tests.desk.conftest import PASSWORD, make_account
from tests.desk.provider import CLIENT, SECRET
from tests.desk.story import Story
from tracker.desk.menu import MENU
from tracker.store.engine import writing
from tracker.words import Role, Stage

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

PATHS = (
    "/desk/",
    "/desk/diagnosis",
    "/desk/reports/",
    "/desk/reports/clicks",
    "/desk/mails",
    "/desk/reports/sales",
    "/desk/clicks",
    "/desk/handoffs",
    "/desk/handoffs?show=mine",
    "/desk/handoffs?show=closed",
    "/desk/handoffs/task",
    "/desk/readers",
    "/desk/readers/taro",
    "/desk/readers/taro/erasure",
    "/desk/readers/nobody",
    "/desk/account",
    "/desk/accounts",
    "/desk/audit",
)


@contextmanager
def over_https(app: Flask, port: int) -> Iterator[None]:
    server = make_server("localhost", port, app, threaded=True, ssl_context="adhoc")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def desk(make_house: Callable[..., House]) -> Iterator[tuple[str, Page]]:
    """Where a desk with one reader and an account of each role is open, and a browser's page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"https://localhost:{port}"
    with providers.running() as provider:
        provider.person = {"email": "marketer@example.jp", "email_verified": True}
        house = make_house(
            base_url=url,
            oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT,
            oidc_client_secret=SECRET,
        )
        for role in Role:
            make_account(house, f"{role.value}@example.jp", role)
        with writing(house.context.engine) as connection:
            story = Story(connection)
            story.reader("taro", name="山田 太郎", stage=Stage.TRUST)
            event_id = story.inquiry("taro", "図面を見てほしいです。")
            story.handoff("task", "taro", event_id=event_id, reasons=[{"rule": "score"}])
        with over_https(house.app, port), chromium.launch() as browser:
            context = browser.new_context(ignore_https_errors=True, locale="ja-JP")
            yield url, context.new_page()
            context.close()


def sign_in(page: Page, url: str, role: Role) -> None:
    page.goto(f"{url}/desk/")
    page.fill("#email", f"{role.value}@example.jp")
    page.fill("#password", PASSWORD)
    page.click("form.card button")
    page.wait_for_url(f"{url}/desk/")


def test_every_page_is_drawn_as_meant_and_keeps_its_own_policy(desk: tuple[str, Page]) -> None:
    url, page = desk
    told: list[str] = []
    page.on("console", lambda message: told.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: told.append(f"{page.url}: {error}"))
    sign_in(page, url, Role.ADMIN)
    assert page.locator("header nav a").count() == len(MENU)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for path in PATHS:
            page.goto(url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            green = page.evaluate(
                "getComputedStyle(document.querySelector('.top')).backgroundColor"
            )
            assert green == "rgb(31, 111, 74)", "the stylesheet was let through"
    assert [line for line in told if "status of 404" not in line] == []
    page.evaluate("document.body.append(Object.assign(document.createElement('script'),"
                  "{textContent: 'window.ran = 1'}))")  # fmt: skip
    assert page.evaluate("window.ran") is None, "no script runs, whoever put it there"


def test_the_cookie_is_bound_to_the_host_and_out_of_scripts_reach(desk: tuple[str, Page]) -> None:
    url, page = desk
    sign_in(page, url, Role.VIEWER)
    (cookie,) = page.context.cookies()
    assert cookie["name"] == "__Host-sodate_desk"
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
    assert page.evaluate("document.cookie") == ""


def test_files_are_taken_along_and_a_reader_is_erased_by_hand(desk: tuple[str, Page]) -> None:
    url, page = desk
    sign_in(page, url, Role.ADMIN)
    page.goto(f"{url}/desk/readers")
    with page.expect_download() as listed:
        page.click("text=CSVで書き出す")
    assert "山田 太郎" in listed.value.path().read_text("utf-8-sig")
    page.click("text=山田 太郎")
    with page.expect_download() as whole:
        page.click("text=記録をすべて書き出す")
    assert "reader.json" in zipfile.ZipFile(whole.value.path()).namelist()
    page.click("text=この読者を消去する")
    page.fill("#address", "taro@example.jp")
    page.click("button:has-text('消去する')")
    page.wait_for_url(f"{url}/desk/readers/taro")
    assert page.locator("text=この読者は消去済みです").is_visible()
    assert page.locator("text=太郎").count() == 0


def test_the_firms_own_sign_in_leads_there_and_back(desk: tuple[str, Page]) -> None:
    url, page = desk
    page.goto(f"{url}/desk/readers?stage=trust")
    page.click("text=会社のアカウントで入る")
    page.wait_for_url(f"{url}/desk/readers?stage=trust")
    assert page.locator("text=marketer@example.jp").is_visible()
    page.click("text=サインアウト")
    page.wait_for_url(f"{url}/desk/signin")
