"""Calls to chats about hand-offs: planned, claimed, sent or failed; each at most once."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from tracker.store.engine import insert_new
from tracker.store.tables import notifications
from tracker.words import DeliveryState

LEASE = timedelta(minutes=5)


def plan(connection: Connection, handoff_id: str, targets: Collection[str], now: datetime) -> int:
    """Plan a call to each of ``targets`` (hashes of addresses, which are secrets) about a
    hand-off; how many were new."""
    rows = [
        {
            "key": f"handoff:{handoff_id}:{target}",
            "handoff_id": handoff_id,
            "target": target,
            "state": DeliveryState.PLANNED,
            "planned_at": now,
            "due_at": now,
        }
        for target in targets
    ]
    return len(insert_new(connection, notifications, rows))


def due(connection: Connection, now: datetime, most: int) -> list[str]:
    """Keys of up to ``most`` calls whose time has come."""
    return list(
        connection.execute(
            select(notifications.c.key)
            .where(notifications.c.state == DeliveryState.PLANNED, notifications.c.due_at <= now)
            .order_by(notifications.c.due_at, notifications.c.key)
            .limit(most)
        ).scalars()
    )


def claim(connection: Connection, key: str, now: datetime) -> tuple[str, str, int, datetime] | None:
    """Take a due call: its hand-off, its target, how often it was tried with this time, and when
    it was planned. ``None`` if it is taken or settled."""
    taken = connection.execute(
        update(notifications)
        .where(notifications.c.key == key, notifications.c.state == DeliveryState.PLANNED)
        .values(state=DeliveryState.CLAIMED, claimed_at=now, attempts=notifications.c.attempts + 1)
    )
    if taken.rowcount != 1:
        return None
    row = connection.execute(select(notifications).where(notifications.c.key == key)).one()
    return row.handoff_id, row.target, row.attempts, row.planned_at


def settle(
    connection: Connection, key: str, state: DeliveryState, now: datetime, reason: str | None = None
) -> None:
    """How a claimed call ended."""
    connection.execute(
        update(notifications)
        .where(notifications.c.key == key, notifications.c.state == DeliveryState.CLAIMED)
        .values(state=state, settled_at=now, reason=reason)
    )


def put_off(connection: Connection, key: str, until: datetime, reason: str) -> None:
    """Back to planned, after a failure that may pass."""
    connection.execute(
        update(notifications)
        .where(notifications.c.key == key, notifications.c.state == DeliveryState.CLAIMED)
        .values(state=DeliveryState.PLANNED, due_at=until, reason=reason)
    )


def recover(connection: Connection, now: datetime) -> int:
    """Mark the calls that dead workers held as uncertain, for nobody knows; how many."""
    return connection.execute(
        update(notifications)
        .where(
            notifications.c.state == DeliveryState.CLAIMED,
            notifications.c.claimed_at < now - LEASE,
        )
        .values(state=DeliveryState.UNCERTAIN, settled_at=now, reason="worker lost")
    ).rowcount
