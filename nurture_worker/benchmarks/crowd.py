"""A made-up crowd of readers with all they did, written straight into a store of SQLite."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tracker.catalogue import Catalogue
from tracker.catalogue.pages import Page
from tracker.store.engine import upgrade
from tracker.store.tables import EPOCH
from tracker.words import EventKind, PageKind, Stage

PERIOD = timedelta(days=180)
"""What lies between the first event of a crowd and its last."""

_EVENT = (
    "INSERT INTO events (seq, id, at, kind, reader_id, visitor, view, page, section, cta, gate,"
    " delivery_id, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_AT_ONCE = 100_000
_HUMAN = json.dumps({"verdict": "human"})


@dataclass(frozen=True)
class Crowd:
    """``readers`` known readers with ``events`` events up to ``now``, a share of them unread by
    the digest: the last ``fresh``."""

    readers: int
    events: int
    fresh: int
    now: datetime
    seed: int = 1


def reader_id(number: int) -> str:
    return f"r{number:08d}"


def write(crowd: Crowd, catalogue: Catalogue, path: Path) -> None:
    """Make the store at ``path``, with all of ``crowd`` on its way through the first scenario of
    their stage: the first step sent and the second to be planned. Nothing is concluded yet."""
    upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA cache_size=-400000")
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            " AND tbl_name = 'events'"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"')
        _people(connection, crowd, catalogue)
        _log(connection, crowd, catalogue)
        for _, sql in indexes:
            connection.execute(sql)
        connection.execute(
            "INSERT INTO cursors (name, seq) VALUES ('digest', ?)", (crowd.events - crowd.fresh,)
        )
        connection.commit()
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode=WAL")


def _people(connection: sqlite3.Connection, crowd: Crowd, catalogue: Catalogue) -> None:
    begun = _ms(crowd.now - PERIOD)
    numbers = range(crowd.readers)
    connection.executemany(
        "INSERT INTO readers (id, email, email_normalised, name, company, created_at, confirmed_at,"
        " opted_in_at, acted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                reader_id(n),
                f"reader-{n}@company-{n % 5000}.example.jp",
                f"reader-{n}@company-{n % 5000}.example.jp",
                f"読者{n}",
                f"株式会社{n % 5000}",
                *[begun] * 4,
            )
            for n in numbers
        ),
    )
    connection.executemany(
        "INSERT INTO visitors (visitor, reader_id, since) VALUES (?, ?, ?)",
        ((f"v{n:08d}", reader_id(n), begun) for n in numbers),
    )
    scenario = catalogue.scenario_for(Stage.AWARENESS)
    assert scenario is not None
    yesterday = crowd.now - timedelta(days=scenario.steps[0].day)
    connection.executemany(
        "INSERT INTO enrolments (id, reader_id, scenario, started_at) VALUES (?, ?, ?, ?)",
        ((f"e{n:08d}", reader_id(n), scenario.id, _ms(yesterday) - 601 * n) for n in numbers),
    )
    connection.executemany(
        "INSERT INTO deliveries (id, key, kind, channel, reader_id, enrolment_id, scenario, step,"
        " message_id, state, planned_at, due_at, settled_at)"
        " VALUES (?, ?, 'step', 'mail', ?, ?, ?, ?, ?, 'sent', ?, ?, ?)",
        (
            (
                f"d{n:08d}",
                f"step:e{n:08d}:{scenario.steps[0].id}",
                reader_id(n),
                f"e{n:08d}",
                scenario.id,
                scenario.steps[0].id,
                f"<d{n:08d}@example.jp>",
                *[_ms(yesterday)] * 3,
            )
            for n in numbers
        ),
    )


def _log(connection: sqlite3.Connection, crowd: Crowd, catalogue: Catalogue) -> None:
    rows: list[tuple[Any, ...]] = []
    hits: list[tuple[Any, ...]] = []
    for seq, row in enumerate(_events(crowd, catalogue), start=1):
        event_id = f"{seq:x}-{row[1]}"
        rows.append((seq, event_id, *row))
        if row[1] == EventKind.MAIL_CLICK:
            hits.append((event_id, "human", 2.0, "[]", 1, row[0], row[9], row[0]))
        if len(rows) >= _AT_ONCE:
            connection.executemany(_EVENT, rows)
            rows.clear()
    connection.executemany(_EVENT, rows)
    connection.executemany(
        "INSERT INTO verdicts (event_id, verdict, total, signs, rules_version, decided_at,"
        " delivery_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        hits,
    )


def _events(crowd: Crowd, catalogue: Catalogue) -> Iterator[tuple[Any, ...]]:
    """The columns of ``events`` behind ``id``, in order of their time, as many as there are to be.

    Everybody confirms an address and downloads something; the rest are visits, a page at a time,
    and now and then a link of a mail. A visit tells of the page, of headings and CTAs seen, of the
    end, and sometimes of a CTA pressed.
    """
    chance = random.Random(crowd.seed)  # noqa: S311
    pages = [
        p for p in catalogue.pages if p.kind in (PageKind.ARTICLE, PageKind.CASE, PageKind.VOICE)
    ]
    gates = [p for p in catalogue.pages if p.gate]
    begin, end = _ms(crowd.now - PERIOD), _ms(crowd.now)
    starts = sorted(
        (chance.randrange(begin, begin + (end - begin) // 3), n) for n in range(crowd.readers)
    )
    left = crowd.events
    for at, n in starts:
        if left < 2:
            return
        gate = chance.choice(gates)
        assert gate.gate is not None
        about = (reader_id(n), None, None, gate.url, None, None, gate.gate.id, None, None)
        yield (at, "confirm", *about)
        yield (at + 1, "gate_download", *about)
        left -= 2
    later = begin + (end - begin) // 3
    views = 2 * left // 9 + crowd.readers  # more than there is room for
    for at in sorted(chance.randrange(later, end) for _ in range(views)):
        for row in _visit(chance, at, chance.randrange(crowd.readers), chance.choice(pages)):
            if not left:
                return
            left -= 1
            yield row


def _visit(chance: random.Random, at: int, n: int, page: Page) -> Iterator[tuple[Any, ...]]:
    view = f"w{chance.getrandbits(60):015x}"

    def told(
        kind: str,
        after: int,
        section: int | None = None,
        cta: str | None = None,
        data: str | None = None,
    ) -> tuple[Any, ...]:
        return (at + after, kind, None, f"v{n:08d}", view, page.url, section, cta, None, None, data)

    if chance.random() < 0.2:
        hit = (at, "mail_click", reader_id(n), None, None, page.url, None, None, None, f"d{n:08d}")
        yield (*hit, '{"ua": "Mozilla/5.0", "net": "192.0.2.0/24"}')
    yield told("page_view", 50, data='{"ref": "mail", "title": "t"}')
    for section in page.sections[: chance.randrange(1, 4)]:
        yield told("section", 1000 * section.index, section.index)
    for cta in page.ctas[:1]:
        yield told("cta_seen", 9000, cta.section, cta.id)
        if chance.random() < 0.1:
            yield told("cta_click", 9500, cta.section, cta.id)
    done = "true" if chance.random() < 0.5 else "false"
    yield told("page_end", 60_000, data=f'{{"done": {done}, "active_ms": 40000}}')


def _ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)
