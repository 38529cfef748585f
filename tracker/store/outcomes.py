"""What became of mails, as is learnt later: from notices, logs, clicks, or somebody who decides."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    exists,
    func,
    literal,
    select,
    update,
)

from tracker.store.deliveries import COLUMNS, ON_THE_WAY, Delivery, delivery_of
from tracker.store.tables import (
    Utc,
    deliveries,
    events,
)
from tracker.words import (
    Choice,
    DeliveryState,
    EventKind,
)


def was_handed_over(delivery: Delivery) -> bool:
    """Whether a server may have taken the mail."""
    return delivery.state in (*ON_THE_WAY, DeliveryState.BOUNCED, DeliveryState.FAILED)


def undelivered(connection: Connection, delivery_id: str, reason: str, at: datetime) -> bool:
    """A mail came back. False if it was not on its way, or had come back before."""
    return _learn(connection, delivery_id, ON_THE_WAY, DeliveryState.BOUNCED, reason, at)


def arrived(connection: Connection, delivery_id: str, at: datetime) -> bool:
    """A mail of which nobody could know whether it was taken did arrive. False if that was
    known."""
    unsure = (DeliveryState.SENDING, DeliveryState.UNCERTAIN)
    return _learn(connection, delivery_id, unsure, DeliveryState.SENT, None, at)


def _learn(
    connection: Connection,
    delivery_id: str,
    sources: Sequence[DeliveryState],
    state: DeliveryState,
    reason: str | None,
    at: datetime,
) -> bool:
    learnt = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state.in_(sources))
        .values(
            state=state,
            reason=reason,
            settled_at=func.coalesce(deliveries.c.settled_at, literal(at, Utc)),
        )
    )
    return learnt.rowcount == 1


def uncertain(connection: Connection, most: int) -> list[Delivery]:
    """Up to ``most`` mails of which nobody knows whether they were taken, the newest first."""
    rows = connection.execute(
        select(*COLUMNS)
        .where(deliveries.c.state == DeliveryState.UNCERTAIN)
        .order_by(deliveries.c.settled_at.desc(), deliveries.c.id)
        .limit(most)
    )
    return [delivery_of(row._mapping) for row in rows]


def decide(connection: Connection, delivery_id: str, choice: Choice, now: datetime) -> bool:
    """Settle an uncertain mail as a person says. False if it is uncertain no more.

    Sent again it is the same mail with the same Message-ID, and may go out only as any other.
    """
    values: dict[Choice, dict[str, Any]] = {
        Choice.ARRIVED: {"state": DeliveryState.SENT, "reason": "by hand"},
        Choice.NEVER: {"state": DeliveryState.CANCELLED, "reason": "by hand"},
        Choice.AGAIN: {
            "state": DeliveryState.PLANNED,
            "reason": "by hand",
            "due_at": now,
            "tried_at": None,
            "settled_at": None,
            "retry_key": None,
        },
    }
    decided = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state == DeliveryState.UNCERTAIN)
        .values(**values[choice])
    )
    return decided.rowcount == 1


def proven(connection: Connection) -> int:
    """Settle as sent the uncertain mails whose links somebody, or something, followed: nobody
    could who had not got them. How many."""
    followed = exists().where(
        events.c.delivery_id == deliveries.c.id,
        events.c.kind.in_(
            (
                EventKind.MAIL_CLICK,
                EventKind.CONFIRM,
                EventKind.MAIL_UNSUB,
                EventKind.PREFERENCES,
                EventKind.GATE_DOWNLOAD,
            )
        ),
    )
    return connection.execute(
        update(deliveries)
        .where(deliveries.c.state == DeliveryState.UNCERTAIN, followed)
        .values(state=DeliveryState.SENT, reason="its links were followed")
    ).rowcount


def sent_by_message_ids(
    connection: Connection, message_ids: Collection[str], reason: str, now: datetime
) -> int:
    """Settle as sent what a mail server took: uncertain mails, and planned ones that a restored
    store takes for unsent. How many."""
    return connection.execute(
        update(deliveries)
        .where(
            deliveries.c.message_id.in_(message_ids),
            deliveries.c.state.in_(
                (DeliveryState.UNCERTAIN, DeliveryState.PLANNED, DeliveryState.SENDING)
            ),
        )
        .values(
            state=DeliveryState.SENT,
            reason=reason,
            settled_at=func.coalesce(deliveries.c.settled_at, literal(now, Utc)),
        )
    ).rowcount


def by_message_id(connection: Connection, message_id: str) -> Delivery | None:
    row = connection.execute(
        select(*COLUMNS).where(deliveries.c.message_id == message_id)
    ).one_or_none()
    return delivery_of(row._mapping) if row else None
