"""Readers on their way through scenarios."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, not_, select, update

from tracker.store.deliveries import OPEN
from tracker.store.engine import insert_new
from tracker.store.tables import deliveries, enrolments, new_id, readers


@dataclass(frozen=True)
class Enrolment:
    """One reader on the way through one scenario; ``ended_at`` is None while under way."""

    id: str
    reader_id: str
    scenario: str
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None


_COLUMNS = [enrolments.c[name] for name in Enrolment.__dataclass_fields__]


def enrol(connection: Connection, reader_id: str, scenario: str, now: datetime) -> str | None:
    """Start a reader on a scenario; ``None`` if they were in it before."""
    row = {"id": new_id(), "reader_id": reader_id, "scenario": scenario, "started_at": now}
    return str(row["id"]) if insert_new(connection, enrolments, [row]) else None


def end(connection: Connection, enrolment_id: str, reason: str, now: datetime) -> bool:
    """End an enrolment under way. False if it had ended."""
    ended = connection.execute(
        update(enrolments)
        .where(enrolments.c.id == enrolment_id, enrolments.c.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
    )
    return ended.rowcount == 1


def under_way(connection: Connection, reader_id: str) -> list[Enrolment]:
    """A reader's enrolments that have not ended."""
    rows = connection.execute(
        select(*_COLUMNS).where(
            enrolments.c.reader_id == reader_id, enrolments.c.ended_at.is_(None)
        )
    )
    return [Enrolment(**row._mapping) for row in rows]


def waiting(connection: Connection, after: str, most: int) -> list[Enrolment]:
    """Up to ``most`` enrolments under way, of readers who want step mails, that have no mail
    planned or in hand, by id behind ``after``: for each the next step is to be decided."""
    has_open = exists().where(
        deliveries.c.enrolment_id == enrolments.c.id, deliveries.c.state.in_(OPEN)
    )
    wanted = exists().where(readers.c.id == enrolments.c.reader_id, readers.c.wants_step)
    rows = connection.execute(
        select(*_COLUMNS)
        .where(enrolments.c.ended_at.is_(None), enrolments.c.id > after, not_(has_open), wanted)
        .order_by(enrolments.c.id)
        .limit(most)
    )
    return [Enrolment(**row._mapping) for row in rows]
