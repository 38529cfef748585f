"""At an address of before stands a page that leads on, and nothing else knows of it."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.catalogue.small_site import changed, write_site
from tracker.publishing.build import build_site
from tracker.settings import Settings

GOOD = "site/pages/articles/good.md"
INDEX = "site/pages/index.md"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("moved")
    files = {
        **changed(
            GOOD, "stage: awareness\n", "stage: awareness\naliases: [/old/, /blog/記事.html]\n"
        ),
        **changed(INDEX, "kind: page\n", "kind: page\naliases: [/top/]\n"),
    }
    settings = Settings(
        root=write_site(folder, files), data=folder / "var", base_url="https://media.example.jp/"
    )
    assert build_site(settings) == []
    return settings


def test_it_names_the_page_of_today_and_asks_for_no_script(small: Settings) -> None:
    text = (small.built_site / "old/index.html").read_text(encoding="utf-8")
    assert '<link rel="canonical" href="https://media.example.jp/articles/good/">' in text
    assert '<meta name="robots" content="noindex">' in text
    assert '<noscript><meta http-equiv="refresh" content="0; url=../articles/good/">' in text
    assert '<a href="../articles/good/">' in text
    assert (small.built_site / "blog/記事.html").is_file()


def test_neither_the_sitemap_nor_the_search_knows_it(small: Settings) -> None:
    site = small.built_site
    for file in ("sitemap.xml", *(p.relative_to(site).as_posix() for p in site.glob("search/*"))):
        text = (site / file).read_text(encoding="utf-8")
        assert "old/" not in text
        assert "blog/" not in text
    assert "articles/good/" in (site / "sitemap.xml").read_text(encoding="utf-8")


def test_a_browser_is_led_on_with_what_the_address_asks_for(
    small: Settings, chromium: Browser
) -> None:
    site = small.built_site.resolve()
    policy = json.loads(small.site_headers.read_text(encoding="utf-8"))
    context = chromium.new_context()
    page = context.new_page()

    def serve(path: str) -> Path:
        return site / (f"{path}index.html" if path.endswith("/") or not path else path)

    context.route(
        "https://media.example.jp/**",
        lambda route: route.fulfill(
            body=serve(route.request.url.split("/", 3)[3].partition("?")[0]).read_bytes()
            if route.request.resource_type == "document"
            else b"",
            content_type="text/html; charset=utf-8",
            headers=policy,
        ),
    )
    for before, now in (
        ("old/?utm_medium=mail#始まり", "articles/good/?utm_medium=mail#"),
        ("top/", ""),
    ):
        page.goto(f"https://media.example.jp/{before}")
        page.wait_for_url(f"https://media.example.jp/{now}**")
        assert page.locator("article").count() == 1
    context.close()


def test_it_never_takes_the_place_of_what_the_build_makes(tmp_path: Path) -> None:
    files = changed(GOOD, "stage: awareness\n", "stage: awareness\naliases: [/404.html]\n")
    settings = Settings(root=write_site(tmp_path, files), data=tmp_path / "var")
    (problem,) = build_site(settings)
    assert "aliases「/404.html」には、すでにほかのページかファイルがあります" in problem.message
