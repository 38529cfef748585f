"""Addresses that get no mail: what is known of each, what follows from it, what was refused."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from tracker.bounces import Fact, Suppression
from tracker.store.engine import insert_new
from tracker.store.tables import (
    consents,
    deliveries,
    events,
    notice_counts,
    readers,
    suppressions,
)
from tracker.words import BounceReason, DeliveryState, EventKind, SuppressedFor

MOST_REFUSALS = 500


@dataclass(frozen=True)
class Refusals:
    """What one domain's policy refused. ``said`` is the newest of its answers."""

    domain: str
    mails: int
    last_at: datetime
    said: str


def address_hash(email_normalised: str) -> str:
    """What stays of an erased address: enough to recognise it, not to read it."""
    return sha256(f"sodate:{email_normalised}".encode()).hexdigest()


def held(connection: Connection, email_normalised: str) -> Suppression | None:
    """What is kept against an address, whoever its reader is or was."""
    row = connection.execute(
        select(suppressions).where(suppressions.c.address_hash == address_hash(email_normalised))
    ).one_or_none()
    return Suppression(SuppressedFor(row.reason), row.since) if row else None


def facts_of(connection: Connection, reader_id: str) -> list[Fact]:
    """The bounces and complaints of a reader's mails."""
    rows = connection.execute(
        select(events.c.kind, events.c.at, events.c.data).where(
            events.c.reader_id == reader_id,
            events.c.kind.in_([EventKind.MAIL_BOUNCE, EventKind.MAIL_COMPLAINT]),
        )
    )
    return [
        Fact(EventKind(row.kind), row.at, _reason((row.data or {}).get("reason"))) for row in rows
    ]


def _reason(value: Any) -> BounceReason | None:
    return BounceReason(value) if value in list(BounceReason) else None


def proofs_of(connection: Connection, reader_id: str) -> list[datetime]:
    """When the reader pressed the button of a mail: it had arrived."""
    return list(
        connection.execute(
            select(events.c.at).where(
                events.c.reader_id == reader_id, events.c.kind == EventKind.CONFIRM
            )
        ).scalars()
    )


def agreements_of(connection: Connection, reader_id: str) -> list[datetime]:
    """When the reader ticked the boxes they confirmed afterwards."""
    return list(
        connection.execute(
            select(consents.c.at)
            .join(deliveries, deliveries.c.event_id == consents.c.event_id)
            .join(events, events.c.delivery_id == deliveries.c.id)
            .where(consents.c.reader_id == reader_id, events.c.kind == EventKind.CONFIRM)
        ).scalars()
    )


def keep(
    connection: Connection, reader_id: str, email_normalised: str, found: Suppression | None
) -> None:
    """Hold ``found`` against a reader and their address, or nothing any more."""
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id)
        .values(
            suppressed_at=found.since if found else None,
            suppressed_for=found.reason if found else None,
        )
    )
    hold(connection, email_normalised, found)


def hold(connection: Connection, email_normalised: str, found: Suppression | None) -> None:
    """Hold ``found`` against an address, which outlives its reader; ``None``: nothing."""
    key = address_hash(email_normalised)
    connection.execute(delete(suppressions).where(suppressions.c.address_hash == key))
    if found is not None:
        row = {"address_hash": key, "reason": found.reason, "since": found.since}
        insert_new(connection, suppressions, [row])


def mailed_reader(connection: Connection, email_normalised: str, before: datetime) -> str | None:
    """The reader with this address, if a mail to them was handed over before then."""
    return connection.execute(
        select(readers.c.id)
        .join(deliveries, deliveries.c.reader_id == readers.c.id)
        .where(
            readers.c.email_normalised == email_normalised,
            deliveries.c.planned_at <= before,
            deliveries.c.state.in_(
                [
                    DeliveryState.SENDING,
                    DeliveryState.SENT,
                    DeliveryState.UNCERTAIN,
                    DeliveryState.BOUNCED,
                ]
            ),
        )
        .limit(1)
    ).scalar()


def count(connection: Connection, source: str, outcome: str) -> None:
    """Count one more notice of ``source`` that came to nothing."""
    if insert_new(connection, notice_counts, [{"source": source, "outcome": outcome, "count": 1}]):
        return
    connection.execute(
        update(notice_counts)
        .where(notice_counts.c.source == source, notice_counts.c.outcome == outcome)
        .values(count=notice_counts.c.count + 1)
    )


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """The notices that came to nothing, by source and outcome."""
    return {
        (row.source, row.outcome): row._mapping["count"]
        for row in connection.execute(select(notice_counts))
    }


def refusals(connection: Connection, since: datetime) -> list[Refusals]:
    """The domains whose policy refused mails since then, the most refused first."""
    rows = connection.execute(
        select(events.c.at, events.c.data, events.c.delivery_id)
        .where(events.c.kind == EventKind.MAIL_BOUNCE, events.c.at >= since)
        .order_by(events.c.at.desc(), events.c.seq.desc())
        .limit(MOST_REFUSALS)
    ).all()
    found: dict[str, list[tuple[datetime, str]]] = {}
    mails: dict[str, set[str]] = {}
    for row in rows:
        data = row.data or {}
        if data.get("reason") == BounceReason.POLICY and data.get("domain"):
            found.setdefault(data["domain"], []).append((row.at, data.get("diagnostic", "")))
            mails.setdefault(data["domain"], set()).add(row.delivery_id or str(row.at))
    listed = [
        Refusals(domain, len(mails[domain]), said[0][0], said[0][1])
        for domain, said in found.items()
    ]
    return sorted(listed, key=lambda r: (-r.mails, r.domain))


def count_suppressed(connection: Connection) -> dict[SuppressedFor, int]:
    """How many readers get no mail, by why."""
    rows = connection.execute(
        select(readers.c.suppressed_for, func.count())
        .where(readers.c.suppressed_for.is_not(None))
        .group_by(readers.c.suppressed_for)
    )
    return {SuppressedFor(reason): number for reason, number in rows}
