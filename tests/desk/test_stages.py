"""Click-to-stage as marketing sees it."""

from datetime import timedelta

import pytest

from tests.conftest import NOW, House
from tests.desk.conftest import Browser
from tests.desk.story import Story
from tracker.desk.period import period
from tracker.store.engine import writing
from tracker.words import DeliveryState, EventKind, Stage

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

DAY = timedelta(days=1)


def test_an_empty_house_says_what_will_stand_where(browser: Browser) -> None:
    page = browser.get("/desk/").text
    for told in (
        "まだ読者がいません",
        "問い合わせは届いていません",
        "段階の動いた読者はいません",
        "押されたリンクはありません",
    ):
        assert told in page
    assert "届いたか分からないメール" not in page
    assert "awareness 1日目のお便り" in page, "the steps stand there before the first mail"


def test_the_monday_page_tells_who_moved_after_what(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        story.reader("taro", name="山田 太郎", company="見本製作所", stage=Stage.INTEREST)
        story.mail("m1", "taro", step="case", at=NOW - 3 * DAY)
        click = story.event(
            EventKind.MAIL_CLICK,
            NOW - 2 * DAY,
            reader_id="taro",
            page="cases/metal/#steps",
            delivery_id="m1",
            data={"ua": "Mozilla/5.0"},
        )
        story.move(
            "taro",
            Stage.INTEREST,
            at=NOW - 2 * DAY + timedelta(hours=15),
            since=Stage.AWARENESS,
            by=click,
        )
        story.inquiry("taro", "図面を見てほしいです。\n急ぎません。", NOW - DAY)
    page = browser.get("/desk/").text
    assert "メール『認知 3日目: awareness 3日目のお便り』のリンク → 事例『金属加工の事例』" in page
    assert "11月1日(日) 1:00" in page, "shown in the firm's zone"
    assert "山田 太郎" in page
    assert "見本製作所" in page
    assert "図面を見てほしいです。" in page
    assert "急ぎません" not in page
    assert "関連であって原因とは限りません" in page


def test_mails_nobody_knows_of_stand_on_top(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        story.reader("taro", name="山田 太郎")
        story.mail("m1", "taro", DeliveryState.UNCERTAIN, at=NOW - DAY)
    page = browser.get("/desk/").text
    assert "届いたか分からないメールが1通あります" in page
    assert page.index("届いたか分からない") < page.index("いまの段階")


def test_a_period_is_chosen_from_the_list_and_else_it_is_28_days(
    house: House, browser: Browser
) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        story.reader("taro", name="山田 太郎")
        story.move("taro", Stage.AWARENESS, at=NOW - 40 * DAY)
    for query, shown in (
        ("", False),
        ("?days=7", False),
        ("?days=90", True),
        ("?days=all", True),
        ("?days=1%20OR%201=1", False),
        ("?days=36500", False),
    ):
        assert ("山田 太郎" in browser.get(f"/desk/{query}").text) is shown, query


def test_what_readers_typed_is_shown_and_never_run(house: House, browser: Browser) -> None:
    nasty = '<script>alert(1)</script>{{7*7}}"><svg onload=x>'
    with writing(house.context.engine) as connection:
        story = Story(connection)
        story.reader("taro", name=nasty, company=nasty, stage=Stage.TRUST)
        event = story.event(EventKind.PAGE_VIEW, reader_id="taro", page=nasty, view="v")
        story.move("taro", Stage.TRUST, by=event)
        story.inquiry("taro", nasty)
    for path in ("/desk/", "/desk/readers", "/desk/readers/taro"):
        page = browser.get(path).text
        assert "<script" not in page
        assert "onload=x>" not in page
        assert "&lt;script&gt;" in page
        assert "49" not in page.replace("&#34;", "").replace("&#39;", "")


def test_nothing_on_a_page_is_against_its_own_policy(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        Story(connection).reader("taro", stage=Stage.TRUST)
    for path in ("/desk/", "/desk/readers", "/desk/readers/taro", "/desk/diagnosis"):
        answer = browser.get(path)
        assert answer.status_code == 200
        for banned in (" style=", "<style", "<script", "javascript:", "onclick"):
            assert banned not in answer.text, (path, banned)


@pytest.mark.parametrize(("key", "days"), [("7", 6), ("28", 27), ("90", 89)])
def test_a_period_begins_at_a_midnight_of_the_firms_zone(house: House, key: str, days: int) -> None:
    zone = house.context.settings.zone
    since = period(key, NOW, zone).since
    assert since is not None
    local = since.astimezone(zone)
    assert (local.hour, local.minute) == (0, 0)
    assert (NOW.astimezone(zone).date() - local.date()).days == days
