"""Seminars, a newsletter and a video, for tests whose catalogue has them."""

from datetime import datetime

from tests.conftest import House
from tests.content import catalogue, page
from tracker.catalogue.firm import Consent
from tracker.catalogue.newsletters import Newsletter
from tracker.catalogue.pages import Page
from tracker.catalogue.seminars import Seminar
from tracker.catalogue.videos import Video
from tracker.words import PageKind, Stage

NEWSLETTER = Newsletter(
    id="monthly",
    consent=Consent(version="news-1", mail="月刊ためしを受け取ります。"),
    welcome="ようこそ。月に1回お届けします。",
)
JOIN = "https://meet.example.jp/secret-room"


def seminar(**changes: object) -> Seminar:
    """A week after ``tests.conftest.NOW``: Monday, 14:00 to 15:30 in Tokyo."""
    return Seminar.model_validate(
        {
            "id": "exits",
            "starts": datetime(2026, 11, 9, 14, 0),  # noqa: DTZ001 - local time of its zone
            "minutes": 90,
            "capacity": 2,
            "place": "オンライン",
            "join": JOIN,
            **changes,
        }
    )


def seminar_page(**changes: object) -> Page:
    held = seminar(**changes)
    return page(
        f"seminars/{held.id}.md",
        PageKind.SEMINAR,
        Stage.UNDERSTANDING,
        "出口を点検する会",
        description="持ち寄って、直す。",
        seminar=held,
    )


NEWSLETTER_PAGE = page(
    "newsletter.md", PageKind.NEWSLETTER, None, "月刊ためし", newsletter=NEWSLETTER
)
VIDEO_PAGE = page(
    "videos/stages.md",
    PageKind.VIDEO,
    Stage.INTEREST,
    "4つの段階",
    video=Video(id="stages", file="stages.mp4", captions="stages.vtt", minutes=1),
)


def publish(house: House, *pages: Page) -> None:
    """Let ``house`` have ``pages`` beside those every test has, and no others."""
    small = catalogue()
    changed = small.model_copy(update={"pages": (*small.pages, *pages)})
    changed.write(house.tools.settings.catalogue_path)
