"""Every page of the shipped site in a browser: its policy, its accessibility, its width."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tracker.catalogue import Catalogue
from tracker.catalogue.live import LiveCatalogue
from tracker.context import Context, keep
from tracker.doors import site
from tracker.settings import Settings

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
VIOLATIONS = """axe.run({resultTypes: ["violations"]}).then(found =>
  found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`))"""
LONG = 60_000
"""Milliseconds a busy machine may need to cut the whole site into words."""
# What the policy refuses is told to the page only; this brings it to the console.
TELL = """addEventListener("securitypolicyviolation", e =>
  console.error("refused by the policy:", e.violatedDirective, e.blockedURI, e.sample))"""


@pytest.fixture(scope="module")
def served(settings: Settings, built: Path) -> Iterator[str]:
    """The built site behind the door of ``./run``, with its headers."""
    app = Flask(__name__)
    app.register_blueprint(site.door)
    app.add_url_rule("/e", "beacon", lambda: ("", 204), methods=["POST"])
    with app.app_context():
        keep(_settings_and_catalogue(settings))
    server = make_server("127.0.0.1", settings.port, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield settings.site_url
    server.shutdown()


def _settings_and_catalogue(settings: Settings) -> Context:
    """The door of the site asks for nothing else."""
    context = object.__new__(Context)
    object.__setattr__(context, "settings", settings)
    object.__setattr__(context, "live", LiveCatalogue(settings.catalogue_path))
    return context


@pytest.fixture
def addresses(settings: Settings, built: Path) -> list[str]:
    urls = [page.url for page in Catalogue.read(settings.catalogue_path).pages]
    assert len(urls) > 30
    return [*sorted(urls), "not-there/"]


@pytest.fixture
def wide(settings: Settings, built: Path) -> set[str]:
    """The address of one page of each sort, and of the page for what is not there."""
    sorts: dict[object, str] = {}
    for page in Catalogue.read(settings.catalogue_path).pages:
        folder = page.path.rpartition("/")[0]
        seminar = page.seminar and bool(page.seminar.recording)
        sorts.setdefault((page.kind, folder, page.url == "", seminar), page.url)
    assert len(sorts) > 12
    return {*sorts.values(), "not-there/"}


def errors_of(page: Page) -> list[str]:
    """What the console complains of from now on, but a page that is meant to be missing."""
    heard: list[str] = []
    page.on(
        "console",
        lambda said: heard.append(said.text) if said.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def refuse_the_record(page: Page) -> None:
    page.get_by_role("button", name="同意しない").click()
    expect(page.locator(".md-consent")).to_be_hidden()


def search(page: Page, words: str) -> None:
    field = page.locator(".md-search__input")
    field.click()
    field.fill(words)
    page.keyboard.press("End")  # as the key that ends a Japanese input; Material listens to keys


def test_no_page_breaks_its_policy_its_width_or_the_rules_of_axe(
    served: str, addresses: list[str], wide: set[str], chromium: Browser
) -> None:
    """Each page is loaded once, on a telephone, and then given a desk's window. What axe finds
    there depends on the template, so it looks at one page of each sort."""
    context = chromium.new_context(viewport=PHONE, reduced_motion="reduce")  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(TELL)
    page.add_init_script(Axe().axe_script)
    heard = errors_of(page)
    wrong: list[str] = []
    for n, address in enumerate(addresses):
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        page.goto(f"{served}/{address}", wait_until="load")
        if n == 0:
            refuse_the_record(page)
        for size in (PHONE, DESK):
            where = f"/{address} ({size['width']}px)"
            page.set_viewport_size(size)  # type: ignore[arg-type]
            too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if too_wide > 0:
                wrong.append(f"{where}: {too_wide}px too wide")
            if size is PHONE or address in wide:
                wrong += [f"{where}: {violation}" for violation in page.evaluate(VIOLATIONS)]
        wrong += [f"/{address}: {told}" for told in heard if "404" not in told]
        heard.clear()
    context.close()
    assert not wrong, "\n".join(wrong)


def test_the_question_for_consent_passes_axe(served: str, chromium: Browser) -> None:
    page = chromium.new_page(viewport=PHONE)  # type: ignore[arg-type]
    page.goto(served)
    expect(page.get_by_role("button", name="同意する", exact=True)).to_be_visible()
    assert [found["id"] for found in Axe().run(page).response["violations"]] == []
    page.close()


def test_under_the_policy_search_finds_and_instant_navigation_keeps_the_page(
    served: str, chromium: Browser
) -> None:
    page = chromium.new_page(viewport=DESK)  # type: ignore[arg-type]
    page.add_init_script(TELL)
    heard = errors_of(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served, wait_until="networkidle")
    assert not [url for url in asked if url.endswith("/search/pages.json")]
    refuse_the_record(page)
    page.evaluate("window.first = true")
    page.get_by_role("link", name="社長の方へ").first.click()
    page.wait_for_url("**/personas/owner/")
    assert page.evaluate("window.first") is True
    search(page, "点数表")
    expect(page.locator(".md-search-result__item").first).to_be_visible(timeout=LONG)
    search(page, "見える化")
    expect(page.locator(".md-search-result__meta")).to_contain_text("件", timeout=LONG)
    assert heard == []
    page.close()


def test_without_javascript_pages_can_be_read_and_nothing_is_asked_or_recorded(
    served: str, chromium: Browser
) -> None:
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served}/articles/cta-placement/")
    expect(page.locator(".md-consent")).to_be_hidden()
    page.locator("label.md-header__button[for=__drawer]").click()
    expect(page.get_by_role("link", name="3分診断").first).to_be_visible()
    page.goto(f"{served}/faq/")
    page.locator("summary").first.click()
    expect(page.locator("details p").first).to_be_visible()
    page.goto(f"{served}/diagnosis/")
    expect(page.get_by_role("button", name="結果を見る")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.goto(f"{served}/articles/cta-placement/")
    page.locator(".sodate-tags a").first.click()
    expect(page.locator("section:target h2")).to_be_visible()
    assert not [url for url in asked if url.endswith("/e")]
    assert context.cookies() == []
    context.close()
