"""Seminars, videos and the newsletter as editors write them: values, and mistakes with places."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.catalogue.small_site import FILES, write_site
from tests.more_content import seminar
from tracker.catalogue.load import load

SEMINAR = """\
---
title: 出口を点検する会
kind: seminar
stage: understanding
seminar:
  id: exits
  starts: 2026-12-10T14:00
  minutes: 90
  capacity: 8
  place: オンライン
---

# 出口を点検する会

/// seminar | exits
///
"""
VIDEO = """\
---
title: 段階の動画
kind: video
stage: interest
video:
  id: stages
  file: stages.mp4
  captions: stages.vtt
  minutes: 1
---

# 段階の動画

/// video | stages

動画の内容です。
///
"""
NEWSLETTER = """\
---
title: 月刊ためし
kind: newsletter
newsletter:
  id: monthly
  welcome: ようこそ。
  consent: {version: "1", mail: 月刊を受け取ります。}
---

# 月刊ためし

/// newsletter | monthly
///
"""
SITE: dict[str, str | bytes | None] = {
    "site/pages/seminars/exits.md": SEMINAR,
    "site/pages/videos/stages.md": VIDEO,
    "site/pages/videos/stages.mp4": b"\0",
    "site/pages/videos/stages.vtt": "WEBVTT\n",
    "site/pages/newsletter.md": NEWSLETTER,
}


def problems(tmp_path: Path, changes: dict[str, str | bytes | None] | None = None) -> list[str]:
    _catalogue, found = load(write_site(tmp_path, {**SITE, **(changes or {})}))
    return [str(problem) for problem in found]


def spoilt(file: str, old: str, new: str) -> dict[str, str | bytes | None]:
    text = str(SITE[file])
    assert text.count(old) == 1
    return {file: text.replace(old, new)}


def test_a_good_site_of_all_three_has_no_problem_and_is_read(tmp_path: Path) -> None:
    catalogue, found = load(write_site(tmp_path, SITE))
    assert found == []
    assert catalogue is not None
    page = catalogue.seminar_page("exits")
    assert page is not None
    assert page.seminar is not None
    assert page.seminar.begins.astimezone(UTC) == datetime(2026, 12, 10, 5, 0, tzinfo=UTC)
    assert catalogue.newsletter_page is not None
    assert catalogue.video_page("stages") is not None


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("seminars/exits.md", "T14:00", "", "exits.md:7:11: starts は日付と時刻で書きます"),
        ("seminars/exits.md", "T14:00", "T14:00+09:00", "exits.md:7:11: starts は日付と時刻で"),
        ("seminars/exits.md", "2026-12-10T14:00", "来週", "exits.md:7:11: starts は日付と時刻で"),
        (
            "seminars/exits.md",
            "  minutes: 90",
            "  minutes: 90\n  zone: Asia/Kyoto",
            "exits.md:9:9: 「Asia/Kyoto」というタイムゾーンはありません（例: Asia/Tokyo）",
        ),
        ("seminars/exits.md", "capacity: 8", "capacity: 0", "exits.md:9:13: capacity「0」は範囲"),
        (
            "seminars/exits.md",
            "  minutes: 90",
            "  minutes: 90\n  recording: /videos/none.md",
            "ページ「/videos/none.md」がありません",
        ),
        ("seminars/exits.md", "seminar | exits", "seminar | exit", "このページのものではありません"),
        ("seminars/exits.md", "/// seminar | exits\n///\n", "本文\n", "日時とフォームを置く場所が"),
        ("seminars/exits.md", "kind: seminar", "kind: page", "seminar は kind: seminar のページだけ"),
        ("videos/stages.md", "stages.mp4", "other.mp4", "動画のファイル「other.mp4」が"),
        ("videos/stages.md", "stages.mp4", "stages.mov", "stages.md:7:9: file「stages.mov」は使えません"),
        ("videos/stages.md", "  captions: stages.vtt\n", "", "動画には字幕"),
        ("newsletter.md", "  welcome: ようこそ。\n", "", "「welcome」がありません"),
        ("newsletter.md", "/// newsletter | monthly", "/// newsletter", "「| id」がありません"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(
    tmp_path: Path, file: str, old: str, new: str, told: str
) -> None:
    found = problems(tmp_path, spoilt(f"site/pages/{file}", old, new))
    assert any(told in line for line in found), found


def test_there_is_one_newsletter(tmp_path: Path) -> None:
    second = NEWSLETTER.replace("monthly", "weekly")
    (found,) = problems(tmp_path, {"site/pages/second.md": second})
    assert "second.md:3:7: kind: newsletter のページは1つだけです" in found


def test_a_gate_cannot_take_the_name_of_another_form(tmp_path: Path) -> None:
    name = "site/pages/resources/guide.md"
    text = FILES[name].replace("id: guide", "id: newsletter").replace("| guide", "| newsletter")
    found = problems(tmp_path, {name: text})
    assert any("ほかのフォームの名前なので使えません" in line for line in found)


def test_a_list_of_seminars_says_which(tmp_path: Path) -> None:
    index = FILES["site/pages/index.md"] + "\n/// seminars | soon\n///\n"
    (found,) = problems(tmp_path, {"site/pages/index.md": index})
    assert "upcoming, past" in found


def test_the_time_of_a_seminar_reads_in_japanese_with_weekday_and_zone() -> None:
    assert seminar().when == "2026年11月9日（月）14:00〜15:30（日本時間）"
    abroad = seminar(zone="America/New_York", minutes=720)
    assert abroad.when == (
        "2026年11月9日（月）14:00〜11月10日（火）02:00（America/New_York、UTC-05:00）"
    )


def test_a_time_that_summer_time_skips_is_refused() -> None:
    with pytest.raises(ValueError, match="この時刻はありません"):
        seminar(zone="America/New_York", starts=datetime(2026, 3, 8, 2, 30))  # noqa: DTZ001


def test_a_seminar_over_the_end_of_summer_time_lasts_its_minutes() -> None:
    held = seminar(zone="Europe/Berlin", starts=datetime(2026, 10, 25, 1, 30), minutes=120)  # noqa: DTZ001
    assert (held.ends.astimezone(UTC) - held.begins.astimezone(UTC)).total_seconds() == 7200
