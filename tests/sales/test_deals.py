"""Deals come back by file and by webhook: once, and all mail stops at once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from werkzeug.test import TestResponse

from nurture_worker.commands.importing import deals as command
from nurture_worker.imports.deal_imports import Imported, import_deals
from nurture_worker.sending.delivering import send_due
from tests.conftest import House
from tests.desk.conftest import Browser, browser_of  # noqa: F401 - a fixture
from tests.desk.story import Story
from tests.sales.test_handoffs import a_hot_reader, selling, the_task, to_reader
from tests.scenarios.test_trusted_scenarios import reasons
from tests.walking import become_a_reader, the_reader
from tracker.doors.webhooks import own
from tracker.store import deals, deliveries, suppressions
from tracker.store import events as log
from tracker.store.deals import Came
from tracker.store.engine import reading, writing
from tracker.store.tables import deals as table
from tracker.words import DealOutcome, DealSource, DeliveryState, EventKind, MailKind, Role

ONCE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
SECRET = "a-secret-of-the-crm"
HEAD = "取引ID,メール,結果,金額,日付,失注理由\n"


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return selling(make_house, deals_secret=SECRET)


def take(house: House, *lines: str, dry_run: bool = False) -> Imported:
    raw = (HEAD + "".join(f"{line}\n" for line in lines)).encode("cp932")
    return import_deals(house.tools, raw, {}, dry_run=dry_run)


def kept(house: House) -> list[tuple[str, str, int | None]]:
    with reading(house.tools.engine) as connection:
        rows = connection.execute(
            select(table.c.key, table.c.outcome, table.c.amount).order_by(table.c.recorded_at)
        )
        return [tuple(row) for row in rows]


def deal_events(house: House) -> list[EventKind]:
    with reading(house.tools.engine) as connection:
        done = log.of_reader(connection, the_reader(house).id)
    return [e.kind for e in done if e.kind in (EventKind.DEAL_WON, EventKind.DEAL_LOST)]


def test_a_file_ends_what_is_planned_before_anything_is_digested(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    found = take(house, "D-1,taro@example.jp,受注,500000,2026-11-02,", dry_run=True)
    assert (found.came[Came.NEW], kept(house)) == (1, [])
    assert reasons(house)["thanks"] == "planned"
    found = take(house, "D-1,taro@example.jp,受注,500000,2026-11-02,")
    assert (found.came[Came.NEW], found.won) == (1, 500_000)
    assert reasons(house)["thanks"] == "cancelled deal"
    assert send_due(house.tools) == 0
    house.clock.advance(days=200)
    house.work()
    assert len(to_reader(house)) == 1
    assert deal_events(house) == [EventKind.DEAL_WON]


@ONCE
def test_the_same_file_again_changes_nothing_and_a_corrected_one_what_it_corrects(
    house: House,
) -> None:
    become_a_reader(house)
    line = "D-1,taro@example.jp,受注,500000,2026-10-30,"
    without_id = ",taro@example.jp,失注,,2026-10-01,価格"
    assert take(house, line, without_id).came[Came.NEW] == 2
    again = take(house, line, without_id)
    assert (again.came[Came.KNOWN], again.came[Came.NEW], again.won) == (2, 0, 0)
    assert take(house, line.replace("500000", "700000")).came[Came.CHANGED] == 1
    assert sorted(amount or 0 for _, _, amount in kept(house)) == [0, 700_000]
    assert deal_events(house) == [EventKind.DEAL_LOST, EventKind.DEAL_WON]


@ONCE
def test_an_old_deal_ends_what_began_before_it_and_nothing_later(house: House) -> None:
    become_a_reader(house)
    take(house, "D-1,taro@example.jp,失注,,2026-08-01,時期が合わない")
    assert reasons(house)["thanks"] == "planned"
    take(house, "D-2,taro@example.jp,失注,,2026-10-15,時期が合わない")
    assert reasons(house)["thanks"] == "cancelled deal"


@ONCE
def test_rows_about_nobody_are_told_by_their_line(house: House) -> None:
    become_a_reader(house)
    found = take(house, "D-1,nobody@example.jp,受注,1,2026-10-01,", "D-2,?,受注,1,2026-10-01,")
    assert [bad.line for bad in found.bad] == [2, 3]
    assert "このアドレスの読者はいません" in str(found.bad[0])
    assert kept(house) == []


@ONCE
def test_what_the_desk_told_and_the_file_tells_again_is_one_deal(
    house: House,
    browser_of: Callable[[Role], Browser],  # noqa: F811
) -> None:
    a_hot_reader(house)
    own_browser, path = browser_of(Role.MARKETER), f"/desk/handoffs/{the_task(house).id}"
    own_browser.post(f"{path}/close", path, outcome="won", amount="500000")
    take(house, "D-1,taro@example.jp,受注,500000,2026-11-01,")
    assert kept(house) == [("deal:D-1", "won", 500_000)]
    take(house, "D-2,taro@example.jp,受注,500000,2026-11-03,")
    assert [key for key, _, _ in kept(house)] == ["deal:D-1", "deal:D-2"]


@ONCE
def test_a_deal_from_a_file_ends_the_open_task_with_it(house: House) -> None:
    a_hot_reader(house)
    take(house, "D-1,taro@example.jp,失注,,2026-11-03,連絡がとれない")
    task = the_task(house)
    assert (task.outcome, task.is_open) == (DealOutcome.LOST, False)
    with reading(house.tools.engine) as connection:
        deal = deals.of_handoff(connection, task.id)
    assert deal is not None
    assert deal.source is DealSource.FILE


@ONCE
def test_a_wrong_amount_is_corrected_at_the_desk_and_counted_once(
    house: House,
    browser_of: Callable[[Role], Browser],  # noqa: F811
) -> None:
    a_hot_reader(house)
    own_browser, task = browser_of(Role.MARKETER), the_task(house)
    path = f"/desk/handoffs/{task.id}"
    for wrong in ("", "-5", "たくさん"):
        answer = own_browser.post(f"{path}/close", path, outcome="won", amount=wrong, text="メモ")
        assert answer.status_code == 422
        assert "円の整数で入力してください" in answer.text
        assert ">メモ</textarea>" in answer.text
    own_browser.post(f"{path}/close", path, outcome="won", amount="50000")
    own_browser.post(f"{path}/close", path, outcome="won", amount="500000")
    assert [amount for _, _, amount in kept(house)] == [500_000]
    assert deal_events(house) == [EventKind.DEAL_WON]
    assert own_browser.post(f"{path}/close", path, outcome="lost").status_code == 422


@ONCE
def test_the_command_tells_in_japanese_and_fails_for_bad_rows(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    become_a_reader(house)
    monkeypatch.setattr("nurture_worker.tools.tools", lambda: house.tools)
    file = tmp_path / "deals.csv"
    file.write_text(HEAD + "D-1,taro@example.jp,受注,500000,2026-10-30,\n", "utf-8-sig")
    dry = CliRunner().invoke(command, ["import", str(file), "--dry-run"])
    assert dry.exit_code == 0
    assert "取り込むと、新しい結果 1件" in dry.output
    done = CliRunner().invoke(command, ["import", str(file)])
    assert (
        "新しい結果 1件、変わった結果 0件、もう知っている結果 0件（受注 500,000円）" in done.output
    )
    file.write_text(HEAD + "D-2,hana@example.jp,受注,1,2026-10-30,\n", "utf-8")
    bad = CliRunner().invoke(command, ["import", str(file)])
    assert bad.exit_code == 1
    assert f"{file}:2行目: このアドレスの読者はいません" in bad.output
    file.write_bytes(b"\xff\xfe\x00")
    none = CliRunner().invoke(command, ["import", str(file)])
    assert none.exit_code == 1
    assert "Error: " in none.output


def tell(house: House, told: Any, *, secret: str = SECRET, at: float = 0) -> TestResponse:
    body = json.dumps(told).encode()
    stamp = int(house.clock.now.timestamp() + at)
    headers = {own.SIGNATURE: own.sign(secret, stamp, body)}
    return house.browser().post("/webhooks/deals", data=body, headers=headers)


WON = {"id": "D-9", "email": "Taro@example.jp", "outcome": "won", "amount": 300_000}


@ONCE
def test_a_signed_call_tells_a_deal_once_and_ends_the_scenarios(house: House) -> None:
    become_a_reader(house)
    for _ in range(2):
        assert tell(house, WON).status_code == 200
        house.work()
        house.clock.advance(minutes=5)
    assert kept(house) == [("deal:D-9", "won", 300_000)]
    assert reasons(house)["thanks"] == "cancelled deal"
    assert tell(house, [{**WON, "amount": 350_000, "closed_at": "2026-11-01"}]).status_code == 200
    house.work()
    assert kept(house) == [("deal:D-9", "won", 350_000)]
    with reading(house.tools.engine) as connection:
        (deal,) = deals.of_reader(connection, the_reader(house).id)
    assert deal.closed_at == datetime(2026, 10, 31, 15, 0, tzinfo=UTC)  # midnight in Tokyo


@ONCE
def test_a_call_that_is_not_signed_or_old_or_about_nobody_changes_nothing(house: House) -> None:
    become_a_reader(house)
    assert tell(house, WON, secret="another-secret-altogether").status_code == 403
    assert tell(house, WON, at=-601).status_code == 403
    assert house.browser().post("/webhooks/deals", data=b"{}").status_code == 400
    assert tell(house, {**WON, "outcome": "maybe"}).status_code == 200
    assert tell(house, {**WON, "email": "nobody@example.jp"}).status_code == 200
    house.work()
    assert kept(house) == []
    with reading(house.tools.engine) as connection:
        assert suppressions.counts(connection)[("deals", "unknown")] == 1


@ONCE
def test_without_a_secret_there_is_no_such_door(make_house: Callable[..., House]) -> None:
    bare = make_house()
    assert bare.browser().post("/webhooks/deals", data=b"{}").status_code == 404


@ONCE
def test_a_deal_takes_back_an_issue_of_the_newsletter_that_waits(house: House) -> None:
    become_a_reader(house)
    with writing(house.tools.engine) as connection:
        Story(connection).mail(
            "issue",
            the_reader(house).id,
            DeliveryState.PLANNED,
            kind=MailKind.NEWSLETTER,
            scenario=None,
            step=None,
            at=house.clock.now,
        )
    take(house, "D-1,taro@example.jp,失注,,2026-11-02,価格")
    with reading(house.tools.engine) as connection:
        issue = deliveries.get(connection, "issue")
    assert issue is not None
    assert (issue.state, issue.reason) == (DeliveryState.CANCELLED, "deal")
