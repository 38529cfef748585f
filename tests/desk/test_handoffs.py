"""``/desk/handoffs``: who sees what, who may do what, and nobody is forgotten."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOW, House
from tests.desk.conftest import Browser, words_of
from tests.desk.story import Story
from tracker.store import handoffs
from tracker.store.engine import reading, writing
from tracker.words import DealOutcome, HandoffCause, Role, Stage, Touch

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

DAY = timedelta(days=1)
TASK = "/desk/handoffs/task"


@pytest.fixture
def told(house: House) -> House:
    """A reader who inquired and whose task is open."""
    with writing(house.context.engine) as connection:
        story = Story(connection)
        story.reader("taro", name="山田 太郎", company="ためし製作所", stage=Stage.TRUST, score=52)
        event_id = story.inquiry("taro", "<b>図面</b>を見てください")
        story.handoff("task", "taro", cause=HandoffCause.INQUIRY, event_id=event_id)
    return house


def the_task(house: House) -> handoffs.Handoff:
    with reading(house.context.engine) as connection:
        found = handoffs.get(connection, "task")
    assert found is not None
    return found


def test_a_viewer_sees_the_task_and_neither_who_nor_what_was_written(
    told: House, browser_of: Callable[[Role], Browser]
) -> None:
    own = browser_of(Role.MARKETER)
    own.post(f"{TASK}/record", TASK, kind="called", text="社長の携帯は090")
    viewer = browser_of(Role.VIEWER)
    for path in ("/desk/handoffs", TASK):
        page = viewer.get(path).text
        assert "山●●" in page
        for secret in ("太郎", "taro@", "図面", "090", "marketer@example.jp/"):
            assert secret not in page
    assert "結果を記録する" not in viewer.get(TASK).text
    page = own.get(TASK).text
    assert "&lt;b&gt;図面&lt;/b&gt;を見てください" in page
    assert "社長の携帯は090" in page


def test_a_task_has_an_owner_and_a_day(told: House, browser_of: Callable[[Role], Browser]) -> None:
    own = browser_of(Role.MARKETER)
    browser_of(Role.VIEWER)
    page = own.get(TASK).text
    assert "viewer@example.jp" not in page.partition("<select")[2].partition("</select")[0]
    found = re.search(r'<option value="([^"]+)"[^>]*>marketer@', page)
    assert found
    own_id = found[1]
    wrong: tuple[dict[str, str], ...] = (
        {"owner": own_id, "due": "いつか"},
        {"owner": "nobody", "due": "2026-11-10"},
    )
    for fields in wrong:
        assert own.post(f"{TASK}/owner", TASK, **fields).status_code == 422
    assert own.post(f"{TASK}/owner", TASK, owner=own_id, due="2026-11-10").status_code == 303
    assert own_id == the_task(told).owner_id
    assert the_task(told).due_at.isoformat() == "2026-11-10T14:59:00+00:00"
    assert "山田 太郎" in own.get("/desk/handoffs?show=mine").text
    assert "担当はありません" in browser_of(Role.ADMIN).get("/desk/handoffs?show=mine").text


@pytest.mark.parametrize(
    "fields",
    [{}, {"kind": "won"}, {"kind": "note"}, {"kind": "called", "due": "x"},
     {"kind": "note", "text": "あ" * 2001}],
)  # fmt: skip
def test_a_record_that_says_nothing_comes_back_with_its_words(
    told: House, browser_of: Callable[[Role], Browser], fields: dict[str, str]
) -> None:
    answer = browser_of(Role.MARKETER).post(f"{TASK}/record", TASK, **fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    with reading(told.context.engine) as connection:
        assert handoffs.entries_of(connection, "task") == []


def test_a_contact_gives_the_next_day_and_a_note_does_not(
    told: House, browser_of: Callable[[Role], Browser]
) -> None:
    own = browser_of(Role.MARKETER)
    before = the_task(told)
    own.post(f"{TASK}/record", TASK, kind="note", text="かけ直す")
    assert (the_task(told).due_at, the_task(told).touched_at) == (before.due_at, None)
    own.post(f"{TASK}/record", TASK, kind="mailed")
    assert the_task(told).due_at == NOW + 7 * DAY
    own.post(f"{TASK}/record", TASK, kind="called", due="2026-12-01")
    assert the_task(told).due_at.isoformat() == "2026-12-01T14:59:00+00:00"
    with reading(told.context.engine) as connection:
        kinds = {entry.kind for entry in handoffs.entries_of(connection, "task")}
    assert kinds == {Touch.NOTE, Touch.MAILED, Touch.CALLED}


def test_what_is_over_is_entrusted_to_nobody(
    told: House, browser_of: Callable[[Role], Browser]
) -> None:
    own = browser_of(Role.MARKETER)
    own.post(f"{TASK}/close", TASK, outcome="lost", reason="no_answer")
    answer = own.post(f"{TASK}/record", TASK, kind="called")
    assert answer.status_code == 303
    assert "結果を記録して終わっています" in own.get(TASK).text
    assert (the_task(told).outcome, the_task(told).touched_at) == (DealOutcome.LOST, None)
    assert "失注 連絡がとれない" in words_of(own.get("/desk/handoffs?show=closed").text)
    assert own.get("/desk/handoffs/none").status_code == 404


def forgotten(house: House, at: Any = NOW) -> list[str]:
    with reading(house.context.engine) as connection:
        found = handoffs.forgotten(connection, hot_at=40, since=at - 14 * DAY)
    return [one.person.id for one in found]


def test_nobody_is_forgotten_who_is_hot_or_asked_and_heard_nothing_for_long(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    long_ago, lately = NOW - 40 * DAY, NOW - 3 * DAY
    with writing(house.context.engine) as connection:
        story = Story(connection)
        hot: dict[str, Any] = {"score": 50.0, "at": long_ago, "acted_at": lately}
        for name in ("untouched", "fresh-task", "called", "called-long-ago", "lost", "lost-back"):
            story.reader(name, **hot)
        story.reader("cold", at=long_ago)
        story.reader("new", at=lately, score=50.0)
        story.reader("asked", at=long_ago, inquired_at=long_ago)
        story.reader("erased", email=None, email_normalised=None, **{**hot, "score": 60.0})
        story.handoff("h1", "fresh-task", at=lately)
        for task, name, at in (("h2", "called", lately), ("h3", "called-long-ago", long_ago)):
            story.handoff(task, name, at=long_ago)
            kept = handoffs.get(connection, task)
            assert kept is not None
            handoffs.write_down(connection, kept, Touch.CALLED, "a@example.jp", at)
        for task, name, at in (("h4", "lost", lately + DAY), ("h5", "lost-back", long_ago + DAY)):
            story.handoff(task, name, at=long_ago)
            handoffs.close(connection, task, DealOutcome.LOST, at)
    assert forgotten(house) == ["called-long-ago", "lost-back", "untouched", "asked"]
    page = browser_of(Role.MARKETER).get("/desk/handoffs").text
    assert "まだ一度も" in page


def test_two_open_tasks_about_one_reader_cannot_be(told: House) -> None:
    with writing(told.context.engine) as connection:
        again = handoffs.give(
            connection, "taro", HandoffCause.HOT, now=NOW, due_at=NOW, score=1, stage=None
        )
        assert again is None
        assert handoffs.close(connection, "task", DealOutcome.LOST, NOW)
        assert not handoffs.close(connection, "task", DealOutcome.WON, NOW)
        assert handoffs.give(
            connection, "taro", HandoffCause.HOT, now=NOW, due_at=NOW, score=1, stage=None
        )
