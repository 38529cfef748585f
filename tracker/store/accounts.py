"""Who may open the desk: accounts, their passwords, and the links that invite to one."""

import secrets
import unicodedata
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, exists, insert, select, update

from tracker.store.engine import insert_new
from tracker.store.tables import accounts, invitations, new_id

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
INVITATION_LIFETIME = timedelta(days=7)

_hasher = PasswordHasher()


class AccountError(Exception):
    """The account cannot be made or changed so; the message is for the person who asked."""


@dataclass(frozen=True)
class Account:
    """One person at the desk. A session is good while it shows the account's ``session_epoch``."""

    id: str
    email: str
    role: str
    created_at: datetime
    session_epoch: int
    password_hash: str = field(repr=False)


_COLUMNS = [accounts.c[name] for name in Account.__dataclass_fields__]


def any_account(connection: Connection) -> bool:
    """Whether anybody can sign in at all."""
    return bool(connection.execute(select(exists().select_from(accounts))).scalar_one())


def add(connection: Connection, email: str, password: str, role: str, now: datetime) -> Account:
    """Make an account. ``email`` is an address as ``tracker.inputs.read_address`` lets through;
    upper and lower case are one.

    Raises ``AccountError`` for a password too short or an address that has an account.
    """
    account = Account(
        id=new_id(),
        email=_same(email),
        role=role,
        created_at=now,
        session_epoch=0,
        password_hash=_hasher.hash(_fit(password)),
    )
    if not insert_new(connection, accounts, [asdict(account)]):
        raise AccountError("このメールアドレスのアカウントは、もうあります")
    return account


def get(connection: Connection, account_id: str) -> Account | None:
    row = connection.execute(select(*_COLUMNS).where(accounts.c.id == account_id)).one_or_none()
    return Account(**row._mapping) if row else None


def addresses(connection: Connection) -> list[str]:
    """The mail addresses of all accounts, the oldest account first."""
    return list(
        connection.execute(
            select(accounts.c.email).order_by(accounts.c.created_at, accounts.c.id)
        ).scalars()
    )


def check(connection: Connection, email: str, password: str) -> Account | None:
    """The account whose address and password these are. An unknown address costs the same work
    as a wrong password, so that time tells nobody which addresses have an account."""
    row = connection.execute(
        select(*_COLUMNS).where(accounts.c.email == _same(email))
    ).one_or_none()
    found = Account(**row._mapping) if row else None
    try:
        _hasher.verify(found.password_hash if found else _nobodys_hash(), password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return None
    return found


def renew_hash(connection: Connection, account: Account, password: str) -> bool:
    """Hash the password, just checked, anew where argon2's parameters have been raised since."""
    if not _hasher.check_needs_rehash(account.password_hash):
        return False
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account.id, accounts.c.password_hash == account.password_hash)
        .values(password_hash=_hasher.hash(password))
    )
    return True


def set_password(connection: Connection, account_id: str, password: str) -> None:
    """Give the account a new password; every session it had ends. Raises ``AccountError``."""
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(
            password_hash=_hasher.hash(_fit(password)),
            session_epoch=accounts.c.session_epoch + 1,
        )
    )


def end_sessions(connection: Connection, account_id: str) -> None:
    """End every session of the account, so that a copied cookie is worth nothing."""
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(session_epoch=accounts.c.session_epoch + 1)
    )


def invite(
    connection: Connection, role: str, now: datetime, lifetime: timedelta = INVITATION_LIFETIME
) -> str:
    """A token with which one person may make an account of ``role``, once, within ``lifetime``.
    Only its hash is stored."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(invitations).values(
            token_hash=_hash_of(token), role=role, created_at=now, expires_at=now + lifetime
        )
    )
    return token


def is_open(connection: Connection, token: str, now: datetime) -> bool:
    """Whether an invitation can still be taken up."""
    return bool(
        connection.execute(
            select(
                exists().where(
                    invitations.c.token_hash == _hash_of(token),
                    invitations.c.used_at.is_(None),
                    invitations.c.expires_at > now,
                )
            )
        ).scalar_one()
    )


def join(
    connection: Connection, token: str, email: str, password: str, now: datetime
) -> Account | None:
    """Take up an invitation: the account made, or ``None`` if it was used or is over.

    Raises ``AccountError`` as ``add`` does; roll back then, and the invitation stays open.
    """
    role = connection.execute(
        update(invitations)
        .where(
            invitations.c.token_hash == _hash_of(token),
            invitations.c.used_at.is_(None),
            invitations.c.expires_at > now,
        )
        .values(used_at=now)
        .returning(invitations.c.role)
    ).scalar_one_or_none()
    return None if role is None else add(connection, email, password, role, now)


def password_gap(password: str) -> str | None:
    """Why this cannot be a password; ``None`` if it can."""
    if len(password) < SHORTEST_PASSWORD:
        return f"パスワードは{SHORTEST_PASSWORD}文字以上にしてください"
    if len(password) > LONGEST_PASSWORD:
        return f"パスワードは{LONGEST_PASSWORD}文字までにしてください"
    try:
        password.encode()
    except UnicodeEncodeError:
        return "パスワードに使えない文字があります"
    return None


def _fit(password: str) -> str:
    gap = password_gap(password)
    if gap:
        raise AccountError(gap)
    return password


def _same(email: str) -> str:
    return unicodedata.normalize("NFKC", email).strip().casefold()


def _hash_of(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))
