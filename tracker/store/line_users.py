"""Who follows the firm in LINE."""

from datetime import datetime

from sqlalchemy import Connection, update

from tracker.store.engine import insert_new
from tracker.store.tables import line_users


def note(connection: Connection, user_hash: str, user_id: str, follows: bool, at: datetime) -> None:
    """Note that a user follows, or no more; nothing where something newer is known."""
    row = {"user_hash": user_hash, "user_id": user_id, "follows": follows, "changed_at": at}
    if insert_new(connection, line_users, [row]):
        return
    connection.execute(
        update(line_users)
        .where(line_users.c.user_hash == user_hash, line_users.c.changed_at < at)
        .values(follows=follows, changed_at=at)
    )
