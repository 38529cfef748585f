"""What known readers touched and when they moved on, for the reports: plain rows, UTC in ms.

A touch is a page read, a link of a step mail pressed by a person, a CTA pressed, a form sent.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, func, select, text, true, type_coerce

from tracker.clicks.counting import counts_for_reader
from tracker.reports.rows import GOAL, Kind, Move, Thing, Touch
from tracker.store.hits import is_click
from tracker.store.tables import (
    TOUCHES,
    contacts,
    deliveries,
    events,
    readers,
    stage_changes,
    verdicts,
    views,
    visitors,
)
from tracker.words import EventKind, MailKind, Stage, Verdict

IsRead = Callable[[str, int, int], bool]
"""Whether a view of a page (address, deepest section, ms of attention) that was not finished is a
reading of it."""

_RANKS = {stage.value: stage.rank for stage in Stage}


def touches(
    connection: Connection,
    since: datetime | None,
    until: datetime,
    is_read: IsRead = lambda _page, _reached, _active: False,
    moved: Mapping[str, str] | None = None,
) -> list[Touch]:
    """All touches from ``since`` (None: ever) to before ``until``; in no order. ``moved`` says of an
    address that a page had before which it has now."""
    return [
        *reads(connection, since, until, is_read, moved),
        *_acts(connection, since, until),
        *_clicks(connection, since, until),
    ]


def moves(connection: Connection) -> list[Move]:
    """All moves of all readers, and their first inquiries; in no order."""
    at = _ms(stage_changes.c.at)
    found = [
        Move(reader, when, _RANKS[stage])
        for reader, when, stage in connection.execute(
            select(stage_changes.c.reader_id, at, stage_changes.c.to_stage)
        ).all()
    ]
    inquired = connection.execute(
        select(readers.c.id, _ms(readers.c.inquired_at)).where(readers.c.inquired_at.is_not(None))
    ).all()
    return [*found, *(Move(reader, when, GOAL) for reader, when in inquired)]


class Came(NamedTuple):
    """When a reader's browser first came, from which source, and to which page."""

    reader: str
    at: int
    source: str
    page: str


def came(connection: Connection) -> list[Came]:
    """One for each browser of which it is known whose it is."""
    rows = connection.execute(
        select(
            visitors.c.reader_id, _ms(contacts.c.first_at), contacts.c.source, contacts.c.page
        ).join(contacts, contacts.c.visitor == visitors.c.visitor)
    ).all()
    return [Came(*row) for row in rows]


def first_seen(
    connection: Connection, known: Iterable[Came]
) -> dict[str, tuple[int, str, str | None]]:
    """Of each reader, when they first came, from which source, and to which page (None: nothing
    is known of before they gave an address). ``known`` are the readers' browsers."""
    found: dict[str, tuple[int, str, str | None]] = {
        reader: (at, "", None)
        for reader, at in connection.execute(select(readers.c.id, _ms(readers.c.created_at)))
    }
    for reader, at, source, page in known:
        held = found.get(reader)
        if held is None or held[2] is None or (at, source, page) < held:
            found[reader] = (min(at, held[0]) if held else at, source, page)
    return found


def became_known(connection: Connection) -> dict[str, int]:
    """When each reader first gave an address."""
    rows = connection.execute(select(readers.c.id, _ms(readers.c.created_at))).all()
    return {row[0]: row[1] for row in rows}


def standing(connection: Connection) -> dict[str, int]:
    """The stage (rank) at which each reader with an address stands."""
    rows = connection.execute(
        select(readers.c.id, readers.c.stage).where(
            readers.c.stage.is_not(None), readers.c.email.is_not(None)
        )
    ).all()
    return {reader: _RANKS[stage] for reader, stage in rows}


def reads(
    connection: Connection,
    since: datetime | None,
    until: datetime,
    is_read: IsRead,
    moved: Mapping[str, str] | None = None,
) -> list[Touch]:
    """The pages that known readers read, as ``touches``."""
    rows = connection.execute(
        select(
            visitors.c.reader_id, _ms(views.c.at), views.c.page,
            views.c.done, views.c.reached, views.c.active_ms,
        )
        .join(views, views.c.visitor == visitors.c.visitor)
        .where(_from(views.c.at, since), views.c.at < until)
    ).all()  # fmt: skip
    moved = moved or {}
    things = {page: Thing(Kind.PAGE, moved.get(page, page)) for page in {row[2] for row in rows}}
    return [
        Touch(reader, at, things[page])
        for reader, at, page, done, reached, active in rows
        if done or is_read(things[page].id, reached, active)
    ]


def _acts(connection: Connection, since: datetime | None, until: datetime) -> list[Touch]:
    who = func.coalesce(events.c.reader_id, visitors.c.reader_id)
    rows = connection.execute(
        select(who, _ms(events.c.at), events.c.kind, events.c.cta, events.c.gate)
        .outerjoin(visitors, visitors.c.visitor == events.c.visitor)
        .where(
            text(TOUCHES),
            _from(events.c.at, since),
            events.c.at < until,
            who.is_not(None),
        )
    ).all()
    found = []
    for reader, at, kind, cta, gate in rows:
        if kind == EventKind.CTA_CLICK:
            if cta is not None:
                found.append(Touch(reader, at, Thing(Kind.CTA, cta)))
        elif gate is not None:
            found.append(Touch(reader, at, Thing(Kind.FORM, gate)))
    return found


def _clicks(connection: Connection, since: datetime | None, until: datetime) -> list[Touch]:
    rows = connection.execute(
        select(
            deliveries.c.reader_id, _ms(verdicts.c.at), deliveries.c.scenario, deliveries.c.step,
            verdicts.c.forwarded,
        )
        .join(verdicts, verdicts.c.delivery_id == deliveries.c.id)
        .where(
            is_click(),
            deliveries.c.kind == MailKind.STEP,
            _from(verdicts.c.at, since),
            verdicts.c.at < until,
        )
    ).all()  # fmt: skip
    things = {step: Thing(Kind.MAIL, "/".join(step)) for step in {(row[2], row[3]) for row in rows}}
    return [
        Touch(reader, at, things[scenario, step])
        for reader, at, scenario, step, forwarded in rows
        if not forwarded or counts_for_reader({"verdict": Verdict.HUMAN, "forwarded": forwarded})
    ]


def _ms(column: ColumnElement[Any]) -> ColumnElement[int]:
    """A time as it is kept: ms since 1970."""
    return type_coerce(column, BigInteger)


def _from(column: ColumnElement[Any], since: datetime | None) -> ColumnElement[bool]:
    return true() if since is None else column >= since
