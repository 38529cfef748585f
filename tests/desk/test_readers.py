"""The readers' list, and one reader's time line."""

from datetime import timedelta

import pytest

from tests import content
from tests.conftest import NOW, House
from tests.desk.conftest import Browser, words_of
from tests.desk.story import Story
from tracker.desk.timeline import moments
from tracker.events import Event
from tracker.store.engine import writing
from tracker.store.histories import ScoreEntry, StageChange
from tracker.words import DeliveryState, EventKind, Stage

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

DAY = timedelta(days=1)


def test_the_list_is_searched_filtered_and_turned(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        for n in range(60):
            story.reader(
                f"r{n:02}",
                name=f"読者{n:02}",
                score=float(n),
                stage=Stage.TRUST if n % 2 else Stage.AWARENESS,
            )
    first = browser.get("/desk/readers").text
    assert "60<small>人" in first or "60人" in first
    assert "読者59" in first
    assert "読者09" not in first
    following = next(
        part.split('"')[0].replace("&amp;", "&")
        for part in first.split('href="')
        if part.startswith("/desk/readers?after=")
    )
    second = browser.get(following).text
    assert "読者09" in second
    assert "読者59" not in second
    trust = browser.get("/desk/readers?stage=trust&q=%E8%AA%AD%E8%80%850").text
    assert "読者07" in trust
    assert "読者08" not in trust
    assert "あてはまる読者はいません" in browser.get("/desk/readers?q=nobody").text


@pytest.mark.parametrize(
    "query", ["after=x", "after=nan_a", "after=1e999_a", "stage=none", "order=score;drop"]
)
def test_a_strange_address_shows_the_list_all_the_same(browser: Browser, query: str) -> None:
    assert browser.get(f"/desk/readers?{query}").status_code == 200


def test_a_reader_who_is_not_there_is_told_within_the_desk(browser: Browser) -> None:
    answer = browser.get("/desk/readers/nobody")
    assert answer.status_code == 404
    assert "段階の動き" in answer.text


def test_one_reader_is_told_from_first_visit_to_the_next_mail(
    house: House, browser: Browser
) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        story.reader(
            "taro",
            name="山田 太郎",
            visitor="v1",
            stage=Stage.INTEREST,
            score=21.0,
            confirmed_at=NOW - 3 * DAY,
            opted_in_at=NOW - 3 * DAY,
        )
        story.view(
            "articles/why/",
            view="first",
            visitor="v1",
            at=NOW - 9 * DAY,
            reached=1,
            end={"active_ms": 160_000, "done": False},
        )
        got = story.event(
            EventKind.GATE_DOWNLOAD,
            NOW - 3 * DAY,
            reader_id="taro",
            gate="guide",
            page="resources/guide/",
        )
        story.points("taro", got, "download", 10, NOW - 3 * DAY)
        story.move("taro", Stage.INTEREST, at=NOW - 3 * DAY, since=Stage.AWARENESS, by=got)
        story.mail("m1", "taro", at=NOW - 2 * DAY)
        story.mail("m2", "taro", DeliveryState.PLANNED, step="case", at=NOW + DAY)
        story.inquiry("taro", "一度お話ししたいです。", NOW - DAY)
    page = words_of(browser.get("/desk/readers/taro").text)
    for told in (
        "記事『なぜ来ないのか』を読んだ",
        "見出し1/2まで",
        "2分40秒",
        "検索から",
        "資料『はじめてのガイド』を受け取った",
        "+10点",
        "段階が動いた: 認知 → 関心",
        "メール『認知 1日目: awareness 1日目のお便り』を送った",
        "一度お話ししたいです。",
        "11月3日(火) 10:00 の予定",
        "認知の段階に来た人へのシナリオの、3日目のメールです。段階が進むか、問い合わせか停止があれば",
    ):
        assert told in page, told
    assert page.index("問い合わせた") < page.index("を送った") < page.index("を読んだ")


def test_a_long_story_is_cut_and_unfolds(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        story.reader("taro", visitor="v1")
        for n in range(210):
            story.view("articles/why/", view=f"v{n}", visitor="v1", at=NOW - n * DAY)
    assert "もっと前の記録が10件" in browser.get("/desk/readers/taro").text
    assert "もっと前の記録" not in browser.get("/desk/readers/taro?all=1").text


def test_points_without_their_event_are_told_alone(store_url: str) -> None:
    (alone,) = moments(
        content.catalogue(), [], [], [ScoreEntry("gone", "old-rule", NOW, 3)], [], {}
    )
    assert [p.reason for p in alone.points] == ["以前の規則（old-rule）"]


def test_a_move_stands_above_the_act_that_made_it(store_url: str) -> None:
    act = Event(1, "e", NOW, EventKind.DIAGNOSIS, reader_id="taro", page="diagnosis/")
    change = StageChange(NOW, None, Stage.AWARENESS, "e")
    line = moments(content.catalogue(), [act], [change], [], [], {})
    assert [m.look for m in line] == ["stage", "form"]
    assert line[0].details == ["きっかけ: 診断『3分診断』に答えた"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"verdict": "machine", "signs": [["prefetch", 9.0]]}, "機械によるアクセスとみて"),
        ({"verdict": "unsure", "signs": []}, "人か機械か決められず"),
        ({}, "人か機械かを確かめています"),
        ({"ua": "Mozilla/5.0", "late": True}, "期限を過ぎた"),
    ],
)
def test_a_click_that_does_not_count_says_so(
    store_url: str, data: dict[str, object], told: str
) -> None:
    hit = Event(1, "e", NOW, EventKind.MAIL_CLICK, reader_id="taro", page="x", data=data)
    (moment,) = moments(content.catalogue(), [hit], [], [], [], {})
    assert told in moment.details[0]
