"""The weekly mail: the diagnosis in one glance, with much data, little and none."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import markdown

from nurture_worker.diagnosis.beyond import Beyond
from nurture_worker.diagnosis.report import diagnose
from nurture_worker.diagnosis.structure import PageStructure, Site
from nurture_worker.letters.bodies import as_html
from nurture_worker.letters.diagnosis import weekly_mail
from tests.diagnosis.sites import cta, site, structure
from tests.diagnosis.test_beyond import mails, scenario
from tracker.counts import Counts, PageCounts
from tracker.reports.week import Week

SINCE = datetime(2026, 10, 1, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
DESK = "https://example.jp/desk"


def mail(counts: Counts, pages: Site) -> tuple[str, str]:
    report = diagnose(counts, pages, SINCE, SINCE + timedelta(days=30))
    return weekly_mail(report.model_dump(mode="json"), DESK, TOKYO)


def test_what_was_found_stands_in_the_mail_with_its_mending() -> None:
    subject, body = mail(*site(Random(100), 12_000, cliff=4, far=True))
    assert subject == "今週直す2つ（10月1日〜10月31日の診断）"
    assert "**1. 『記事" in body
    assert body.count("直し方：") == 2
    assert "足し算にはなりません" in body
    assert body.count("\n| 記事") == 8
    assert f"[くわしく見る]({DESK}/diagnosis)" in body


def test_a_mail_that_loses_readers_is_told_with_why_no_inquiries_are_promised() -> None:
    figures = [(600, 2), (600, 30), (600, 1), (600, 3)]
    report = diagnose(
        Counts({}, 0, 0, 0), scenario(4), SINCE, SINCE + timedelta(days=30),
        Beyond(mails=mails(*figures)),
    )  # fmt: skip
    subject, body = weekly_mail(report.model_dump(mode="json"), DESK, TOKYO)
    assert subject.startswith("今週直す1つ")
    assert "『関心 1日目のメール』の「件名1」" in body
    assert "記録からは言えません" in body
    assert "増える見込み" not in body


def test_a_sound_site_gets_a_calm_mail() -> None:
    subject, body = mail(*site(Random(1), 12_000))
    assert subject.startswith("今週は直す所なし")
    assert "直すべき所は見つかりませんでした" in body


def test_a_page_with_few_views_says_how_many_more_and_no_share() -> None:
    page = structure(0, 3, (cta("c", 1),))
    counts = PageCounts(page.url, 5, 3, (2,), (0,), (0,))
    _, body = mail(Counts({page.url: counts}, 5, 0, 0), Site((page,)))
    assert "| 記事0 | 5 | あと約110回で分かります | 0→0 |" in body


def test_the_first_mail_of_all_says_that_there_is_nothing_yet() -> None:
    subject, body = mail(Counts({}, 0, 0, 0), Site((structure(0, 3, (cta("c", 1),)),)))
    assert subject.startswith("まだ記録がありません")
    assert "まだ閲覧の記録がありません" in body
    assert "|" not in body


def test_no_word_of_statistics_stands_in_the_mail() -> None:
    subject, body = mail(*site(Random(100), 12_000, cliff=4, far=True))
    for word in ("p値", "有意", "信頼区間", "nan", "None"):
        assert word not in subject + body


def test_a_title_full_of_marks_stays_a_title() -> None:
    page = structure(0, 3)
    odd = PageStructure(
        page.url, "*A|B* [x](y) <b>_c_", page.kind, page.stage, page.headings, (), ("next/",)
    )
    counts = PageCounts(page.url, 5, 5, (0,), (0,), (0,))
    _, body = mail(Counts({page.url: counts}, 5, 0, 0), Site((odd,)))
    html = markdown.markdown(body, extensions=["tables", "attr_list"])
    assert "<td>*A|B* [x](y) &lt;b&gt;_c_</td>" in html


def test_the_weeks_moves_stand_in_bars_beside_the_week_before() -> None:
    counts, pages = site(Random(1), 12_000)
    report = diagnose(counts, pages, SINCE, SINCE + timedelta(days=30))
    week = Week((20, 10, 0, 1, 2), (15, 0, 0, 0, 1), 1_234, 99)
    _, body = weekly_mail(report.model_dump(mode="json"), DESK, TOKYO, week)
    assert "- 認知に来た人　■■■■■■■■■■　20人" in body
    assert "- 関心に来た人　■■■■■□□□□□　10人" in body
    assert "前の週は、認知に来た人15人" in body
    assert "1,234通、押した人は99人" in body
    drawn = as_html(body)
    assert drawn.count('<td class="points">') == 5
    assert 'bgcolor="#1f5a42"' in drawn


def test_a_week_without_anything_is_not_told() -> None:
    report = diagnose(*site(Random(1), 12_000), SINCE, SINCE + timedelta(days=30))
    week = Week((0,) * 5, (0,) * 5, 0, 0)
    _, body = weekly_mail(report.model_dump(mode="json"), DESK, TOKYO, week)
    assert "この1週間" not in body
