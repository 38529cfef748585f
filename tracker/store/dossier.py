"""Everything kept about one person: handed out whole, or erased."""

import secrets
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Table, delete, exists, select, update

from tracker.store import events as log
from tracker.store.tables import (
    consents,
    deliveries,
    enrolments,
    events,
    inquiries,
    readers,
    score_entries,
    stage_changes,
    verdicts,
    visitors,
    wordings,
)
from tracker.words import DeliveryState, EventKind

_OF_A_READER: dict[str, Table] = {
    "consents": consents,
    "inquiries": inquiries,
    "score_entries": score_entries,
    "stage_changes": stage_changes,
    "enrolments": enrolments,
    "deliveries": deliveries,
    "visitors": visitors,
}


class NoSuchReaderError(Exception):
    """There is no reader with that address."""


def find(connection: Connection, email_normalised: str) -> str | None:
    """The id of the reader with this address."""
    return connection.execute(
        select(readers.c.id).where(readers.c.email_normalised == email_normalised)
    ).scalar()


def address_hash(email_normalised: str) -> str:
    """What stays of an erased address: enough to recognise it, not to read it."""
    return sha256(f"sodate:{email_normalised}".encode()).hexdigest()


def inactive(connection: Connection, before: datetime, most: int) -> list[str]:
    """Up to ``most`` readers with an address of whom nothing was heard since ``before``."""
    heard = exists().where(events.c.reader_id == readers.c.id, events.c.at >= before)
    browsed = exists().where(
        events.c.visitor == visitors.c.visitor,
        visitors.c.reader_id == readers.c.id,
        events.c.at >= before,
    )
    return list(
        connection.execute(
            select(readers.c.id)
            .where(readers.c.email.is_not(None), readers.c.created_at < before, ~heard, ~browsed)
            .limit(most)
        ).scalars()
    )


def forget_visitors(connection: Connection, before: datetime) -> int:
    """Part what nameless visitors did before then from one another; how many events."""
    return connection.execute(
        update(events)
        .where(
            events.c.visitor.is_not(None),
            events.c.at < before,
            events.c.visitor.not_in(select(visitors.c.visitor)),
        )
        .values(visitor=None)
    ).rowcount


def forget_consents(connection: Connection, before: datetime) -> int:
    """Remove the consents of erased readers given before then; how many."""
    gone = select(readers.c.id).where(readers.c.email.is_(None))
    return connection.execute(
        delete(consents).where(consents.c.at < before, consents.c.reader_id.in_(gone))
    ).rowcount


def export(connection: Connection, reader_id: str) -> dict[str, list[dict[str, Any]]]:
    """All rows that concern a reader, by table; times in ISO 8601 (UTC).

    The wordings they agreed to come with them, and what they did as a visitor before.
    """
    found: dict[str, list[dict[str, Any]]] = {
        "readers": _rows(connection, readers, reader_id, "id"),
        "events": [
            {name: _plain(value) for name, value in vars(event).items()}
            for event in log.of_reader(connection, reader_id)
        ],
    }
    for name, table in _OF_A_READER.items():
        found[name] = _rows(connection, table, reader_id, "reader_id")
    agreed = [row["wording"] for row in found["consents"]]
    found["wordings"] = [
        {name: _plain(value) for name, value in row._mapping.items()}
        for row in connection.execute(select(wordings).where(wordings.c.hash.in_(agreed)))
    ]
    return found


def erase(connection: Connection, reader_id: str, now: datetime) -> None:
    """Take away all that tells who a reader was, and leave the anonymous counts right.

    The reader's row stays without a name or an address; what they did stays as facts of nobody;
    mails not sent yet are cancelled; a consent stays with a hash of its address, so that who knows
    the address can still prove it. There is no way back.
    """
    address = connection.execute(
        select(readers.c.email_normalised).where(readers.c.id == reader_id)
    ).scalar()
    names = list(
        connection.execute(
            select(visitors.c.visitor).where(visitors.c.reader_id == reader_id)
        ).scalars()
    )
    for name in names:  # another name for the same visits: visitors are still counted as before
        connection.execute(
            update(events).where(events.c.visitor == name).values(visitor=secrets.token_hex(16))
        )
    connection.execute(delete(visitors).where(visitors.c.reader_id == reader_id))
    for row in connection.execute(
        select(events.c.id, events.c.kind, events.c.data).where(
            events.c.reader_id == reader_id, events.c.data.is_not(None)
        )
    ).all():
        kept = {
            name: value
            for name, value in (row.data or {}).items()
            if row.kind == EventKind.MAIL_CLICK and name in ("place", "method", "late")
        }
        connection.execute(update(events).where(events.c.id == row.id).values(data=kept or None))
    hits = select(events.c.id).where(events.c.reader_id == reader_id)
    connection.execute(update(verdicts).where(verdicts.c.event_id.in_(hits)).values(signs=[]))
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.reader_id == reader_id,
            deliveries.c.state.in_([DeliveryState.PLANNED, DeliveryState.CLAIMED]),
        )
        .values(state=DeliveryState.CANCELLED, reason="erased", settled_at=now)
    )
    connection.execute(
        update(enrolments)
        .where(enrolments.c.reader_id == reader_id, enrolments.c.ended_at.is_(None))
        .values(ended_at=now, end_reason="erased")
    )
    connection.execute(
        update(inquiries).where(inquiries.c.reader_id == reader_id).values(message="")
    )
    connection.execute(
        update(consents)
        .where(consents.c.reader_id == reader_id)
        .values(network=None, address_hash=address_hash(address) if address else None)
    )
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id)
        .values(email=None, email_normalised=None, name=None, company=None, unsubscribed_at=now)
    )


def _rows(
    connection: Connection, table: Table, reader_id: str, column: str
) -> list[dict[str, Any]]:
    rows = connection.execute(select(table).where(table.c[column] == reader_id))
    return [{name: _plain(value) for name, value in row._mapping.items()} for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
