"""The sign-ins of the desk that still hold, one row each."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, delete, func, insert, select

from tracker.store.tables import desk_sessions

LIFETIME = timedelta(days=14)


@dataclass(frozen=True)
class Session:
    """One sign-in. ``device`` is the browser and system as they named themselves; ``token_hash``
    tells one from another."""

    token_hash: str
    started_at: datetime
    expires_at: datetime
    network: str | None
    device: str


def begin(
    connection: Connection, account_id: str, now: datetime, *, network: str | None, device: str
) -> str:
    """Begin a session and return its token, of which only the hash is stored. Sessions that are
    over, of anybody, are cleared away."""
    connection.execute(delete(desk_sessions).where(desk_sessions.c.expires_at <= now))
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(desk_sessions).values(
            token_hash=hash_of(token),
            account_id=account_id,
            started_at=now,
            expires_at=now + LIFETIME,
            network=network,
            device=device,
        )
    )
    return token


def account_of(connection: Connection, token: str, now: datetime) -> str | None:
    """The id of the account whose session this token is, while it holds."""
    return connection.execute(
        select(desk_sessions.c.account_id).where(
            desk_sessions.c.token_hash == hash_of(token), desk_sessions.c.expires_at > now
        )
    ).scalar_one_or_none()


def end(connection: Connection, token: str) -> None:
    connection.execute(delete(desk_sessions).where(desk_sessions.c.token_hash == hash_of(token)))


def end_all(connection: Connection, account_id: str) -> int:
    """End every session of the account, so that a copied cookie is worth nothing; how many."""
    return connection.execute(
        delete(desk_sessions).where(desk_sessions.c.account_id == account_id)
    ).rowcount


def of_account(connection: Connection, account_id: str, now: datetime) -> list[Session]:
    """The account's sessions that hold, the newest first."""
    rows = connection.execute(
        select(*(desk_sessions.c[name] for name in Session.__dataclass_fields__))
        .where(desk_sessions.c.account_id == account_id, desk_sessions.c.expires_at > now)
        .order_by(desk_sessions.c.started_at.desc(), desk_sessions.c.token_hash)
    )
    return [Session(**row._mapping) for row in rows]


def counts(connection: Connection, now: datetime) -> dict[str, int]:
    """How many sessions hold, by account id."""
    rows = connection.execute(
        select(desk_sessions.c.account_id, func.count().label("held"))
        .where(desk_sessions.c.expires_at > now)
        .group_by(desk_sessions.c.account_id)
    )
    return {row.account_id: row.held for row in rows}


def hash_of(token: str) -> str:
    """What is stored of a token."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()
