"""Deals as other systems tell them: named so that telling one twice is one, and taken in."""

import logging
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from tracker.deal_terms import key_of
from tracker.journal import Entry
from tracker.store import deals, dossier, suppressions
from tracker.store.deals import Deal
from tracker.words import DealOutcome, DealSource, EventKind, LostReason

log = logging.getLogger(__name__)

KINDS = frozenset({EventKind.DEAL_WON, EventKind.DEAL_LOST})
SOURCE = "deals"
LONGEST_NOTE = 2000


def entry_of(
    *,
    deal_id: str,
    address: str,
    outcome: DealOutcome,
    closed_at: datetime,
    amount: int | None,
    reason: LostReason | None,
    note: str,
    quiet_days: int,
    now: datetime,
) -> Entry:
    """The journal's entry for what a system told. What it told before and tells again unchanged
    is the same entry."""
    told = repr((deal_id, address, outcome.value, closed_at.isoformat(), amount, reason, note))
    return Entry(
        id=f"deal:{sha256(told.encode()).hexdigest()[:40]}",
        at=now,
        kind=outcome.event,
        data={"quiet_days": quiet_days},
        person={
            "email_normalised": address,
            "deal": {
                "key": key_of(deal_id),
                "closed_at": closed_at.isoformat(),
                "amount": amount,
                "reason": reason,
                "note": note[:LONGEST_NOTE],
            },
        },
    )


def take(connection: Connection, entry: Entry) -> None:
    """Take in a deal from the journal; one about nobody we know is counted and left."""
    reader_id = dossier.find(connection, str(entry.person.get("email_normalised", "")))
    if reader_id is None:
        suppressions.count(connection, SOURCE, "unknown")
        log.warning("deal: one about nobody we know was left")
        return
    told: dict[str, Any] = entry.person["deal"]
    outcome = DealOutcome.WON if entry.kind is EventKind.DEAL_WON else DealOutcome.LOST
    deals.record(
        connection,
        Deal(
            key=told["key"],
            reader_id=reader_id,
            outcome=outcome,
            closed_at=datetime.fromisoformat(told["closed_at"]),
            source=DealSource.WEBHOOK,
            amount=told["amount"],
            reason=LostReason(told["reason"]) if told["reason"] else None,
            note=told["note"],
        ),
        now=entry.at,
        quiet=timedelta(days=entry.data.get("quiet_days", 0)),
        author=SOURCE,
    )
