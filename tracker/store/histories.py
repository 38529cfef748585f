"""What happened to one reader, and what became of single mails."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, or_, select, true

from tracker.store.people import PERSON, Person, named, person, stage_or_none
from tracker.store.tables import deliveries, inquiries, readers, score_entries, stage_changes
from tracker.words import DeliveryState, MailKind, Stage


@dataclass(frozen=True)
class Mail:
    """One delivery as the desk shows it."""

    id: str
    kind: MailKind
    scenario: str | None
    step: str | None
    gate: str | None
    state: DeliveryState
    reason: str | None
    due_at: datetime
    settled_at: datetime | None
    person: Person | None
    recipient: str | None


@dataclass(frozen=True)
class ScoreEntry:
    """Points one event gave by one rule."""

    event_id: str
    rule: str
    at: datetime
    points: int


@dataclass(frozen=True)
class StageChange:
    at: datetime
    from_stage: Stage | None
    to_stage: Stage
    event_id: str | None


def uncertain(connection: Connection, since: datetime | None, most: int) -> list[Mail]:
    """The newest mails of which nobody knows whether they arrived."""
    return _mails(
        connection,
        _mail_select()
        .where(
            deliveries.c.state == DeliveryState.UNCERTAIN,
            or_(
                deliveries.c.settled_at.is_(None),
                true() if since is None else deliveries.c.settled_at >= since,
            ),
        )
        .order_by(deliveries.c.settled_at.desc(), deliveries.c.id)
        .limit(most),
    )


def mails_of(connection: Connection, reader_id: str) -> list[Mail]:
    """All mails to a reader, whatever came of them, in order of their due time."""
    return _mails(
        connection,
        _mail_select()
        .where(deliveries.c.reader_id == reader_id)
        .order_by(deliveries.c.due_at, deliveries.c.id),
    )


def inquiries_of(connection: Connection, reader_id: str) -> dict[str, str]:
    """The messages of a reader's inquiries, by the id of their event."""
    rows = connection.execute(
        select(inquiries.c.event_id, inquiries.c.message).where(inquiries.c.reader_id == reader_id)
    )
    return {row.event_id: row.message for row in rows}


def score_entries_of(connection: Connection, reader_id: str) -> list[ScoreEntry]:
    rows = connection.execute(
        select(
            score_entries.c.event_id,
            score_entries.c.rule,
            score_entries.c.at,
            score_entries.c.points,
        )
        .where(score_entries.c.reader_id == reader_id)
        .order_by(score_entries.c.at, score_entries.c.event_id, score_entries.c.rule)
    )
    return [ScoreEntry(**row._mapping) for row in rows]


def stage_changes_of(connection: Connection, reader_id: str) -> list[StageChange]:
    rows = connection.execute(
        select(stage_changes)
        .where(stage_changes.c.reader_id == reader_id)
        .order_by(stage_changes.c.at, stage_changes.c.id)
    )
    return [
        StageChange(row.at, stage_or_none(row.from_stage), Stage(row.to_stage), row.event_id)
        for row in rows
    ]


def _mail_select() -> Select[Any]:
    return select(
        deliveries.c.id,
        deliveries.c.kind,
        deliveries.c.scenario,
        deliveries.c.step,
        deliveries.c.gate,
        deliveries.c.state,
        deliveries.c.reason,
        deliveries.c.due_at,
        deliveries.c.settled_at,
        deliveries.c.recipient,
        *named(PERSON, "person"),
    ).outerjoin(readers, readers.c.id == deliveries.c.reader_id)


def _mails(connection: Connection, statement: Select[Any]) -> list[Mail]:
    return [
        Mail(
            row.id,
            MailKind(row.kind),
            row.scenario,
            row.step,
            row.gate,
            DeliveryState(row.state),
            row.reason,
            row.due_at,
            row.settled_at,
            person(row) if row.person_id else None,
            row.recipient,
        )
        for row in connection.execute(statement)
    ]
