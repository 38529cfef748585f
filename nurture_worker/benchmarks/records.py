"""A store full of made-up readers and their events, in bulk: what reports are measured on."""

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from random import Random
from typing import Any

from sqlalchemy import Engine, Table

from nurture_worker.benchmarks.site import Say
from tracker.catalogue import Catalogue
from tracker.catalogue.pages import Page
from tracker.store.tables import (
    deals,
    deliveries,
    enrolments,
    events,
    handoffs,
    inquiries,
    readers,
    stage_changes,
    verdicts,
    visitors,
)
from tracker.words import EventKind, PageKind, Stage

DAYS = 365
_AT_ONCE = 20_000
_TOLD_EVERY = 1_000_000
_REFS = ("search", "search", "search", "social", "referral", None)
_DAY_MS = 86_400_000
_KNOWN = 0.03
"""Of the visitors, so many give an address: two readers in 1,000 events, as on a site whose 50,000
visits a month bring 770 leads."""

_READING = (PageKind.ARTICLE, PageKind.CASE, PageKind.VOICE)

Rows = dict[str, list[tuple[Any, ...]]]
_COLUMNS: dict[str, tuple[Table, tuple[str, ...]]] = {
    "readers": (
        readers,
        ("id", "created_at", "confirmed_at", "stage", "stage_since", "score", "inquired_at",
         "email", "email_normalised", "acted_at", "wants_step", "wants_seminar",
         "wants_newsletter"),
    ),
    "visitors": (visitors, ("visitor", "reader_id", "since")),
    "enrolments": (
        enrolments, ("id", "reader_id", "scenario", "started_at", "ended_at", "occasion", "arm")
    ),
    "deliveries": (
        deliveries,
        ("id", "key", "kind", "channel", "reader_id", "enrolment_id", "scenario", "step",
         "message_id", "state", "attempts", "planned_at", "due_at", "settled_at"),
    ),
    "events": (
        events,
        ("id", "at", "kind", "reader_id", "visitor", "view", "page", "section", "cta", "gate",
         "delivery_id", "data"),
    ),
    "verdicts": (
        verdicts,
        ("event_id", "verdict", "total", "signs", "rules_version", "decided_at", "delivery_id",
         "at", "neighbours"),
    ),
    "stage_changes": (stage_changes, ("id", "reader_id", "at", "from_stage", "to_stage")),
    "inquiries": (inquiries, ("event_id", "reader_id", "at", "message")),
    "handoffs": (
        handoffs,
        ("id", "reader_id", "cause", "opened_at", "due_at", "score", "reasons", "first_touch_at",
         "met_at", "closed_at", "outcome"),
    ),
    "deals": (
        deals,
        ("id", "key", "reader_id", "handoff_id", "outcome", "amount", "note", "closed_at",
         "recorded_at", "ends_at", "source"),
    ),
}  # fmt: skip


class Records:
    """Makes visitors one by one, in the order of their first visits, until there are about ``many``
    events. The same ``seed`` makes the same records."""

    def __init__(self, catalogue: Catalogue, many: int, now: datetime, seed: int = 1) -> None:
        self._many = many
        self._random = Random(seed)  # noqa: S311 - no secret
        self._end = int(now.timestamp() * 1000)
        self._begin = self._end - DAYS * _DAY_MS
        self._pages = [page for page in catalogue.pages if page.kind in _READING]
        self._weights = [1 / (place + 2) for place in range(len(self._pages))]
        self._gates = [page for page in catalogue.pages if page.gate]
        self._scenarios = [s for s in catalogue.scenarios if s.steps]
        self._number = 0
        self.rows: Rows = {name: [] for name in _COLUMNS}
        self.made = 0

    @property
    def at(self) -> int:
        """Who comes now does nothing before then (UTC ms)."""
        part = min(1.0, self.made / self._many)
        return self._begin + int(part * (self._end - self._begin))

    def visitor(self) -> None:
        """One more visitor with all they ever do."""
        dice = self._random
        self._number += 1
        number = self._number
        name = f"{number:032x}"
        at = self.at
        known = dice.random() < _KNOWN
        source = dice.choice(_REFS)
        eager = 0
        for visit in range(dice.choice((3, 4, 6, 9)) if known else dice.choice((1, 1, 1, 2, 4))):
            if at >= self._end:
                break
            page = dice.choices(self._pages, self._weights)[0]
            view = f"{number:012x}{visit:04x}"
            eager += self._view(page, view, name, at, source if visit == 0 else "internal")
            at += dice.choice((60_000, 240_000, 3 * _DAY_MS, 9 * _DAY_MS))
        if known and at < self._end:
            self._reader(number, name, at, eager)

    def _view(self, page: Page, view: str, name: str, at: int, ref: str | None) -> int:
        dice = self._random
        sections = len(page.sections)
        self._event(f"{view}:0", at, EventKind.PAGE_VIEW, visitor=name, view=view, page=page.url,
                    data={"ref": ref} if ref else {})  # fmt: skip
        reached = min(sections, int(dice.expovariate(0.25)))
        place = 1
        for section in range(1, reached + 1):
            at += 20_000
            self._event(f"{view}:{place}", at, EventKind.SECTION, visitor=name, view=view,
                        page=page.url, section=section)  # fmt: skip
            place += 1
        clicked = 0
        for cta in page.ctas:
            if cta.section <= reached:
                self._event(f"{view}:{place}", at, EventKind.CTA_SEEN, visitor=name, view=view,
                            page=page.url, cta=cta.id)  # fmt: skip
                place += 1
                if dice.random() < 0.05:
                    clicked += 1
                    self._event(f"{view}:{place}", at, EventKind.CTA_CLICK, visitor=name,
                                view=view, page=page.url, cta=cta.id)  # fmt: skip
                    place += 1
        done = reached == sections
        self._event(f"{view}:{place}", at + 5000, EventKind.PAGE_END, visitor=name, view=view,
                    page=page.url, data={"active_ms": 4000 + 15_000 * reached, "dwell_ms": 30_000,
                                         "done": done})  # fmt: skip
        return clicked + (done and page.kind is PageKind.CASE)

    def _reader(self, number: int, name: str, at: int, eager: int) -> None:
        dice = self._random
        own = f"r{number:x}"
        if self._gates:
            gate = dice.choice(self._gates)
            assert gate.gate is not None
            self._event(f"s{own}", at, EventKind.GATE_SUBMIT, reader_id=own, visitor=name,
                        page=gate.url, gate=gate.gate.id)  # fmt: skip
        self._event(f"c{own}", at + 60_000, EventKind.CONFIRM, reader_id=own, visitor=name)
        confirmed = at = at + 60_000
        for visit in range(dice.choice((0, 1, 3, 6))):
            later = confirmed + (visit * 5 + dice.randrange(5)) * _DAY_MS
            if later < self._end:
                page = dice.choices(self._pages, self._weights)[0]
                eager += self._view(page, f"{number:012x}{32 + visit:04x}", name, later, "mail")
        changes = [(confirmed, Stage.AWARENESS)]
        for stage in list(Stage)[1:]:
            at = self._mails(own, number, changes[-1][1], at)
            later = at + int(dice.expovariate(1 / (12 * _DAY_MS)))
            if dice.random() < 0.3 + 0.2 * min(eager, 2) and later < self._end:
                changes.append((later, stage))
                at = later
            else:
                break
        inquired = None
        if changes[-1][1].rank >= 2 and dice.random() < 0.4:
            later = changes[-1][0] + int(dice.expovariate(1 / (10 * _DAY_MS)))
            inquired = later if later < self._end else None
        if inquired:
            self._event(f"q{own}", inquired, EventKind.INQUIRY, reader_id=own, page="inquiry/")
            self.rows["inquiries"].append((f"q{own}", own, inquired, "相談したいです。"))
            self._sale(own, inquired)
        before = None
        for when, stage in changes:
            row = (f"{own}-{stage.rank}"[:20], own, when, before, stage.value)
            self.rows["stage_changes"].append(row)
            before = stage.value
        score = 10.0 * changes[-1][1].rank + 20 * dice.random() + 8 * eager
        self.rows["readers"].append(
            (own, confirmed, confirmed, changes[-1][1].value, changes[-1][0], score, inquired,
             f"{own}@example.jp", f"{own}@example.jp", at, True, True, False)
        )  # fmt: skip
        self.rows["visitors"].append((name, own, confirmed))

    def _sale(self, own: str, at: int) -> None:
        """Given to sales, and what became of it so far."""
        dice = self._random
        touched, met, closed = (
            at + int(dice.expovariate(1 / days) * _DAY_MS) for days in (0.4, 9, 40)
        )
        ended = sorted(when for when in (touched, met, closed) if when < self._end)
        told = [*ended, *[None] * (3 - len(ended))]
        won = dice.random() < 0.3
        outcome = None if told[2] is None else "won" if won else "lost"
        self.rows["handoffs"].append(
            (f"h{own}", own, "inquiry", at, at + _DAY_MS, 60 * dice.random() + 20, [], *told,
             outcome)
        )  # fmt: skip
        if told[2] is not None:
            self.rows["deals"].append(
                (f"d{own}", f"d{own}", own, f"h{own}", outcome,
                 dice.randrange(200_000, 5_000_000) if won else None, "", told[2], told[2],
                 told[2] + 180 * _DAY_MS, "desk")
            )  # fmt: skip

    def _mails(self, own: str, number: int, stage: Stage, at: int) -> int:
        """The mails of one stage's scenario, with what was clicked by people and by machines."""
        dice = self._random
        scenario = next((s for s in self._scenarios if s.stage is stage), None)
        if scenario is None:
            return at
        enrolment = f"e{number:x}-{stage.rank}"
        held = dice.random() < 0.2
        self.rows["enrolments"].append(
            (enrolment, own, scenario.id, at, None, "", "held_out" if held else "mailed")
        )
        last = at
        for place, step in enumerate(scenario.steps if not held else ()):
            sent = at + step.day * _DAY_MS
            if sent >= self._end:
                break
            mail = f"m{number:x}-{stage.rank}-{place}"
            self.rows["deliveries"].append(
                (mail, mail, "step", "mail", own, enrolment, scenario.id, step.id,
                 f"<{mail}@example.jp>", "sent", 1, sent, sent, sent)
            )  # fmt: skip
            last = sent
            for person, chance in ((True, 0.25), (False, 0.3)):
                if dice.random() >= chance:
                    continue
                hit = f"{mail}{'h' if person else 'x'}"
                when = sent + (3_600_000 if person else 3_000)
                self._event(hit, when, EventKind.MAIL_CLICK, reader_id=own, delivery_id=mail,
                            page=self._pages[0].url, data={"ua": "Mozilla/5.0", "place": 0})  # fmt: skip
                self.rows["verdicts"].append(
                    (hit, "human" if person else "machine", 0.0, [], 1, when, mail, when, 0)
                )
            if dice.random() < 0.004:
                self._event(f"{mail}u", sent + 7_200_000, EventKind.MAIL_UNSUB, reader_id=own,
                            delivery_id=mail)  # fmt: skip
        return last

    def _event(self, own_id: str, at: int, kind: EventKind, **told: Any) -> None:
        self.made += 1
        self.rows["events"].append(
            (own_id, at, kind.value, told.get("reader_id"), told.get("visitor"),
             told.get("view"), told.get("page"), told.get("section"), told.get("cta"),
             told.get("gate"), told.get("delivery_id"), told.get("data"))
        )  # fmt: skip


def fill(
    engine: Engine, catalogue: Catalogue, many: int, now: datetime, say: Say, seed: int = 1
) -> int:
    """Fill an empty store with about ``many`` events, in the order of their times; how many there
    are. ``say`` hears how far it is, every million events."""
    records = Records(catalogue, many, now, seed)
    write = _to_postgresql if engine.dialect.name == "postgresql" else _to_sqlite
    later: list[tuple[Any, ...]] = []
    told = 0
    while records.made < many:
        while len(records.rows["events"]) < _AT_ONCE and records.made < many:
            records.visitor()
        rows = records.rows
        records.rows = {name: [] for name in _COLUMNS}
        ordered = sorted((*later, *rows["events"]), key=itemgetter(1))
        place = bisect_left(ordered, records.at, key=itemgetter(1))
        if records.made >= many:
            place = len(ordered)
        rows["events"], later = ordered[:place], ordered[place:]
        write(engine, rows)
        if records.made // _TOLD_EVERY > told:
            told = records.made // _TOLD_EVERY
            say(f"  {records.made:,}件まで書きました")
    return records.made


def _to_sqlite(engine: Engine, rows: Rows) -> None:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("BEGIN")
        for name, own in rows.items():
            table, columns = _COLUMNS[name]
            places = ", ".join("?" for _ in columns)
            statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608
            cursor.executemany(statement, list(_plain(own)))
        cursor.execute("COMMIT")
    finally:
        connection.close()


def _to_postgresql(engine: Engine, rows: Rows) -> None:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        for name, own in rows.items():
            table, columns = _COLUMNS[name]
            with cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in _plain(own):
                    copy.write_row(row)
        connection.commit()
    finally:
        connection.close()


def _plain(rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield tuple(json.dumps(v) if isinstance(v, dict | list) else v for v in row)
