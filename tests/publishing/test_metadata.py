"""What the built site tells machines: structured data, sitemap, feed, robots, headers."""

import json
import re
import xml.etree.ElementTree as etree
from datetime import datetime
from pathlib import Path
from typing import Any

from tests import content
from tests.catalogue.small_site import write_site
from tracker.catalogue import Catalogue
from tracker.publishing import feed, policy, structured
from tracker.publishing.build import build_site
from tracker.settings import Settings
from tracker.words import PageKind, Stage

SITE = "https://www.example.jp/"
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def things(built: Path, url: str) -> list[dict[str, Any]]:
    html = (built / url / "index.html").read_text(encoding="utf-8")
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    return [json.loads(text) for text in found]


def types(built: Path, url: str) -> list[str]:
    return [thing["@type"] for thing in things(built, url)]


def test_every_kind_of_page_says_what_it_is(built: Path) -> None:
    assert types(built, "") == ["WebSite", "Organization"]
    assert types(built, "about/") == ["BreadcrumbList", "Organization"]
    assert types(built, "articles/cta-placement/") == ["BreadcrumbList", "Article"]
    assert types(built, "stages/trust/") == ["BreadcrumbList", "CollectionPage"]
    assert types(built, "personas/sales/") == ["BreadcrumbList", "CollectionPage"]
    assert types(built, "faq/") == ["BreadcrumbList", "FAQPage"]
    assert types(built, "seminars/exit-check-2026-12/") == ["BreadcrumbList", "Event"]
    assert types(built, "videos/four-stages/") == ["BreadcrumbList", "VideoObject"]


def test_an_article_names_its_headline_its_day_and_the_firm(built: Path) -> None:
    article = things(built, "articles/cta-placement/")[1]
    assert article["headline"] == "CTAの置き場所：「記事の最後」だけでは届かない理由"
    assert article["datePublished"] == "2026-10-28"
    assert article["author"]["name"] == "株式会社そだて舎"
    assert article["publisher"]["@type"] == "Organization"
    assert article["image"].endswith("/assets/images/og.png")


def test_a_seminar_is_an_event_with_its_hours_in_its_zone(built: Path) -> None:
    event = things(built, "seminars/exit-check-2026-12/")[1]
    assert event["startDate"] == "2026-12-10T14:00:00+09:00"
    assert event["endDate"] == "2026-12-10T15:30:00+09:00"
    assert event["location"]["@type"] == "VirtualLocation"
    assert "meet.sodatesha" not in json.dumps(event)


def test_the_breadcrumbs_lead_over_the_stage(built: Path, settings: Settings) -> None:
    trail = things(built, "articles/cta-placement/")[0]["itemListElement"]
    assert [step["item"].removeprefix(settings.site_url) for step in trail] == [
        "/",
        "/stages/understanding/",
        "/articles/cta-placement/",
    ]
    assert [step["position"] for step in trail] == [1, 2, 3]


def test_questions_and_answers_are_those_a_reader_sees() -> None:
    html = (
        '<details class="sodate-faq"><summary>A &amp; B？</summary>\n<p>はい。<a href="x">例</a>\n'
        "です。</p><details><summary>中</summary>奥</details></details>"
        "<details><summary>別</summary>もの</details>"
    )
    assert structured.questions(html) == [("A & B？", "はい。例 です。中奥")]


def test_every_page_can_be_shared(built: Path, settings: Settings) -> None:
    for page in Catalogue.read(settings.catalogue_path).pages:
        html = (built / page.url / "index.html").read_text(encoding="utf-8")
        address = f"{settings.site_url}/{page.url}"
        assert f'<link rel="canonical" href="{address}">' in html, page.path
        assert f'<meta property="og:url" content="{address}">' in html, page.path
        assert '<meta name="twitter:card" content="summary_large_image">' in html
        assert re.search(r'<meta name="description" content="[^"]{10,}">', html), page.path
        assert page.url == "" or things(built, page.url), page.path
    assert (built / "assets/images/og.png").exists()


def test_the_sitemap_holds_every_page_and_nothing_else(built: Path, settings: Settings) -> None:
    root = etree.parse(built / "sitemap.xml").getroot()
    named = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    pages = Catalogue.read(settings.catalogue_path).pages
    assert sorted(loc.text or "" for loc in root.iterfind("s:url/s:loc", named)) == sorted(
        f"{settings.site_url}/{page.url}" for page in pages
    )
    days = [day.text or "" for day in root.iterfind("s:url/s:lastmod", named)]
    assert len(days) == len([page for page in pages if page.published])
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in days)


def test_robots_may_read_the_site_but_not_what_stands_behind_personal_links(
    built: Path, settings: Settings
) -> None:
    robots = (built / "robots.txt").read_text()
    assert f"Sitemap: {settings.site_url}/sitemap.xml" in robots
    assert "Disallow: /unsubscribe/" in robots
    assert "Disallow: /\n" not in robots


def test_the_feed_holds_the_newest_articles_with_absolute_links_and_whole_dates(
    built: Path, settings: Settings
) -> None:
    root = etree.parse(built / "feed.xml").getroot()
    entries = root.findall("a:entry", ATOM)
    assert 10 < len(entries) <= feed.LONGEST
    moments = [datetime.fromisoformat(entry.findtext("a:published", "", ATOM)) for entry in entries]
    assert moments == sorted(moments, reverse=True)
    assert all(moment.utcoffset() is not None for moment in moments)
    for entry in entries:
        link = entry.find("a:link", ATOM)
        assert link is not None
        assert link.get("href", "").startswith(f"{settings.site_url}/")
    assert root.findtext("a:updated", "", ATOM) == entries[0].findtext("a:updated", "", ATOM)
    home = (built / "index.html").read_text(encoding="utf-8")
    assert '<link rel="alternate" type="application/atom+xml"' in home


def test_a_title_with_markup_is_text_in_the_feed() -> None:
    odd = content.page(
        "articles/odd.md", PageKind.ARTICLE, Stage.TRUST, "<b>A & B</b> ]]> 「表」", tags=("a<b",)
    )
    catalogue = content.catalogue(pages=(odd,))
    told = feed.feed(
        catalogue, site=SITE, title="題", about="", zone=Settings(tz="Asia/Tokyo").zone
    )
    assert told is not None
    root = etree.fromstring(told)
    assert root.findtext("a:entry/a:title", "", ATOM) == odd.title
    assert root.findtext("a:entry/a:published", "", ATOM) == "2026-11-01T09:00:00+09:00"


def test_a_site_without_dated_articles_has_no_feed(tmp_path: Path) -> None:
    undated = content.page("a.md", PageKind.ARTICLE, Stage.TRUST, "a", published=None)
    catalogue = content.catalogue(pages=(undated,))
    zone = Settings(tz="Asia/Tokyo").zone
    assert feed.feed(catalogue, site=SITE, title="題", about="", zone=zone) is None


def test_the_editors_own_robots_txt_stays(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"site/pages/robots.txt": "User-agent: *\nDisallow: /\n"})
    settings = Settings(root=root, data=tmp_path / "var")
    assert build_site(settings) == []
    assert (settings.built_site / "robots.txt").read_text() == "User-agent: *\nDisallow: /\n"


def test_data_and_loaded_files_are_no_inline_scripts() -> None:
    html = (
        '<script>one</script><script src="x.js"></script><SCRIPT type=module>two</SCRIPT>'
        '<script type="application/ld+json">{}</script><script id="__config" type="application/json">'
        "{}</script>"
    )
    assert policy.inline_scripts(html) == {"one", "two"}


def test_the_policy_names_every_inline_script_by_its_hash(built: Path, settings: Settings) -> None:
    headers = json.loads(settings.site_headers.read_text())
    told = headers["Content-Security-Policy"]
    assert "unsafe" not in told
    assert 1 <= told.count("'sha256-") <= 4
    assert told in settings.site_headers.with_suffix(".caddy").read_text()
