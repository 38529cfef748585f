"""Who has a place at a seminar: read from the event log."""

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from tracker.store.tables import deliveries, events
from tracker.words import EventKind, FormOf


def places_taken(connection: Connection, seminar_id: str) -> int:
    """How many readers have a place: they registered and confirmed their address."""
    return connection.execute(
        select(func.count(events.c.reader_id.distinct())).where(_registered(seminar_id))
    ).scalar_one()


def has_place(connection: Connection, seminar_id: str, delivery_id: str) -> bool:
    """Whether the reader of that delivery has one of the places."""
    return connection.execute(
        select(
            exists().where(
                _registered(seminar_id),
                events.c.reader_id == deliveries.c.reader_id,
                deliveries.c.id == delivery_id,
            )
        )
    ).scalar_one()


def _registered(seminar_id: str) -> ColumnElement[bool]:
    return and_(
        events.c.kind == EventKind.SEMINAR_REGISTER,
        events.c.gate == FormOf.SEMINAR.gate(seminar_id),
    )
