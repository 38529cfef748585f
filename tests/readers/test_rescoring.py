"""Everybody's score keeps up with the night and with the rules, by itself."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from nurture_worker.readers import batches
from nurture_worker.readers.digest import digest
from nurture_worker.readers.rebuild import rebuild
from nurture_worker.readers.rescoring import AT_WORK, LEASE, rescore
from tests import content
from tests.conftest import NOW, House
from tests.readers.test_following import Kept, kept, readers, told
from tracker.catalogue.scoring import PointRule
from tracker.store import cursors, tables
from tracker.store.engine import writing
from tracker.words import EventKind, Stage


@pytest.fixture
def store_url(empty_sqlite: Path, tmp_path: Path) -> str:
    shutil.copy(empty_sqlite, tmp_path / "store.db")
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def crowd(house: House) -> House:
    """Readers whose events are digested, scored once by the rules of the house."""
    chance = random.Random(5)
    with writing(house.tools.engine) as connection:
        readers(connection, 12)
        connection.execute(insert(tables.events), [told(chance, n, 12) for n in range(300)])
    digest(house.tools)
    assert rescore(house.tools) == 12
    return house


def publish(house: House, **changes: object) -> None:
    content.catalogue(**changes).write(house.tools.settings.catalogue_path)


def stages(kept_of: Kept) -> dict[str, Stage | None]:
    return {row[0]: row[1] for row in kept_of["readers"]}


def test_nothing_is_done_again_until_the_night(crowd: House) -> None:
    assert rescore(crowd.tools) is None
    crowd.clock.advance(hours=12)
    assert rescore(crowd.tools) is None
    before = sum(row[3] for row in kept(crowd)["readers"])
    crowd.clock.advance(hours=6)  # past two in the morning in Tokyo
    assert rescore(crowd.tools) == 12
    assert sum(row[3] for row in kept(crowd)["readers"]) < before
    assert rescore(crowd.tools) is None


def test_new_rules_score_everybody_anew_without_being_told(crowd: House) -> None:
    before = kept(crowd)
    rules = content.catalogue().scoring
    view = PointRule(id="view", event=EventKind.PAGE_VIEW, points=7)
    publish(crowd, scoring=rules.model_copy(update={"points": (view,)}))
    assert rescore(crowd.tools) == 12
    after = kept(crowd)
    assert {row[2] for row in after["score_entries"]} == {"view"}
    assert after["stage_changes"] == before["stage_changes"]
    rebuild(crowd.tools)
    assert kept(crowd) == after


def test_a_page_taken_down_takes_no_stage_back(crowd: House) -> None:
    before = kept(crowd)
    pages = content.catalogue().pages
    publish(crowd, pages=tuple(page for page in pages if page.path != "cases/metal.md"))
    assert rescore(crowd.tools) == 12
    assert Stage.UNDERSTANDING in stages(before).values()
    assert stages(kept(crowd)) == stages(before)


def test_a_worker_killed_on_the_way_is_followed_by_another(
    crowd: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 5)
    rules = content.catalogue().scoring
    publish(crowd, scoring=rules.model_copy(update={"half_life_days": 5}))
    beats = 0

    def killed(connection: object) -> None:
        nonlocal beats
        beats += 1
        if beats == 2:
            raise KeyboardInterrupt

    with writing(crowd.tools.engine) as connection:
        cursors.hold(connection, AT_WORK)
        cursors.move(connection, AT_WORK, int(crowd.clock().timestamp() * 1000))
    with pytest.raises(KeyboardInterrupt):
        rebuild(crowd.tools, every=False, beat=killed)
    half = kept(crowd)
    assert rescore(crowd.tools) is None, "while the lease of the killed one runs"
    crowd.clock.advance(seconds=LEASE.total_seconds())
    assert rescore(crowd.tools) == 12
    whole = kept(crowd)
    assert whole["readers"] != half["readers"]
    rebuild(crowd.tools)
    assert kept(crowd) == whole


def test_a_worker_told_to_end_leaves_the_rest_to_the_next(
    crowd: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.clock.advance(days=1)
    before = kept(crowd)
    each = batches.each

    def told_to_end(*args: Any, **more: Any) -> Iterator[Any]:
        for found in each(*args, **more):
            crowd.tools.stop.set()
            yield found

    monkeypatch.setattr(batches, "each", told_to_end)
    assert rescore(crowd.tools) is None
    assert kept(crowd) == before
    monkeypatch.undo()
    assert rescore(crowd.tools) is None, "it begins nothing new either"
    crowd.tools.stop.clear()
    assert rescore(crowd.tools) == 12
    assert kept(crowd) != before


def test_other_processes_come_to_the_same(crowd: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 5)
    before = kept(crowd)
    with writing(crowd.tools.engine) as connection:
        connection.execute(tables.score_entries.delete())
        connection.execute(update(tables.readers).values(score=0))
    assert rebuild(crowd.tools, processes=2) == 12
    assert kept(crowd) == before


def test_who_acted_meanwhile_is_not_overwritten(
    crowd: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = batches.each

    def looked(*args: Any, **more: Any) -> Iterator[Any]:
        for batch, found in each(*args, **more):
            with writing(crowd.tools.engine) as connection:
                connection.execute(
                    insert(tables.events).values(
                        id="late", at=NOW, kind=EventKind.INQUIRY, reader_id="r1", page="inquiry/"
                    )
                )
            digest(crowd.tools)
            yield batch, found

    monkeypatch.setattr(batches, "each", looked)
    with writing(crowd.tools.engine) as connection:
        connection.execute(update(tables.readers).values(score=99))  # something to write for all
    rebuild(crowd.tools, every=False)
    assert stages(kept(crowd))["r1"] == Stage.TRUST
    after = kept(crowd)
    monkeypatch.undo()
    rebuild(crowd.tools)
    assert kept(crowd) == after
