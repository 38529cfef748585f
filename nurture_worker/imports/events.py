"""Reading that another system recorded, brought into the event log from facts of ``lead-events/1``.

Only what is nobody's in person is taken: views, CTAs, forms and inquiries. Leads come with their
consent by ``sodate reader import``; a lead of the file is a hash here, and nobody is written to.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from nurture_worker.imports.fact_files import Lines, facts
from tracker.catalogue import Catalogue
from tracker.catalogue.pages import Page
from tracker.counts import MOST_SECTIONS
from tracker.forms import asked_on
from tracker.store import events
from tracker.store.engine import writing
from tracker.store.tables import EPOCH
from tracker.words import ELSEWHERE, EventKind

BATCH = 2000
_SLACK = timedelta(days=1)
"""How far a file's clock may be ahead of ours."""

_OF_A_VIEW = frozenset(
    {EventKind.SECTION, EventKind.CTA_SEEN, EventKind.CTA_CLICK, EventKind.PAGE_END}
)
_OF_A_FORM = frozenset({EventKind.GATE_OPEN, EventKind.GATE_FIELD, EventKind.GATE_SUBMIT})
_TAKEN = _OF_A_VIEW | _OF_A_FORM | {EventKind.PAGE_VIEW, EventKind.INQUIRY}


@dataclass
class Imported:
    """What became of a file's facts: ``new`` in the log, ``known`` there already; ``left_out``
    counts, by a sentence in Japanese, those the log has no place for."""

    lines: Lines
    new: int = 0
    known: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _View:
    page: Page
    visitor: str
    at: datetime


class _Unreadable(ValueError):
    """What is wrong with a fact, in Japanese."""


def import_facts(
    engine: Engine,
    catalogue: Catalogue,
    path: Path,
    now: datetime,
    progress: Callable[[int], object] = lambda _count: None,
) -> Imported:
    """Append what the file at ``path`` tells of pages of ``catalogue``; a fact is one event,
    however often it is imported. ``progress`` hears how many facts were taken so far. Raises
    ``OSError``."""
    done = Imported(Lines())
    views = _views(path, catalogue, now)
    gates = {gate for page in catalogue.pages for gate in asked_on(page)}
    rows: list[dict[str, Any]] = []

    def store() -> None:
        with writing(engine) as connection:
            events.alone(connection)
            fresh = len(events.append(connection, rows))
        done.new += fresh
        done.known += len(rows) - fresh
        rows.clear()
        progress(done.new + done.known)

    for number, fact in facts(path, done.lines):
        try:
            row = _row(fact, catalogue, views, gates, now, done.left_out)
        except _Unreadable as error:
            done.lines.spoilt(number, str(error))
            continue
        done.lines.read += 1
        if row is not None:
            rows.append(row)
        if len(rows) == BATCH:
            store()
    if rows:
        store()
    return done


def _views(path: Path, catalogue: Catalogue, now: datetime) -> dict[str, _View]:
    """The views of known pages by their ids: what happens in a view names it and not its page, and
    may stand before it in the file."""
    found = {}
    for _number, fact in facts(path, Lines()):
        if fact.get("e") != EventKind.PAGE_VIEW:
            continue
        try:
            page = catalogue.page_at(_text(fact, "page"))
            if page is not None:
                who = _text(fact, "vid") if "vid" in fact else _text(fact, "sid")
                found[_text(fact, "pv")] = _View(page, _visitor(who), _time(fact, now))
        except _Unreadable:
            continue  # told when it is read for the log
    return found


def _row(
    fact: Mapping[str, Any],
    catalogue: Catalogue,
    views: Mapping[str, _View],
    gates: set[str],
    now: datetime,
    left_out: Counter[str],
) -> dict[str, Any] | None:
    told = fact.get("e")
    if not isinstance(told, str):
        raise _Unreadable("e（出来事の種類）がありません")
    if told not in _TAKEN:
        left_out[f"{told} は取り込みません（読者は sodate reader import で）"] += 1
        return None
    kind = EventKind(told)
    if kind is EventKind.PAGE_VIEW:
        at = _time(fact, now)
        view = views.get(_text(fact, "pv"))
        if view is None:
            left_out["サイトにないページの閲覧"] += 1
            return None
        ref = fact.get("ref")
        data = {"ref": ref if isinstance(ref, str) and len(ref) <= 20 else "direct"}
        return _event(fact, kind, at, view=view, data=data)
    if kind in _OF_A_VIEW:
        view = views.get(_text(fact, "pv"))
        if view is None:
            left_out["サイトにないページでの出来事"] += 1
            return None
        return _within(fact, kind, view, now, left_out)
    at = _time(fact, now)
    data = {}
    if kind in _OF_A_FORM:
        if _text(fact, "gate") not in gates:
            left_out["サイトにないフォームでの出来事"] += 1
            return None
        if kind is EventKind.GATE_FIELD:
            data["field"] = _text(fact, "field")[:100]
    if fact.get("lead") is not None:
        data["lead"] = _hash(str(fact["lead"]))
    who = fact.get("sid")
    return {
        **_event(fact, kind, at, view=None, data=data),
        "visitor": _visitor(str(who)) if who is not None else None,
        "gate": fact.get("gate") if kind in _OF_A_FORM else None,
    }


def _within(
    fact: Mapping[str, Any],
    kind: EventKind,
    view: _View,
    now: datetime,
    left_out: Counter[str],
) -> dict[str, Any] | None:
    at = _time(fact, now) if "ts" in fact else view.at
    row = _event(fact, kind, at, view=view, data={})
    if kind is EventKind.SECTION:
        row["section"] = min(_whole(fact, "i"), MOST_SECTIONS)
    elif kind is EventKind.PAGE_END:
        active, dwell = _whole(fact, "active_ms", 0), _whole(fact, "dwell_ms", 0)
        row["data"] |= {"active_ms": active, "dwell_ms": dwell, "done": fact.get("done") is True}
        if "ts" not in fact:
            row["at"] = min(now, view.at + timedelta(milliseconds=min(dwell, 86_400_000)))
    else:
        row["cta"] = _text(fact, "cta")
        if row["cta"] not in {cta.id for cta in view.page.ctas}:
            left_out["ページにないCTA"] += 1
            return None
    return row


def _event(
    fact: Mapping[str, Any],
    kind: EventKind,
    at: datetime,
    *,
    view: _View | None,
    data: dict[str, Any],
) -> dict[str, Any]:
    named = [fact.get(key) for key in ("id", "e", "pv", "sid", "lead", "gate", "cta", "i", "field")]
    return {
        "id": f"import:{_hash(json.dumps([*named, fact.get('ts')], default=str))}",
        "at": at,
        "kind": kind,
        "reader_id": None,
        "visitor": view.visitor if view else None,
        "view": _hash(str(fact["pv"])) if view else None,
        "page": view.page.url if view else None,
        "section": None,
        "cta": None,
        "gate": None,
        "delivery_id": None,
        "data": {**data, ELSEWHERE: True},
    }


def _text(fact: Mapping[str, Any], key: str) -> str:
    value = fact.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise _Unreadable(f"{key} がありません")
    return str(value)


def _whole(fact: Mapping[str, Any], key: str, otherwise: int | None = None) -> int:
    value = fact.get(key, otherwise)
    if type(value) is not int or value < 0:
        raise _Unreadable(f"{key} が0以上の整数ではありません")
    return value


def _time(fact: Mapping[str, Any], now: datetime) -> datetime:
    at = EPOCH + timedelta(milliseconds=_milliseconds(fact))
    if at > now + _SLACK:
        raise _Unreadable("ts（時刻）が未来です")
    return min(at, now)


def _milliseconds(fact: Mapping[str, Any]) -> int:
    value = _whole(fact, "ts")
    if value > 10**14:
        raise _Unreadable("ts（時刻）が大きすぎます")
    return value


def _visitor(name: str) -> str:
    return f"i{_hash(name)}"


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def told(done: Imported) -> Iterator[str]:
    """What the operator is told of an import, a line each."""
    known = f"（ほかに{done.known:,}件は取り込み済み）" if done.known else ""
    yield f"{done.new:,}件の出来事を取り込みました{known}"
    for why, count in done.left_out.most_common():
        yield f"取り込まなかったもの: {why} {count:,}件"
    yield from done.lines.told()
