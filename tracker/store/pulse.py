"""How far the work behind the doors has come, for who watches over it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select

from tracker.store import cursors, deliveries, events, suppressions
from tracker.store.tables import deliveries as mails
from tracker.words import DeliveryState, SuppressedFor


@dataclass(frozen=True)
class Pulse:
    """The store's state of work at one moment."""

    mails: Mapping[DeliveryState, int]
    overdue: int
    """Mails whose time has come and that nobody has claimed."""
    overdue_since: datetime | None
    undigested: int
    """Places of the event log that the worker has not taken in (at most so many events)."""
    swept_at: datetime | None
    """When the worker last finished a sweep (UTC)."""
    suppressed: Mapping[SuppressedFor, int]
    """Readers who get no mail."""
    ignored: Mapping[tuple[str, str], int]
    """Notices about mails that came to nothing, by source and why."""


def read(connection: Connection, now: datetime) -> Pulse:
    """The pulse at ``now``."""
    overdue, since = connection.execute(
        select(func.count(), func.min(mails.c.due_at)).where(
            mails.c.state == DeliveryState.PLANNED, mails.c.due_at <= now
        )
    ).one()
    places = cursors.places(connection)
    return Pulse(
        mails=deliveries.count_by_state(connection),
        overdue=overdue,
        overdue_since=since,
        undigested=max(0, events.last_seq(connection) - places.get(cursors.DIGEST, 0)),
        swept_at=_moment(places.get(cursors.SWEPT)),
        suppressed=suppressions.count_suppressed(connection),
        ignored=suppressions.counts(connection),
    )


def swept_at(connection: Connection) -> datetime | None:
    """When the worker last finished a sweep (UTC)."""
    return _moment(cursors.places(connection).get(cursors.SWEPT))


def note_sweep(connection: Connection, now: datetime) -> None:
    """The worker has finished a sweep."""
    cursors.hold(connection, cursors.SWEPT)
    cursors.move(connection, cursors.SWEPT, round(now.timestamp() * 1000))


def _moment(milliseconds: int | None) -> datetime | None:
    if not milliseconds:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
