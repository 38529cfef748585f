"""What the desk tells of hits on mails' links: what they are held for, and why."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from nurture_worker.readers.settling import settle
from tests.clicks.test_settling import ELSEWHERE, come, told
from tests.clicks.traces import MAC_SAFARI
from tests.conftest import NOW, House
from tests.desk.conftest import Browser, words_of
from tests.desk.story import Story
from tracker.desk.clicks import columns
from tracker.store.engine import writing
from tracker.words import Verdict

one_engine = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

TOKYO = ZoneInfo("Asia/Tokyo")


def some_hits(house: House) -> None:
    """A person, somebody they handed the mail to, a gateway's sweep, a bare late hit, one undecided."""
    with writing(house.tools.engine) as connection:
        story = Story(connection)
        mail = story.mail("m1", story.reader("taro", name="山田 太郎"), step="case")
        other = story.mail("m2", "taro", step="thanks")
    for k in range(2):
        come(house, mail, "taro", 4 + k, told(language="", network=ELSEWHERE, place=k))
    come(house, mail, "taro", 6, told("curl/8.5.0", ""))
    come(house, mail, "taro", 3600, told(), "cases/metal/")
    come(house, mail, "taro", 9000, told(MAC_SAFARI, network=ELSEWHERE), "articles/why/")
    come(house, other, "taro", 400, told(language="en-US"))
    house.clock.advance(hours=3)
    settle(house.tools)
    come(house, other, "taro", 3 * 3600 - 5, told())


@one_engine
def test_an_empty_house_says_what_will_stand_where(browser: Browser) -> None:
    page = browser.get("/desk/clicks").text
    assert "メールのリンクへのアクセスはありません" in page
    assert 'aria-current="page">クリックの見分け' in page


@one_engine
def test_each_hit_is_told_with_its_signs_and_their_weights(house: House, browser: Browser) -> None:
    some_hits(house)
    page = words_of(browser.get("/desk/clicks").text)
    assert "プログラムと名乗った（+15.0）" in page
    assert "言語の指定がない（+2.5）" in page
    assert "日本語を求めた（-1.8）" in page
    assert "人か機械かを確かめています" in page
    assert "転送？ 別の所の、別の端末。読者の点数には入れていません" in page
    assert "認知 3日目: awareness 3日目のお便り" in page
    assert "事例『金属加工の事例』" in page


@one_engine
def test_hits_are_counted_by_mail_and_by_verdict(house: House, browser: Browser) -> None:
    some_hits(house)
    page = words_of(browser.get("/desk/clicks").text)
    assert "アクセス7回" in page
    assert "人 2回 29%" in page
    assert "機械 3回 43%" in page
    assert "不明 1回 14%" in page
    assert "確認中 1回" in page
    assert "数えなかった理由4回" in page
    assert "言語の指定がない 3回" in page


@one_engine
def test_one_verdict_can_be_looked_at_alone(house: House, browser: Browser) -> None:
    some_hits(house)
    page = words_of(browser.get("/desk/clicks?verdict=machine&days=7").text)
    assert "プログラムと名乗った（+15.0）" in page
    assert "日本語を求めた（-1.8）" not in page
    assert browser.get("/desk/clicks?verdict=%F0%9F%99%82&days=x").status_code == 200


@one_engine
def test_a_hit_names_no_person_nor_where_they_were(house: House, browser: Browser) -> None:
    some_hits(house)
    page = browser.get("/desk/clicks").text
    for personal in ("山田", "taro@example.jp", "192.0.2", "198.51.100", "Mozilla", "curl/"):
        assert personal not in page
    assert 'href="/desk/readers/taro"' in page


@one_engine
def test_the_readers_time_line_tells_of_a_mail_handed_on(house: House, browser: Browser) -> None:
    some_hits(house)
    page = words_of(browser.get("/desk/readers/taro").text)
    assert "転送？ 別の所の、別の端末" in page
    assert "この読者の点数には入れていません" in page


def test_the_picture_has_a_column_a_day_and_never_too_many() -> None:
    week = [(NOW - timedelta(days=day), Verdict.HUMAN) for day in (6, 6, 1)]
    drawn = columns(week, TOKYO, NOW)
    assert [sum(column.counts.values()) for column in drawn] == [2, 0, 0, 0, 0, 1, 0]
    assert drawn[0].heights[Verdict.HUMAN] == 1
    years = columns([(NOW - timedelta(days=900), Verdict.MACHINE), *week], TOKYO, NOW)
    assert len(years) <= 92
    assert sum(sum(column.counts.values()) for column in years) == 4
    assert columns([(NOW, None)], TOKYO, NOW) == []
