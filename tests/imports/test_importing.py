"""Reading from another system: counted like our own, nobody in person, each fact once."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from nurture_worker.imports.events import import_facts, told
from nurture_worker.readers.digest import digest
from tests.conftest import House
from tracker.store import events, reading
from tracker.store.engine import reading as at_rest
from tracker.store.tables import EPOCH, deliveries
from tracker.store.tables import events as log
from tracker.words import EventKind

NOON = 1_790_000_000_000
WHY = "articles/why/"
VIEW = {"id": 1, "ts": NOON, "e": "page_view", "pv": "p", "sid": "s", "vid": "v", "page": WHY,
        "ref": "search"}  # fmt: skip


def in_house(house: House, folder: Path, *facts: Any) -> list[str]:
    path = folder / "facts.jsonl"
    lines = [fact if isinstance(fact, str) else json.dumps(fact) for fact in facts]
    path.write_text("\n".join(lines), encoding="utf-8")
    return list(told(import_facts(house.tools.engine, house.tools.catalogue, path, house.clock())))


def test_what_is_imported_counts_like_our_own_reading(house: House, tmp_path: Path) -> None:
    said = in_house(
        house,
        tmp_path,
        {"id": 2, "e": "section", "pv": "p", "i": 2},  # before its view in the file
        VIEW,
        {"id": 3, "e": "cta_click", "pv": "p", "ts": NOON + 9, "cta": "guide-in-why"},
        {"id": 4, "e": "page_end", "pv": "p", "dwell_ms": 5000, "active_ms": 4000, "done": True},
        {"id": 5, "e": "gate_open", "ts": NOON + 10, "sid": "s", "gate": "guide"},
        {"id": 6, "e": "gate_submit", "ts": NOON + 20, "sid": "s", "gate": "guide", "lead": "L1"},
        {"id": 7, "e": "inquiry", "ts": NOON + 90, "lead": "L1", "via": "gate"},
    )
    assert said == ["7件の出来事を取り込みました"]
    with at_rest(house.tools.engine) as connection:
        since = EPOCH.fromtimestamp(NOON / 1000, EPOCH.tzinfo)
        counts = reading.counts(connection, since, house.clock())
    page = counts.pages[WHY]
    assert (page.views, page.done, page.active_ms) == (1, 1, 4000)
    assert page.ctas["guide-in-why"].clicked == 1
    form = counts.forms["guide"]
    assert (form.opened, form.sent, form.leads, form.inquirers) == (1, 1, 1, 1)
    assert counts.inquiries == 1


def test_a_fact_is_one_event_however_often_it_is_imported(house: House, tmp_path: Path) -> None:
    in_house(house, tmp_path, VIEW, VIEW)
    assert in_house(house, tmp_path, VIEW, {**VIEW, "id": 9, "pv": "q"}) == [
        "1件の出来事を取り込みました（ほかに1件は取り込み済み）"
    ]


def test_nobody_is_written_to_for_an_imported_inquiry(house: House, tmp_path: Path) -> None:
    in_house(house, tmp_path, {"id": 7, "e": "inquiry", "ts": NOON, "lead": "hana@example.jp"})
    digest(house.tools)
    with at_rest(house.tools.engine) as connection:
        assert connection.execute(select(deliveries)).all() == []
        (event,) = connection.execute(select(log))
    assert event.kind == EventKind.INQUIRY
    assert "hana" not in json.dumps(event.data), "a lead's name stays outside the log"


def test_what_has_no_place_in_the_log_is_told_in_numbers(house: House, tmp_path: Path) -> None:
    said = in_house(
        house,
        tmp_path,
        VIEW,
        {**VIEW, "id": 8, "pv": "o", "page": "nowhere/"},
        {"id": 9, "e": "page_end", "pv": "o", "active_ms": 1},
        {"id": 10, "e": "cta_seen", "pv": "p", "cta": "gone"},
        {"id": 11, "e": "gate_open", "ts": NOON, "sid": "s", "gate": "gone"},
        {"id": 12, "e": "deal", "lead": "L1", "outcome": "won"},
        {**VIEW, "id": 13, "ts": 99_999_999_999_999},
        {"id": 14, "e": "section", "pv": "p", "i": -1},
        "{",
    )
    assert said[0] == "1件の出来事を取り込みました"
    assert set(said[1:6]) == {
        "取り込まなかったもの: サイトにないページの閲覧 1件",
        "取り込まなかったもの: サイトにないページでの出来事 1件",
        "取り込まなかったもの: ページにないCTA 1件",
        "取り込まなかったもの: サイトにないフォームでの出来事 1件",
        "取り込まなかったもの: deal は取り込みません（読者は sodate reader import で） 1件",
    }
    assert said[6:9] == [
        "7行目: ts（時刻）が未来です",
        "8行目: i が0以上の整数ではありません",
        "9行目: JSON として読めません",
    ]
    with at_rest(house.tools.engine) as connection:
        assert events.last_seq(connection) == 1
