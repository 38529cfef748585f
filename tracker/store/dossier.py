"""Everything kept about one person: handed out whole, or erased."""

import secrets
from collections.abc import Collection, Mapping
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, delete, exists, func, select, update

from tracker.bounces import Suppression
from tracker.store import events as log
from tracker.store import line_users as line
from tracker.store import rollups
from tracker.store import suppressions as held
from tracker.store.engine import insert_new
from tracker.store.suppressions import address_hash as address_hash
from tracker.store.tables import (
    consents,
    contacts,
    deals,
    deliveries,
    enrolments,
    erased_visitors,
    erasures,
    events,
    handoff_entries,
    handoffs,
    inquiries,
    letters,
    line_links,
    readers,
    score_entries,
    stage_changes,
    suppressions,
    verdicts,
    views,
    visitors,
    wordings,
)
from tracker.words import DeliveryState, EventKind, SuppressedFor

_OF_A_READER: dict[str, Table] = {
    "consents": consents,
    "inquiries": inquiries,
    "score_entries": score_entries,
    "stage_changes": stage_changes,
    "enrolments": enrolments,
    "deliveries": deliveries,
    "letters": letters,
    "visitors": visitors,
    "erasures": erasures,
    "handoffs": handoffs,
    "handoff_entries": handoff_entries,
    "deals": deals,
    "line_links": line_links,
}
_OF_A_VISITOR: dict[str, Table] = {"views": views, "contacts": contacts}
EXPORTED = (
    frozenset(_OF_A_READER)
    | frozenset(_OF_A_VISITOR)
    | {"readers", "events", "verdicts", "wordings", "suppressions", "line_users"}
)
"""The tables that a person's export tells of; verdicts come with their events."""
IMPERSONAL: dict[str, str] = {
    "repairs": "what was mended on the site, and when",
    "issues": "how far each issue of the newsletter was planned",
    "templates": "what mails said before a name was filled in",
    "cursors": "how far the worker has come",
    "diagnoses": "counts of pages",
    "costs": "what marketing spent in a month",
    "page_days": "counts of views by day and page",
    "arrivals": "counts of first visits by quarter of an hour",
    "judgements": "counts of each scenario's readers and inquiries",
    "page_stages": "the stages pages had",
    "accounts": "who works at the desk",
    "desk_sessions": "who works at the desk",
    "invitations": "who works at the desk",
    "audit": "what was done at the desk; names a reader by the public id alone",
    "suppressions": "hashes of addresses that get no mail: they outlive their readers",
    "notice_counts": "counts of bounces that came to nothing",
    "notifications": "which chat was told of a hand-off",
    "erased_visitors": "hashes of what browsers of erased readers call themselves, for a year",
}
"""The tables with nothing about readers, and what they hold instead. A table stands here, or what
it holds of a reader is exported and erased below."""


class NoSuchReaderError(Exception):
    """There is no reader with that address."""


def find(connection: Connection, email_normalised: str) -> str | None:
    """The id of the reader with this address."""
    return connection.execute(
        select(readers.c.id).where(readers.c.email_normalised == email_normalised)
    ).scalar()


def inactive(connection: Connection, before: datetime, most: int) -> list[str]:
    """Up to ``most`` readers with an address of whom nothing was heard since ``before``."""
    of_others = [EventKind.MAIL_BOUNCE, EventKind.MAIL_DELIVERED]
    heard = exists().where(
        events.c.reader_id == readers.c.id,
        events.c.at >= before,
        events.c.kind.not_in(of_others),
    )
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
    rollups.part(connection, before)
    return connection.execute(
        update(events)
        .where(
            events.c.visitor.is_not(None),
            events.c.at < before,
            events.c.visitor.not_in(select(visitors.c.visitor)),
        )
        .values(visitor=None)
    ).rowcount


def forget_hashes(connection: Connection, before: datetime) -> int:
    """Forget the address in erasures older than that: no journal keeps an event so long; how
    many."""
    return connection.execute(
        update(erasures)
        .where(erasures.c.at < before, erasures.c.address_hash.is_not(None))
        .values(address_hash=None)
    ).rowcount


def erased_address(
    connection: Connection, email_normalised: str, at: datetime
) -> tuple[str, datetime] | None:
    """The reader who was erased with this address at ``at`` or after it, and when; ``None`` if
    who wrote ``at`` then is nobody who was erased since."""
    row = connection.execute(
        select(erasures.c.reader_id, erasures.c.at)
        .where(erasures.c.address_hash == address_hash(email_normalised), erasures.c.at >= at)
        .order_by(erasures.c.at)
        .limit(1)
    ).one_or_none()
    return (row.reader_id, row.at) if row else None


def erased(connection: Connection, reader_ids: Collection[str]) -> dict[str, datetime]:
    """Which of these readers were erased, and when."""
    if not reader_ids:
        return {}
    rows = connection.execute(
        select(erasures.c.reader_id, erasures.c.at).where(erasures.c.reader_id.in_(reader_ids))
    )
    return {row.reader_id: row.at for row in rows}


def erased_visitors_of(connection: Connection, names: Collection[str]) -> dict[str, datetime]:
    """Which of these visitors belonged to somebody who was erased, and when that was."""
    hashes = {_visitor_hash(name): name for name in names}
    if not hashes:
        return {}
    rows = connection.execute(
        select(erased_visitors).where(erased_visitors.c.visitor_hash.in_(hashes))
    )
    return {hashes[row.visitor_hash]: row.at for row in rows}


def welcome_back(connection: Connection, visitor: str) -> None:
    """This visitor has given an address anew: what they do is recorded again."""
    connection.execute(
        delete(erased_visitors).where(erased_visitors.c.visitor_hash == _visitor_hash(visitor))
    )


def forget_erased_visitors(connection: Connection, before: datetime) -> int:
    """Forget the browsers of those erased before then: none still has its cookie; how many."""
    return connection.execute(delete(erased_visitors).where(erased_visitors.c.at < before)).rowcount


def _visitor_hash(name: str) -> str:
    return sha256(f"sodate:visitor:{name}".encode()).hexdigest()


def last_erasure(connection: Connection) -> datetime | None:
    """When somebody was erased last."""
    return connection.execute(select(func.max(erasures.c.at))).scalar()


def scrub(engine: Engine) -> None:
    """Take from SQLite's files what its log still holds of rows erased before. A PostgreSQL does
    so by itself (autovacuum). What readers hold open is left to the next time."""
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def stays(kind: EventKind, data: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What is left of an event's data when its reader is erased."""
    if kind is EventKind.STAGE_SET:
        return dict(data or {}) or None
    if kind is not EventKind.MAIL_CLICK or not data:
        return None
    return {name: data[name] for name in ("place", "method", "late") if name in data} or None


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
    own = select(visitors.c.visitor).where(visitors.c.reader_id == reader_id)
    for name, table in _OF_A_VISITOR.items():
        found[name] = _plain_rows(connection, select(table).where(table.c.visitor.in_(own)))
    address = found["readers"][0]["email_normalised"] if found["readers"] else None
    found["suppressions"] = [
        {name: _plain(value) for name, value in row._mapping.items()}
        for row in connection.execute(
            select(suppressions).where(suppressions.c.address_hash == address_hash(address or ""))
        )
    ]
    found["line_users"] = [
        {name: _plain(value) for name, value in row.items()}
        for row in line.of_reader(connection, reader_id)
    ]
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
    the address can still prove it. The fold knows the erasure by the same hash: what waits in a
    journal, on whatever host, brings nobody back; and it knows the reader's browsers, whose cookies
    nobody can take away, so that what they tell is recorded no more. There is no way back.
    """
    log.alone(connection)
    address, stopped = connection.execute(
        select(readers.c.email_normalised, readers.c.unsubscribed_at).where(
            readers.c.id == reader_id
        )
    ).one_or_none() or (None, None)
    if address and stopped and held.held(connection, address) is None:
        # An opt-out outlives its reader: a later import of the address must not undo it.
        held.hold(connection, address, Suppression(SuppressedFor.UNSUBSCRIBED, stopped))
    names = list(
        connection.execute(
            select(visitors.c.visitor).where(visitors.c.reader_id == reader_id)
        ).scalars()
    )
    for name in names:  # another name for the same visits: visitors are still counted as before
        other = secrets.token_hex(16)
        connection.execute(update(events).where(events.c.visitor == name).values(visitor=other))
        rollups.rename(connection, name, other)
    known = [{"visitor_hash": _visitor_hash(name), "at": now} for name in names]
    if known:
        insert_new(connection, erased_visitors, known)
    connection.execute(delete(visitors).where(visitors.c.reader_id == reader_id))
    connection.execute(delete(letters).where(letters.c.reader_id == reader_id))
    for row in connection.execute(
        select(events.c.id, events.c.kind, events.c.data).where(
            events.c.reader_id == reader_id, events.c.data.is_not(None)
        )
    ).all():
        kept = stays(EventKind(row.kind), row.data)
        connection.execute(update(events).where(events.c.id == row.id).values(data=kept))
    connection.execute(  # a server's answer quotes the address it was given
        update(deliveries)
        .where(deliveries.c.reader_id == reader_id, deliveries.c.smtp_code.is_not(None))
        .values(reason=None)
    )
    hits = select(events.c.id).where(events.c.reader_id == reader_id)
    connection.execute(
        update(verdicts).where(verdicts.c.event_id.in_(hits)).values(signs=[], agent=None)
    )
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
    for table, column in ((handoff_entries, "text"), (deals, "note")):
        connection.execute(update(table).where(table.c.reader_id == reader_id).values({column: ""}))
    connection.execute(  # a task about nobody is nobody's task
        update(handoffs)
        .where(handoffs.c.reader_id == reader_id, handoffs.c.closed_at.is_(None))
        .values(closed_at=now)
    )
    connection.execute(
        update(consents)
        .where(consents.c.reader_id == reader_id)
        .values(network=None, address_hash=address_hash(address) if address else None)
    )
    line.forget(connection, reader_id)
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id)
        .values(email=None, email_normalised=None, name=None, company=None, unsubscribed_at=now)
    )
    insert_new(
        connection,
        erasures,
        [
            {
                "reader_id": reader_id,
                "at": now,
                "address_hash": address_hash(address) if address else None,
            }
        ],
    )


def _rows(
    connection: Connection, table: Table, reader_id: str, column: str
) -> list[dict[str, Any]]:
    return _plain_rows(connection, select(table).where(table.c[column] == reader_id))


def _plain_rows(connection: Connection, statement: Select[Any]) -> list[dict[str, Any]]:
    rows = connection.execute(statement)
    return [{name: _plain(value) for name, value in row._mapping.items()} for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
