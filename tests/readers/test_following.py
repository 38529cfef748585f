"""What is kept of readers is what the log says of them, however it came there."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from nurture_worker.readers.digest import digest
from nurture_worker.readers.following import follow
from nurture_worker.readers.rebuild import rebuild
from tests.conftest import NOW, House
from tracker.store import tables
from tracker.store.engine import reading, writing
from tracker.words import EventKind, Stage

Kept = dict[str, list[tuple[Any, ...]]]

PAGES = ("articles/why/", "cases/metal/", "resources/guide/", "inquiry/", "gone/")
KINDS = (
    *(EventKind.PAGE_VIEW, EventKind.PAGE_END, EventKind.SECTION, EventKind.CTA_CLICK),
    *(EventKind.MAIL_CLICK, EventKind.GATE_DOWNLOAD, EventKind.CONFIRM, EventKind.MAIL_UNSUB),
    *(EventKind.STAGE_SET, EventKind.DIAGNOSIS),
)


def kept(house: House) -> Kept:
    """All that is concluded of everybody, but the ids and counters that mean nothing."""
    with reading(house.tools.engine) as connection:
        found: Kept = {}
        for table, columns in (
            (tables.score_entries, ("reader_id", "event_id", "rule", "at", "points")),
            (tables.stage_changes, ("reader_id", "from_stage", "to_stage", "event_id", "at")),
            (tables.readers, ("id", "stage", "stage_since", "score", "acted_at")),
        ):
            rows = connection.execute(select(*(table.c[name] for name in columns)))
            found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def readers(connection: Connection, count: int) -> None:
    for n in range(count):
        own = {"id": f"r{n}", "email": f"r{n}@example.jp", "email_normalised": f"r{n}@example.jp"}
        connection.execute(
            insert(tables.readers).values(created_at=NOW - timedelta(days=90), **own)
        )
        connection.execute(
            insert(tables.visitors).values(visitor=f"v{n}", reader_id=f"r{n}", since=NOW)
        )


def told(chance: random.Random, number: int, readers: int) -> dict[str, Any]:
    """Some event of some reader, not in order of time, under their name or as their visitor."""
    n, kind = chance.randrange(readers), chance.choice(KINDS)
    known = (
        kind in (EventKind.CONFIRM, EventKind.MAIL_CLICK, EventKind.MAIL_UNSUB, EventKind.STAGE_SET)
        or chance.random() < 0.3
    )
    data: dict[str, Any] | None = None
    if kind is EventKind.PAGE_END:
        data = {"done": chance.random() < 0.8}
    elif kind is EventKind.STAGE_SET:
        data = {"stage": chance.choice(list(Stage)), "for": "talked"}
    elif kind is EventKind.DIAGNOSIS:
        data = {"answered": f"e{number - 1}"}
    return {
        "id": f"e{number}",
        "at": NOW - timedelta(minutes=chance.randrange(80 * 24 * 60)),
        "kind": kind,
        "reader_id": f"r{n}" if known else None,
        "visitor": None if known else f"v{n}",
        "view": f"w{number // 3}",
        "page": chance.choice(PAGES),
        "delivery_id": f"d{n}" if kind is EventKind.MAIL_CLICK else None,
        "data": data,
    }


def judged(chance: random.Random, event_id: str) -> dict[str, Any]:
    verdict = chance.choice(["human", "human", "machine", "unsure"])
    own = {"event_id": event_id, "verdict": verdict, "total": 1.0, "signs": []}
    return {**own, "rules_version": 1, "decided_at": NOW, "forwarded": None}


@pytest.mark.parametrize("seed", range(2))
def test_what_was_concluded_bit_by_bit_is_what_is_concluded_from_nothing(
    house: House, seed: int
) -> None:
    chance = random.Random(seed)
    with writing(house.tools.engine) as connection:
        readers(connection, 6)
    number = 0
    for _ in range(8):
        with writing(house.tools.engine) as connection:
            for _ in range(chance.randrange(1, 30)):
                row = told(chance, number, 6)
                connection.execute(insert(tables.events).values(**row))
                if row["kind"] is EventKind.MAIL_CLICK and chance.random() < 0.8:
                    connection.execute(insert(tables.verdicts).values(**judged(chance, row["id"])))
                number += 1
        digest(house.tools)
    bit_by_bit = kept(house)
    with writing(house.tools.engine) as connection:
        connection.execute(delete(tables.score_entries))
        connection.execute(delete(tables.stage_changes))
        forgotten = {"stage": None, "stage_since": None, "score": 0, "acted_at": None}
        connection.execute(update(tables.readers).values(forgotten))
    assert kept(house) != bit_by_bit
    rebuild(house.tools)
    assert kept(house) == bit_by_bit
    assert len(bit_by_bit["stage_changes"]) > 6


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_scanners_clicks_never_count_and_one_found_out_later_counts_no_more(
    house: House,
) -> None:
    def stage_and_rules(verdict: str) -> tuple[Stage | None, set[str]]:
        with writing(house.tools.engine) as connection:
            connection.execute(update(tables.verdicts).values(verdict=verdict))
            follow(house.tools, connection, "r0", house.clock())
        found = kept(house)
        return found["readers"][0][1], {row[2] for row in found["score_entries"]}

    with writing(house.tools.engine) as connection:
        readers(connection, 1)
        own = {"at": NOW, "reader_id": "r0"}
        clicks = [
            {
                "id": f"e{n}",
                "kind": EventKind.MAIL_CLICK,
                "page": "inquiry/",
                "delivery_id": f"d{n}",
            }
            for n in (1, 2)
        ]
        confirm = {"id": "e0", "kind": EventKind.CONFIRM, "page": None, "delivery_id": None}
        connection.execute(insert(tables.events), [{**row, **own} for row in (confirm, *clicks)])
        chance = random.Random(1)
        connection.execute(
            insert(tables.verdicts), [judged(chance, str(row["id"])) for row in clicks]
        )
    assert stage_and_rules("machine") == ("awareness", set())
    assert stage_and_rules("unsure") == ("awareness", set())
    assert stage_and_rules("human") == ("trust", {"click", "trust-click"})
    assert stage_and_rules("machine") == ("awareness", set())
