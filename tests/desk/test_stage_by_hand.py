"""Sales set a reader's stage: an event with its reason, which conclusions follow for good."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from nurture_worker.readers.rebuild import rebuild
from tests.conftest import NOW, House
from tests.desk.conftest import Browser, token_in, words_of
from tests.desk.story import Story
from tracker.store import audit, events, readers, tables
from tracker.store.engine import reading, writing
from tracker.words import Act, EventKind, Role, Stage

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

PAGE = "/desk/readers/taro"
URL = f"{PAGE}/stage"


@pytest.fixture
def taro(house: House) -> House:
    """A reader who came to ``trust`` by what they did."""
    with writing(house.context.engine) as connection:
        story = Story(connection)
        story.reader("taro", name="山田 太郎", confirmed_at=NOW, opted_in_at=NOW)
        story.event(EventKind.CONFIRM, NOW, reader_id="taro", page="resources/guide/")
        for minute in (1, 2):
            story.event(
                EventKind.PAGE_END,
                NOW + timedelta(minutes=minute),
                reader_id="taro",
                page="inquiry/",
                view=f"v{minute}",
                data={"done": True},
            )
    house.clock.advance(minutes=5)
    house.work()
    assert stage(house) is Stage.TRUST
    return house


def stage(house: House) -> Stage | None:
    with reading(house.tools.engine) as connection:
        reader = readers.get(connection, "taro")
    assert reader
    return reader.stage


def test_a_stage_set_by_hand_holds_and_later_evidence_counts_from_there(
    taro: House, browser_of: Callable[[Role], Browser]
) -> None:
    browser = browser_of(Role.MARKETER)
    answer = browser.post(URL, PAGE, stage="interest", why="too_far", before="0")
    assert answer.status_code == 303
    taro.clock.advance(minutes=1)
    taro.work()
    assert stage(taro) is Stage.INTEREST
    rebuild(taro.tools)
    assert stage(taro) is Stage.INTEREST
    told = words_of(browser.get(PAGE).text)
    assert "段階が動いた: 信頼 → 関心 きっかけ: デスクで段階を決めた" in told
    assert "まだそこまで来ていない" in told
    with writing(taro.context.engine) as connection:
        for minute in (3, 4):
            Story(connection).event(
                EventKind.PAGE_END,
                taro.clock() + timedelta(minutes=minute),
                reader_id="taro",
                page="cases/metal/",
                view=f"w{minute}",
                data={"done": True},
            )
    taro.work()
    assert stage(taro) is Stage.UNDERSTANDING


def test_who_did_it_and_why_stands_in_the_audit_log_and_no_name_in_the_events(
    taro: House, browser_of: Callable[[Role], Browser]
) -> None:
    browser_of(Role.MARKETER).post(URL, PAGE, stage="interest", why="talked", before="0")
    with reading(taro.tools.engine) as connection:
        (entry,) = audit.entries(connection, act=Act.STAGE_SET)[0]
        event = events.of_reader(connection, "taro")[-1]
    assert (entry.actor, entry.about) == ("marketer@example.jp", "reader:taro")
    assert entry.details == {"stage": "interest", "why": "talked"}
    assert event.data == {"stage": "interest", "for": "talked"}
    page = words_of(browser_of(Role.ADMIN).get("/desk/audit").text)
    assert "読者の段階の変更" in page
    assert "段階「関心」、話をして分かった" in page


def test_the_form_sent_twice_counts_once_and_an_old_page_is_told(
    taro: House, browser_of: Callable[[Role], Browser]
) -> None:
    browser = browser_of(Role.MARKETER)
    token = token_in(browser.get(PAGE).text)
    for wanted in ("interest", "interest", "awareness"):
        form = {"csrf_token": token, "stage": wanted, "why": "deal", "before": "0"}
        browser.client.post(URL, data=form)
    assert "段階が変えられています" in browser.get(PAGE).text
    with reading(taro.tools.engine) as connection:
        kinds = connection.execute(
            select(tables.events.c.id).where(tables.events.c.kind == EventKind.STAGE_SET)
        ).scalars()
        assert list(kinds) == ["stage_set:taro:0"]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"stage": "gold", "why": "deal", "before": "0"}, "変える段階と理由を選んでください"),
        ({"stage": "interest", "why": "<b>", "before": "0"}, "変える段階と理由を選んでください"),
        ({"stage": "interest", "why": "deal", "before": "-1"}, "変える段階と理由を選んでください"),
        ({"stage": "trust", "why": "deal", "before": "0"}, "すでに「信頼」の読者です"),
    ],
)
def test_what_cannot_be_set_is_told_in_a_sentence(
    taro: House, browser_of: Callable[[Role], Browser], form: dict[str, str], told: str
) -> None:
    browser = browser_of(Role.MARKETER)
    browser.post(URL, PAGE, **form)
    assert told in browser.get(PAGE).text
    assert stage(taro) is Stage.TRUST


def test_who_is_not_confirmed_has_no_stage_to_change(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    with writing(house.context.engine) as connection:
        Story(connection).reader("taro")
    browser = browser_of(Role.MARKETER)
    assert "段階を手で変える" not in browser.get(PAGE).text
    browser.post(URL, PAGE, stage="trust", why="deal", before="0")
    assert "アドレスを確認した読者の段階だけ" in browser.get(PAGE).text


def test_a_viewer_sees_no_button(taro: House, browser_of: Callable[[Role], Browser]) -> None:
    assert "段階を手で変える" not in browser_of(Role.VIEWER).get(PAGE).text
    assert "段階を手で変える" in browser_of(Role.MARKETER).get(PAGE).text
