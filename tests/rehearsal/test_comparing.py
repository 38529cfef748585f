"""What new rules would make of everybody, before they hold; nothing is written."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import insert

from nurture_worker.readers.digest import digest
from nurture_worker.readers.rebuild import rebuild
from nurture_worker.rehearsal.comparing import Comparison, compare, lines
from tests import content
from tests.conftest import NOW, House
from tests.readers.test_following import kept, readers
from tracker.catalogue.scoring import Hot, HotAct, PointRule, StageRules
from tracker.store import tables
from tracker.store.engine import writing
from tracker.words import EventKind, Stage


@pytest.fixture
def store_url(empty_sqlite: Path, tmp_path: Path) -> str:
    shutil.copy(empty_sqlite, tmp_path / "store.db")
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def three(house: House) -> House:
    """One who downloaded a guide, one who read a case, one who confirmed and no more."""
    with writing(house.tools.engine) as connection:
        readers(connection, 3)
        rows = [(f"c{n}", EventKind.CONFIRM, n, "resources/guide/") for n in range(3)]
        rows += [("d0", EventKind.GATE_DOWNLOAD, 0, "resources/guide/")]
        rows += [("v1", EventKind.PAGE_VIEW, 1, "cases/metal/")]
        connection.execute(
            insert(tables.events),
            [
                {"id": id_, "at": NOW, "kind": kind, "reader_id": f"r{n}", "page": page}
                for id_, kind, n, page in rows
            ],
        )
    digest(house.tools)
    return house


def test_the_same_rules_change_nobody(three: House) -> None:
    found = compare(three.tools, content.catalogue())
    assert found == Comparison(readers=3, before=11, after=11, differences=[])
    assert list(lines(found, content.catalogue().scoring))[1] == (
        "  だれの段階も点数も変わりません"
    )


def test_new_rules_say_who_moves_who_turns_hot_and_who_is_scored_otherwise(three: House) -> None:
    rules = content.catalogue().scoring.model_copy(
        update={
            "points": (PointRule(id="view", event=EventKind.PAGE_VIEW, points=4),),
            "hot": Hot(
                at=40, acts=(HotAct(id="case", event=EventKind.PAGE_VIEW, pages=("/cases/*",)),)
            ),
            "stages": StageRules(needed=9, weights={EventKind.GATE_DOWNLOAD: 2}),
        }
    )
    before = kept(three)
    after = content.catalogue(scoring=rules)
    found = compare(three.tools, after)
    assert list(lines(found, rules)) == [
        "いまの site/ の決まりで計算し直すと（3人。何も書き換えません）:",
        "  段階が変わる: 1人（関心 → 認知 1人）",
        "  温まった読者になる: 1人、でなくなる: 0人",
        "  点数が変わる: 2人（1人平均 3.7点 → 1.3点）",
        "だれがどう変わるか:",
        "  r0@example.jp: 関心 → 認知、10.0点 → 0.0点",
        "  r1@example.jp: 1.0点 → 4.0点、温まった読者になる（case）",
    ]
    assert kept(three) == before
    after.write(three.tools.settings.catalogue_path)
    rebuild(three.tools)
    assert {row[0]: row[1] for row in kept(three)["readers"]} == dict.fromkeys(
        ("r0", "r1", "r2"), Stage.AWARENESS
    )


def test_no_more_are_named_than_can_be_read(three: House) -> None:
    rules = content.catalogue().scoring.model_copy(update={"points": ()})
    found = compare(three.tools, content.catalogue(scoring=rules))
    told = list(lines(found, rules, most=1))
    assert told[-2:] == ["だれがどう変わるか（はじめの1人）:", "  r0@example.jp: 10.0点 → 0.0点"]
