"""What sales did with the readers given to them, for the reports: plain rows, UTC in ms."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Connection, func, select, true, type_coerce

from tracker.reports.sales import Scored, Task
from tracker.store.among import among
from tracker.store.people import PERSON, Person, named, person
from tracker.store.tables import deals, handoffs, readers
from tracker.words import DealOutcome


def tasks(connection: Connection, since: datetime | None, until: datetime) -> list[Task]:
    """The hand-offs opened in the period; in no order."""
    conditions = [handoffs.c.opened_at < until]
    if since is not None:
        conditions.append(handoffs.c.opened_at >= since)
    rows = connection.execute(
        select(
            handoffs.c.reader_id,
            _ms(handoffs.c.opened_at),
            _ms(handoffs.c.due_at),
            _ms(handoffs.c.first_touch_at),
            _ms(handoffs.c.met_at),
            _ms(handoffs.c.closed_at),
            handoffs.c.outcome,
        ).where(*conditions)
    ).all()
    return [
        Task._make((*row[:6], None if row[6] is None else row[6] == DealOutcome.WON))
        for row in rows
    ]


def scored(connection: Connection) -> list[tuple[str, Scored, int]]:
    """Each reader's score (the highest at a hand-off, else today's), whether they bought, and when
    they last did something."""
    given = dict(
        connection.execute(
            select(handoffs.c.reader_id, func.max(handoffs.c.score)).group_by(handoffs.c.reader_id)
        ).all()
    )
    won = set(
        connection.execute(
            select(deals.c.reader_id).where(deals.c.outcome == DealOutcome.WON)
        ).scalars()
    )
    acted = func.coalesce(_ms(readers.c.acted_at), _ms(readers.c.created_at))
    rows = connection.execute(select(readers.c.id, readers.c.score, acted)).all()
    return [(own, Scored(given.get(own, score), own in won), at) for own, score, at in rows]


def waiting(
    connection: Connection, now: datetime, most: int, who: Collection[str] | None = None
) -> list[tuple[str, Person, datetime, datetime, float]]:
    """Readers given to sales whose time is over and to whom nobody reached out: the hand-off, who,
    since when, until when, with which score; the longest overdue first. ``who`` takes some readers alone."""
    rows = connection.execute(
        select(
            handoffs.c.id,
            *named(PERSON, "person"),
            handoffs.c.opened_at,
            handoffs.c.due_at,
            handoffs.c.score,
        )
        .join(readers, readers.c.id == handoffs.c.reader_id)
        .where(
            handoffs.c.closed_at.is_(None),
            handoffs.c.first_touch_at.is_(None),
            handoffs.c.due_at < now,
            true() if who is None else among(connection, handoffs.c.reader_id, who),
        )
        .order_by(handoffs.c.due_at)
        .limit(most)
    ).all()
    return [(row.id, person(row), row.opened_at, row.due_at, row.score) for row in rows]


def _ms(column: ColumnElement[datetime]) -> ColumnElement[int]:
    return type_coerce(column, BigInteger)
