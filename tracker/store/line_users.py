"""Who follows the firm in LINE, and which reader takes their steps there."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select, update

from tracker.store.engine import insert_new
from tracker.store.tables import line_links, line_users


@dataclass(frozen=True)
class Asking:
    """A user who asked in LINE how to be linked: ``reply_token`` lets the firm answer once, within
    a minute or so."""

    user_hash: str
    user_id: str
    reply_token: str
    asked_at: datetime


def hash_of(user_id: str) -> str:
    """The name of a user of LINE where their id must not stand."""
    return sha256(f"sodate:line:{user_id}".encode()).hexdigest()


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


def ask(connection: Connection, user_hash: str, reply_token: str, at: datetime) -> None:
    """Note that a user waits for an answer."""
    connection.execute(
        update(line_users)
        .where(line_users.c.user_hash == user_hash)
        .values(reply_token=reply_token, asked_at=at)
    )


def take_asking(connection: Connection) -> list[Asking]:
    """Those who wait for an answer, each once: whoever takes them answers."""
    rows = connection.execute(
        select(
            line_users.c.user_hash,
            line_users.c.user_id,
            line_users.c.reply_token,
            line_users.c.asked_at,
        ).where(line_users.c.reply_token.is_not(None))
    ).all()
    taken = []
    for row in rows:
        changed = connection.execute(
            update(line_users)
            .where(
                line_users.c.user_hash == row.user_hash,
                line_users.c.reply_token == row.reply_token,
            )
            .values(reply_token=None)
        )
        if changed.rowcount == 1:
            taken.append(Asking(**row._mapping))
    return taken


def link(connection: Connection, reader_id: str, user_hash: str, at: datetime) -> None:
    """One reader has one LINE account and the other way round: the newest link counts."""
    connection.execute(
        delete(line_links).where(
            (line_links.c.reader_id == reader_id) | (line_links.c.user_hash == user_hash)
        )
    )
    connection.execute(
        insert(line_links).values(reader_id=reader_id, user_hash=user_hash, linked_at=at)
    )


def unlink(connection: Connection, reader_id: str) -> bool:
    """False if there was no link."""
    gone = connection.execute(delete(line_links).where(line_links.c.reader_id == reader_id))
    return gone.rowcount == 1


def is_linked(connection: Connection, reader_id: str) -> bool:
    return (
        connection.execute(
            select(line_links.c.reader_id).where(line_links.c.reader_id == reader_id)
        ).one_or_none()
        is not None
    )


def reachable(connection: Connection, reader_id: str) -> str | None:
    """The id in LINE of a reader who linked their account and follows the firm."""
    return connection.execute(
        select(line_users.c.user_id)
        .join(line_links, line_links.c.user_hash == line_users.c.user_hash)
        .where(line_links.c.reader_id == reader_id, line_users.c.follows)
    ).scalar()


def of_reader(connection: Connection, reader_id: str) -> list[dict[str, object]]:
    """What is kept of a reader's LINE account."""
    rows = connection.execute(
        select(line_users.c.user_id, line_users.c.follows, line_links.c.linked_at)
        .join(line_links, line_links.c.user_hash == line_users.c.user_hash)
        .where(line_links.c.reader_id == reader_id)
    )
    return [dict(row._mapping) for row in rows]


def forget(connection: Connection, reader_id: str) -> None:
    """Take away a reader's LINE account with its id."""
    known = select(line_links.c.user_hash).where(line_links.c.reader_id == reader_id)
    hashes = list(connection.execute(known).scalars())
    connection.execute(delete(line_links).where(line_links.c.reader_id == reader_id))
    connection.execute(delete(line_users).where(line_users.c.user_hash.in_(hashes)))
