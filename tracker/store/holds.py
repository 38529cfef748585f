"""Whether mails are held: after a restore nobody knows what went out since the backup was made."""

from sqlalchemy import Connection

from tracker.store import cursors

HELD = "mails-held"


def hold(connection: Connection) -> None:
    """Let nothing go out until ``release``."""
    cursors.put(connection, HELD, 1)


def release(connection: Connection) -> None:
    cursors.put(connection, HELD, 0)


def is_held(connection: Connection) -> bool:
    return bool(cursors.place(connection, HELD))
