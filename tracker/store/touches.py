"""What known readers touched and when they moved on, for the reports: plain rows, UTC in ms.

A touch is a page read, a link of a step mail pressed by a person, a CTA pressed, a form sent.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, func, select, true, type_coerce

from tracker.clicks.counting import counts_for_reader
from tracker.reports.rows import GOAL, Kind, Move, Thing, Touch
from tracker.store.tables import (
    contacts,
    deliveries,
    events,
    readers,
    stage_changes,
    verdicts,
    views,
    visitors,
)
from tracker.words import EventKind, FormOf, MailKind, Stage, Verdict

IsRead = Callable[[str, int, int], bool]
"""Whether a view of a page (address, deepest section, ms of attention) that was not finished is a
reading of it."""

_RANKS = {stage.value: stage.rank for stage in Stage}
_FORMS: Mapping[EventKind, FormOf | None] = {
    EventKind.GATE_SUBMIT: None,
    EventKind.SEMINAR_REGISTER: None,
    EventKind.DIAGNOSIS: None,
}


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


def first_seen(connection: Connection) -> dict[str, tuple[int, str, str | None]]:
    """Of each reader, when they first came, from which source, and to which page (None: nothing
    is known of before they gave an address)."""
    found: dict[str, tuple[int, str, str | None]] = {
        reader: (at, "", None)
        for reader, at in connection.execute(select(readers.c.id, _ms(readers.c.created_at)))
    }
    rows = connection.execute(
        select(
            visitors.c.reader_id, _ms(contacts.c.first_at), contacts.c.source, contacts.c.page
        ).join(contacts, contacts.c.visitor == visitors.c.visitor)
    ).all()
    for reader, at, source, page in rows:
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


def strangers_by_week(
    connection: Connection, since: datetime | None, until: datetime, monday_ms: int, week_ms: int
) -> dict[tuple[int, str], int]:
    """Visitors without a name by the week and the source of their first visit: how many. The key
    is how many weeks lie between ``monday_ms`` and the visit."""
    week = (_ms(contacts.c.first_at) - monday_ms) / week_ms
    whole = func.floor(week)
    rows = connection.execute(
        select(whole, contacts.c.source, func.count())
        .where(
            _from(contacts.c.first_at, since),
            contacts.c.first_at < until,
            contacts.c.visitor.not_in(select(visitors.c.visitor)),
            ~_is_program(),
        )
        .group_by(whole, contacts.c.source)
    ).all()
    return {(int(number), source): count for number, source, count in rows}


def _is_program() -> ColumnElement[bool]:
    """A visitor of 15 views or more, most of them without a second of attention."""
    return (contacts.c.views >= 15) & (contacts.c.attentive * 2 < contacts.c.views)


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
    return [
        Touch(reader, at, Thing(Kind.PAGE, moved.get(page, page)))
        for reader, at, page, done, reached, active in rows
        if done or is_read(moved.get(page, page), reached, active)
    ]


def _acts(connection: Connection, since: datetime | None, until: datetime) -> list[Touch]:
    who = func.coalesce(events.c.reader_id, visitors.c.reader_id)
    rows = connection.execute(
        select(who, _ms(events.c.at), events.c.kind, events.c.cta, events.c.gate)
        .outerjoin(visitors, visitors.c.visitor == events.c.visitor)
        .where(
            events.c.kind.in_([EventKind.CTA_CLICK, *_FORMS]),
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
            deliveries.c.reader_id, _ms(events.c.at), deliveries.c.scenario, deliveries.c.step,
            events.c.data, verdicts.c.verdict, verdicts.c.forwarded,
        )
        .join(deliveries, deliveries.c.id == events.c.delivery_id)
        .join(verdicts, verdicts.c.event_id == events.c.id)
        .where(
            events.c.kind == EventKind.MAIL_CLICK,
            verdicts.c.verdict == Verdict.HUMAN,
            deliveries.c.kind == MailKind.STEP,
            _from(events.c.at, since),
            events.c.at < until,
        )
    ).all()  # fmt: skip
    return [
        Touch(reader, at, Thing(Kind.MAIL, f"{scenario}/{step}"))
        for reader, at, scenario, step, data, verdict, forwarded in rows
        if counts_for_reader({**(data or {}), "verdict": verdict, "forwarded": forwarded or []})
    ]


def _ms(column: ColumnElement[Any]) -> ColumnElement[int]:
    """A time as it is kept: ms since 1970."""
    return type_coerce(column, BigInteger)


def _from(column: ColumnElement[Any], since: datetime | None) -> ColumnElement[bool]:
    return true() if since is None else column >= since
