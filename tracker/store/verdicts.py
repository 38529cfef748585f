"""Verdicts on hits: kept beside the event log, revised when evidence comes, made anew by version."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select

from tracker.clicks import RULES_VERSION, Hit, Judgement
from tracker.store.tables import events, verdicts
from tracker.words import EventKind, Verdict


def waiting(connection: Connection, until: datetime, most: int) -> list[str]:
    """Up to ``most`` deliveries with a hit from before ``until`` that has no verdict of these
    rules."""
    return list(
        connection.execute(
            select(events.c.delivery_id)
            .outerjoin(verdicts, verdicts.c.event_id == events.c.id)
            .where(
                events.c.kind == EventKind.MAIL_CLICK,
                events.c.at <= until,
                events.c.delivery_id.is_not(None),
                or_(verdicts.c.event_id.is_(None), verdicts.c.rules_version != RULES_VERSION),
            )
            .distinct()
            .order_by(events.c.delivery_id)
            .limit(most)
        ).scalars()
    )


def hits_of(connection: Connection, delivery_id: str) -> list[Hit]:
    """All hits on the links of one mail."""
    rows = connection.execute(
        select(events.c.id, events.c.at, events.c.data).where(
            events.c.kind == EventKind.MAIL_CLICK, events.c.delivery_id == delivery_id
        )
    )
    return [Hit.of(row.id, row.at, row.data) for row in rows]


def keep(connection: Connection, judgements: Iterable[Judgement], now: datetime) -> bool:
    """Keep verdicts in place of earlier ones. Whether any hit is now held for something else."""
    found = {judgement.hit_id: judgement for judgement in judgements}
    held = {
        row.event_id: row.verdict
        for row in connection.execute(
            select(verdicts.c.event_id, verdicts.c.verdict).where(verdicts.c.event_id.in_(found))
        )
    }
    connection.execute(delete(verdicts).where(verdicts.c.event_id.in_(found)))
    connection.execute(
        insert(verdicts),
        [
            {
                "event_id": judgement.hit_id,
                "verdict": judgement.verdict,
                "total": judgement.total,
                "signs": [list(sign) for sign in judgement.signs],
                "rules_version": RULES_VERSION,
                "decided_at": now,
            }
            for judgement in found.values()
        ],
    )
    return any(Verdict(j.verdict) != held.get(j.hit_id) for j in found.values())
