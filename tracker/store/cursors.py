"""How far along the event log each of the log's readers has come."""

from sqlalchemy import Connection, select, update

from tracker.store.engine import insert_new
from tracker.store.tables import cursors


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
