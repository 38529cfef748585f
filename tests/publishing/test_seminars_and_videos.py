"""Seminars, videos and the newsletter on the built pages."""

from datetime import UTC, datetime, timedelta

import markdown
import pytest
from playwright.sync_api import Browser, expect

from tests.content import catalogue
from tests.more_content import JOIN, NEWSLETTER_PAGE, VIDEO_PAGE, seminar, seminar_page
from tracker.catalogue import Catalogue
from tracker.catalogue.pages import Page
from tracker.publishing.assets import FORMS, minified

BEGINS = seminar().begins.astimezone(UTC)
ENDS = seminar().ends.astimezone(UTC)


def site(*pages: Page) -> Catalogue:
    small = catalogue()
    return small.model_copy(update={"pages": (*small.pages, *pages)})


def render(text: str, now: datetime, *pages: Page) -> str:
    options = {"catalogue": site(*pages), "now": now}
    return markdown.markdown(
        text,
        extensions=["tracker.publishing.blocks"],
        extension_configs={"tracker.publishing.blocks": options},
    )


SEMINAR = "/// seminar | exits\n///\n"


def test_a_seminar_to_come_shows_when_where_for_how_many_and_the_form() -> None:
    html = render(SEMINAR, BEGINS - timedelta(days=1), seminar_page())
    assert (
        '<time datetime="2026-11-09T14:00:00+09:00">2026年11月9日（月）14:00〜15:30（日本時間）'
        in html
    )
    assert "2名" in html
    assert 'action="/seminars/exits"' in html
    assert 'href="/seminars/exits.ics"' in html
    assert 'id="form"' in html
    assert JOIN not in html


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (BEGINS, "この勉強会は始まりました。"),
        (ENDS - timedelta(seconds=1), "この勉強会は始まりました。"),
        (ENDS, "この勉強会は終わりました。"),
    ],
)
def test_from_its_beginning_there_is_no_form_and_the_page_says_so(now: datetime, told: str) -> None:
    html = render(SEMINAR, now, seminar_page())
    assert told in html
    assert "<form" not in html
    assert ".ics" not in html
    assert 'id="form"' in html


def test_once_it_is_over_the_page_leads_to_the_recording() -> None:
    page = seminar_page(recording="/videos/stages.md")
    html = render(SEMINAR, ENDS, page, VIDEO_PAGE)
    assert 'href="/videos/stages.md"' in html
    assert "録画を見る" in html


@pytest.mark.parametrize("begun", [False, True])
def test_a_seminar_that_began_after_the_build_takes_no_more_places(
    begun: bool, chromium: Browser
) -> None:
    page = chromium.new_page()
    try:
        page.clock.set_fixed_time(BEGINS if begun else BEGINS - timedelta(seconds=1))
        page.set_content(render(SEMINAR, BEGINS - timedelta(days=9), seminar_page()))
        page.add_script_tag(content=minified(FORMS))
        expect(page.locator("form [type=submit]")).to_be_visible(visible=not begun)
        expect(page.get_by_text("お申し込みは締め切りました")).to_be_visible(visible=begun)
    finally:
        page.close()


def test_the_lists_have_the_next_seminar_first_and_the_last_one_first() -> None:
    pages = [
        seminar_page(id=f"on-{day}", starts=datetime(2026, 11, day, 14, 0))  # noqa: DTZ001
        for day in (12, 3, 20, 5)
    ]

    def listed(which: str) -> list[str]:
        html = render(f"/// seminars | {which}\n///\n", BEGINS, *pages)
        return [part.partition(".md")[0] for part in html.split("/seminars/")[1:]]

    assert listed("upcoming") == ["on-12", "on-20"]
    assert listed("past") == ["on-5", "on-3"]


def test_without_a_seminar_to_come_the_list_says_so() -> None:
    html = render("/// seminars | upcoming\n///\n", ENDS, seminar_page())
    assert "いま、日程の決まっている回はありません。" in html


VIDEO = "/// video | stages\n\n**はじめ**の言葉。\n\nおわり。\n///\n"


def test_a_video_is_the_sites_own_with_captions_and_its_transcript_below() -> None:
    html = render(VIDEO, BEGINS, VIDEO_PAGE)
    video = html[html.index("<video") : html.index("</video>")]
    assert 'preload="none"' in video
    assert 'data-video="stages"' in video
    assert '<source src="/videos/stages.mp4" type="video/mp4">' in video
    assert '<track kind="captions" srclang="ja"' in video
    assert 'src="/videos/stages.vtt"' in video
    assert "http" not in html
    transcript = html[html.index("<details") : html.index("</details>")]
    assert "<p><strong>はじめ</strong>の言葉。</p>" in transcript
    assert html.index("</video>") < html.index("<details")
    assert html.count("おわり。") == 1


def test_a_video_still_to_come_says_so() -> None:
    page = VIDEO_PAGE.model_copy(
        update={"video": VIDEO_PAGE.video.model_copy(update={"file": None})}  # type: ignore[union-attr]
    )
    html = render(VIDEO, BEGINS, page)
    assert "<video" not in html
    assert "動画は準備中です" in html


def test_the_newsletters_box_must_be_ticked() -> None:
    html = render("/// newsletter | monthly\n///\n", BEGINS, NEWSLETTER_PAGE)
    assert 'action="/newsletter"' in html
    box = html[html.index('type="checkbox"') :].partition(">")[0]
    assert " required" in box
    assert "月刊ためしを受け取ります。" in html
