"""A hot reader goes to sales, with all parts real: the log, a mail at the SMTP sink, the task at the
desk, the deal, and the end of the scenarios."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from nurture_worker.house.ticking import ticks
from nurture_worker.readers.rebuild import rebuild
from nurture_worker.sweep import settle_lately, sweep
from tests.clicks.traces import CHROME
from tests.conftest import House
from tests.content import catalogue
from tests.desk.conftest import Browser, browser_of, words_of  # noqa: F401 - a fixture
from tests.scenarios.test_trusted_scenarios import OFFICE, reasons
from tests.servers import html_of, text_of
from tests.walking import AGREED, FORM, become_a_reader, path_in, states, the_reader
from tracker.catalogue.scoring import Hot, HotAct
from tracker.store import deals, handoffs, notifications
from tracker.store import events as log
from tracker.store.engine import reading, writing
from tracker.store.handoffs import Handoff
from tracker.store.tables import audit
from tracker.wake import Job
from tracker.words import (
    DealOutcome,
    DealSource,
    DeliveryState,
    EndReason,
    EventKind,
    HandoffCause,
    LostReason,
    Role,
)

TOKYO = ZoneInfo("Asia/Tokyo")
ONCE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
SALES = "eigyo@example.jp"

CASE_TWICE = HotAct(
    id="case-twice", event=EventKind.PAGE_VIEW, pages=("/cases/*",), days=2, within_days=30
)


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return selling(make_house)


def selling(make_house: Callable[..., House], **settings: object) -> House:
    """A house whose readers are hot who looked at a case on two days."""
    made = make_house(sales_to=SALES, **settings)
    publish(made)
    return made


def publish(house: House, **changes: object) -> None:
    rules = catalogue().scoring.model_copy(update={"hot": Hot(at=40, acts=(CASE_TWICE,))})
    catalogue(scoring=rules, **changes).write(house.tools.settings.catalogue_path)


def opens(browser: FlaskClient, page: str, view: str) -> None:
    answer = browser.post(
        "/e",
        json={"pv": view * 32, "page": page, "events": [{"n": 0, "e": "page_view"}]},
        headers={"User-Agent": CHROME},
    )
    assert answer.status_code == 204


def a_reader(house: House, **more: str) -> FlaskClient:
    """Somebody who agreed to the reading record, ordered the guide and confirmed."""
    browser = house.browser()
    opens(browser, "articles/why/", "a")
    browser.post("/gates/guide", data={**FORM, **AGREED, **more})
    house.work()
    browser.post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    return browser


def a_hot_reader(house: House, **more: str) -> FlaskClient:
    browser = a_reader(house, **more)
    opens(browser, "cases/metal/", "b")
    house.clock.advance(days=1)
    opens(browser, "cases/metal/", "c")
    house.work()
    return browser


def to_sales(house: House) -> list[Any]:
    return [mail for mail in house.postbox.mails if mail["To"] == SALES]


def to_reader(house: House) -> list[Any]:
    return [mail for mail in house.postbox.mails if mail["To"] == FORM["email"]]


def the_task(house: House) -> Handoff:
    with reading(house.tools.engine) as connection:
        found = handoffs.last_of(connection, the_reader(house).id)
    assert found is not None
    return found


def count(house: House, table: str) -> int:
    with reading(house.tools.engine) as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_sales_hear_of_a_click_within_a_minute_wherever_it_falls_between_two_sweeps(
    house: House,
) -> None:
    clicked = HotAct(id="clicked", event=EventKind.MAIL_CLICK)
    rules = catalogue().scoring.model_copy(update={"hot": Hot(at=1000, acts=(clicked,))})
    catalogue(scoring=rules).write(house.tools.settings.catalogue_path)
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    house.click(path_in(house.postbox.mails[-1], "c"))
    house.clock.advance(seconds=-20)  # back to the click
    at = house.tools.now()
    run = {Job.SWEEP: sweep, Job.SETTLE: settle_lately}
    waiting = ticks(60.0)
    for first in range(4):  # the second look comes a second too early
        job, pause = next(waiting)
        house.fold()
        run[job](house.tools)
        house.clock.advance(seconds=pause if first else pause - 1)
        if to_sales(house):
            break
    assert house.tools.now() - at < timedelta(minutes=1)
    (mail,) = to_sales(house)
    assert "山田 太郎" in text_of(mail)
    settle_lately(house.tools)
    assert len(to_sales(house)) == 1


def test_from_the_log_to_the_mail_the_task_the_yen_and_the_end_of_the_scenarios(
    house: House,
    browser_of: Callable[[Role], Browser],  # noqa: F811
) -> None:
    a_hot_reader(house)
    task = the_task(house)
    (mail,) = to_sales(house)
    assert mail["Subject"] == "【引き渡し】ためし製作所 山田 太郎 様：温まった読者です"
    told = text_of(mail)
    assert "事例『金属加工の事例』を開いた（11月2日・11月3日）。" in told
    assert "taro@example.jp" in told
    assert f"http://localhost/desk/handoffs/{task.id}" in told
    assert "段階は「" in told
    assert states(house)[DeliveryState.PLANNED] == 1  # the next step of the scenario

    own = browser_of(Role.MARKETER)
    assert "山田 太郎" in own.get("/desk/handoffs").text
    path = f"/desk/handoffs/{task.id}"
    house.clock.advance(hours=2)
    assert own.post(f"{path}/record", path, kind="called", text="来週うかがう").status_code == 303
    house.clock.advance(days=5)
    assert own.post(f"{path}/record", path, kind="meeting").status_code == 303
    closed = own.post(f"{path}/close", path, outcome="won", amount="１，２００，０００円")
    assert closed.status_code == 303
    page = words_of(own.get(path).text)
    assert "受注 1,200,000円" in page

    task = the_task(house)
    assert (task.outcome, task.is_open) == (DealOutcome.WON, False)
    assert task.first_touch_at is not None
    assert (task.first_touch_at - task.opened_at).total_seconds() == 2 * 3600
    assert task.met_at is not None
    with reading(house.tools.engine) as connection:
        deal = deals.of_handoff(connection, task.id)
        assert deal is not None
        assert (deal.amount, deal.source) == (1_200_000, DealSource.DESK)
        won = [e for e in log.of_reader(connection, task.reader_id) if e.kind == "deal_won"]
        assert [e.data for e in won] == [{"amount": 1_200_000}]
        acts = connection.execute(select(audit.c.act, audit.c.actor, audit.c.about)).all()
    assert ("handoff_changed", "marketer@example.jp", f"reader:{task.reader_id}") in [
        tuple(row) for row in acts
    ]
    sent = len(to_reader(house))
    assert set(reasons(house).values()) >= {f"cancelled {EndReason.DEAL}"}
    house.clock.advance(days=100)
    house.work()
    house.clock.advance(days=100)
    house.work()
    assert len(to_reader(house)) == sent
    assert the_reader(house).sunset_at is None


@ONCE
def test_a_reader_is_given_once_however_often_the_worker_looks(house: House) -> None:
    browser = a_hot_reader(house)
    opens(browser, "cases/metal/", "d")
    house.work()
    house.work()
    rebuild(house.tools)
    house.work()
    assert (count(house, "handoffs"), len(to_sales(house))) == (1, 1)


@ONCE
def test_a_machines_clicks_make_nobody_hot(house: House) -> None:
    rules = catalogue().scoring.model_copy(update={"hot": Hot(at=15)})
    catalogue(scoring=rules).write(house.tools.settings.catalogue_path)
    a_reader(house)
    for _day in range(4):
        house.clock.advance(days=2)
        house.work()
        path = path_in(house.postbox.mails[-1], "c")
        house.browser().get(path, headers={"User-Agent": CHROME, "Purpose": "prefetch"})
        house.clock.advance(minutes=1)
        house.work()
    assert count(house, "handoffs") == 0
    for mail in house.postbox.mails[-3:]:
        house.click(path_in(mail, "c"))
        house.work()
    assert the_task(house).cause is HandoffCause.HOT


@ONCE
def test_after_a_lost_deal_only_what_came_since_makes_hot_again(
    house: House,
    browser_of: Callable[[Role], Browser],  # noqa: F811
) -> None:
    browser = a_hot_reader(house)
    own, task = browser_of(Role.MARKETER), the_task(house)
    path = f"/desk/handoffs/{task.id}"
    house.clock.advance(hours=1)
    assert own.post(f"{path}/close", path, outcome="lost", reason="timing").status_code == 303
    house.clock.advance(hours=1)
    opens(browser, "cases/metal/", "d")
    house.work()
    assert count(house, "handoffs") == 1
    house.clock.advance(days=1)
    opens(browser, "cases/metal/", "e")
    house.work()
    assert count(house, "handoffs") == 2
    assert the_task(house).is_open
    assert len(to_sales(house)) == 2
    with reading(house.tools.engine) as connection:
        (deal,) = deals.of_reader(connection, task.reader_id)
    assert (deal.outcome, deal.reason, deal.amount) == (DealOutcome.LOST, LostReason.TIMING, None)


@ONCE
def test_an_inquiry_is_a_task_with_one_mail_that_tells_no_words_of_it(house: House) -> None:
    house.browser().post("/inquiries", data={**FORM, "message": "図面の相談です"})
    house.work()
    task = the_task(house)
    assert task.cause is HandoffCause.INQUIRY
    (mail,) = to_sales(house)
    assert "問い合わせがありました" in mail["Subject"]
    assert "図面" not in text_of(mail) + html_of(mail)
    assert f"/desk/handoffs/{task.id}" in text_of(mail)


@ONCE
def test_an_inquiry_hurries_the_task_that_is_open(house: House) -> None:
    publish(house, firm=OFFICE)
    browser = a_hot_reader(house)  # Tuesday, 文化の日
    first = the_task(house)
    assert first.due_at == datetime(2026, 11, 5, 18, 0, tzinfo=TOKYO)
    house.clock.now = datetime(2026, 11, 4, 9, 0, tzinfo=TOKYO)
    house.work()
    browser.post("/inquiries", data={**FORM, "message": "相談です"})
    house.work()
    house.work()
    task = the_task(house)
    assert (task.id, task.cause) == (first.id, HandoffCause.HOT)
    with reading(house.tools.engine) as connection:
        kinds = [entry.kind.value for entry in handoffs.entries_of(connection, task.id)]
    assert kinds == ["inquiry"]
    assert len(to_sales(house)) == 2


@ONCE
def test_an_inquiry_that_arrives_after_its_task_was_closed_is_a_task(
    house: House,
    browser_of: Callable[[Role], Browser],  # noqa: F811
) -> None:
    browser = a_hot_reader(house)
    own, path = browser_of(Role.MARKETER), f"/desk/handoffs/{the_task(house).id}"
    browser.post("/inquiries", data={**FORM, "message": "相談です"})  # in the journal, not folded
    house.clock.advance(hours=1)
    assert own.post(f"{path}/close", path, outcome="lost", reason="timing").status_code == 303
    house.work()
    task = the_task(house)
    assert (task.is_open, task.cause) == (True, HandoffCause.INQUIRY)
    house.work()
    assert count(house, "handoffs") == 2


@ONCE
def test_who_is_given_by_hand_is_told_of_to_the_owner_once_with_what_to_say(
    house: House,
    browser_of: Callable[[Role], Browser],  # noqa: F811
) -> None:
    a_reader(house)
    own, reader = browser_of(Role.MARKETER), the_reader(house)
    page = f"/desk/readers/{reader.id}"
    assert own.post(f"{page}/handoff", page, text="").status_code == 303
    assert count(house, "handoffs") == 0
    chosen = re.search(r'<option value="([^"]+)">marketer@', own.get(page).text)
    assert chosen
    told = own.post(f"{page}/handoff", page, text="展示会で話した方です", owner=chosen[1])
    task = the_task(house)
    assert told.headers["Location"] == f"/desk/handoffs/{task.id}"
    assert "展示会で話した方です" in own.get(told.headers["Location"]).text
    assert "営業に引き渡す" not in own.get(page).text
    house.work()
    house.work()
    (mail,) = [m for m in house.postbox.mails if m["To"] == "marketer@example.jp"]
    assert "連絡をお願いします" in mail["Subject"]
    assert "担当者が引き渡しました" in text_of(mail)
    assert "展示会" not in text_of(mail) + html_of(mail)
    assert to_sales(house) == []


@ONCE
def test_a_reader_given_by_hand_to_nobody_is_told_to_all_who_sell(
    house: House,
    browser_of: Callable[[Role], Browser],  # noqa: F811
) -> None:
    a_reader(house)
    own, reader = browser_of(Role.MARKETER), the_reader(house)
    page = f"/desk/readers/{reader.id}"
    own.post(f"{page}/handoff", page, text="展示会で話した方です")
    own.post(f"{page}/handoff", "/desk/account", text="もう一度")
    house.work()
    assert (count(house, "handoffs"), len(to_sales(house))) == (1, 1)
    viewer = browser_of(Role.VIEWER)
    assert "営業に引き渡す" not in viewer.get(page).text
    assert viewer.post(f"{page}/handoff", "/desk/account", text="x").status_code == 403


@ONCE
def test_who_is_hot_by_an_act_is_called_so_at_the_desk(
    house: House,
    browser_of: Callable[[Role], Browser],  # noqa: F811
) -> None:
    a_hot_reader(house)
    reader = the_reader(house)
    assert reader.score < 40
    assert "熱い見込み客" in browser_of(Role.MARKETER).get(f"/desk/readers/{reader.id}").text


@ONCE
def test_what_is_overdue_is_told_once_a_day_in_office_hours_until_it_is_done(
    house: House,
    browser_of: Callable[[Role], Browser],  # noqa: F811
) -> None:
    publish(house, firm=OFFICE)
    a_hot_reader(house)
    task = the_task(house)
    before = len(to_sales(house))
    came = []
    for hour in range(3 * 24):
        house.clock.now = datetime(2026, 11, 5, 12, 30, tzinfo=TOKYO)
        house.clock.advance(hours=hour)
        house.work()
        subjects = [str(mail["Subject"]) for mail in to_sales(house)[before:]]
        before += len(subjects)
        came += [f"{house.clock.now.astimezone(TOKYO):%a %H}" for s in subjects if "期日" in s]
    assert came == ["Fri 09"]  # no mail on a Saturday
    own, path = browser_of(Role.MARKETER), f"/desk/handoffs/{task.id}"
    house.clock.now = datetime(2026, 11, 9, 10, 0, tzinfo=TOKYO)
    assert "を過ぎています" in own.get("/desk/handoffs").text
    own.post(f"{path}/record", path, kind="called")
    house.work()
    assert len(to_sales(house)) == before
    house.clock.advance(days=8)
    house.work()
    late = [m["To"] for m in house.postbox.mails[-5:] if "期日を過ぎて" in str(m["Subject"])]
    assert late == ["marketer@example.jp"]  # whoever wrote something down owns it


@ONCE
def test_an_erased_readers_task_is_nobodys_and_tells_nothing(
    house: House,
    browser_of: Callable[[Role], Browser],  # noqa: F811
) -> None:
    from tracker.store import dossier

    a_hot_reader(house)
    own, task = browser_of(Role.MARKETER), the_task(house)
    path = f"/desk/handoffs/{task.id}"
    own.post(f"{path}/record", path, kind="called", text="社長の携帯は090")
    with reading(house.tools.engine) as connection:
        exported = dossier.export(connection, task.reader_id)
    assert exported["handoffs"][0]["id"] == task.id
    assert exported["handoff_entries"][0]["text"] == "社長の携帯は090"
    with writing(house.tools.engine) as connection:
        dossier.erase(connection, task.reader_id, house.clock())
    assert not the_task(house).is_open
    page = own.get(path).text
    assert "消去済み" in page
    assert "090" not in page
    assert 'method="post" action="/desk/handoffs' not in page
    assert own.get("/desk/handoffs?show=closed").status_code == 200


@ONCE
def test_no_chat_is_called_where_none_is_set_up(house: House) -> None:
    a_hot_reader(house)
    with reading(house.tools.engine) as connection:
        assert notifications.due(connection, house.clock(), 10) == []
