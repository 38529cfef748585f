"""How far along each of the worker's ways has come: places in the event log, or times."""

from sqlalchemy import Connection, select, update

from tracker.store.engine import insert_new
from tracker.store.tables import cursors

DIGEST = "digest"
SWEPT = "swept"
"""Its place is a time: milliseconds since 1970."""


def places(connection: Connection) -> dict[str, int]:
    """Every cursor's place, by name; none is locked."""
    return {row.name: row.seq for row in connection.execute(select(cursors))}


def hold(connection: Connection, name: str) -> int:
    """The cursor's place (0 at first), locked until this transaction ends, so that two workers
    never digest the same events."""
    insert_new(connection, cursors, [{"name": name, "seq": 0}])
    place: int = connection.execute(
        select(cursors.c.seq).where(cursors.c.name == name).with_for_update()
    ).scalar_one()
    return place


def move(connection: Connection, name: str, seq: int) -> None:
    connection.execute(update(cursors).where(cursors.c.name == name).values(seq=seq))


def place(connection: Connection, name: str) -> int:
    """The cursor's place, not locked; 0 where there is none."""
    found = connection.execute(select(cursors.c.seq).where(cursors.c.name == name)).scalar()
    return int(found or 0)


def put(connection: Connection, name: str, seq: int) -> None:
    """Move the cursor, making it where there is none."""
    hold(connection, name)
    move(connection, name, seq)
