"""Who may open the desk: accounts, their passwords, and the links that invite to one."""

import secrets
import unicodedata
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, insert, select, update

from tracker.store import sessions
from tracker.store.engine import insert_new
from tracker.store.tables import accounts, invitations, new_id
from tracker.words import Role

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
INVITATION_LIFETIME = timedelta(days=7)

_hasher = PasswordHasher()


class AccountError(Exception):
    """The account cannot be made or changed so; the message is for the person who asked."""


@dataclass(frozen=True)
class Account:
    """One person at the desk. ``issuer`` and ``subject`` are who they are to a sign-in provider,
    once they came from there; without a password that is their only way in."""

    id: str
    email: str
    role: Role
    created_at: datetime
    issuer: str | None
    subject: str | None
    password_hash: str | None = field(repr=False)


@dataclass(frozen=True)
class Invitation:
    """An invitation that can still be taken up; ``email`` names the only address that may."""

    token_hash: str
    role: Role
    email: str | None
    created_at: datetime
    expires_at: datetime


_COLUMNS = [accounts.c[name] for name in Account.__dataclass_fields__]
_INVITATION = [invitations.c[name] for name in Invitation.__dataclass_fields__]


def any_account(connection: Connection) -> bool:
    """Whether anybody can sign in at all."""
    return bool(connection.execute(select(exists().select_from(accounts))).scalar_one())


def add(connection: Connection, email: str, password: str, role: Role, now: datetime) -> Account:
    """Make an account. ``email`` is an address as ``tracker.inputs.read_address`` lets through;
    upper and lower case are one.

    Raises ``AccountError`` for a password too short or an address that has an account.
    """
    return _insert(connection, email, role, now, password_hash=_hasher.hash(_fit(password)))


def get(connection: Connection, account_id: str) -> Account | None:
    return _one(connection, accounts.c.id == account_id)


def by_email(connection: Connection, email: str) -> Account | None:
    return _one(connection, accounts.c.email == _same(email))


def everyone(connection: Connection) -> list[Account]:
    """All accounts, the oldest first."""
    rows = connection.execute(select(*_COLUMNS).order_by(accounts.c.created_at, accounts.c.id))
    return [_account(row) for row in rows]


def addresses(connection: Connection) -> list[str]:
    """The mail addresses of all accounts, the oldest account first."""
    return [account.email for account in everyone(connection)]


def admins(connection: Connection) -> list[str]:
    """The addresses of who may change roles."""
    return [account.email for account in everyone(connection) if account.role is Role.ADMIN]


def check(connection: Connection, email: str, password: str) -> Account | None:
    """The account whose address and password these are. An unknown address costs the same work
    as a wrong password, so that time tells nobody which addresses have an account."""
    found = by_email(connection, email)
    return found if _is_password(found, password) else None


def is_password(connection: Connection, account_id: str, password: str) -> bool:
    """Whether this is the account's password."""
    return _is_password(get(connection, account_id), password)


def renew_hash(connection: Connection, account: Account, password: str) -> bool:
    """Hash the password, just checked, anew where argon2's parameters have been raised since."""
    before = account.password_hash
    if before is None or not _hasher.check_needs_rehash(before):
        return False
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account.id, accounts.c.password_hash == before)
        .values(password_hash=_hasher.hash(password))
    )
    return True


def set_password(connection: Connection, account_id: str, password: str) -> None:
    """Give the account a new password; every session it had ends. Raises ``AccountError``."""
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(password_hash=_hasher.hash(_fit(password)))
    )
    sessions.end_all(connection, account_id)


def set_role(connection: Connection, account_id: str, role: Role) -> Role | None:
    """Give the account another role, from its very next request on; the role it had, or ``None``
    if there is no such account. Raises ``AccountError`` for the last admin."""
    if role is not Role.ADMIN:
        _keep_an_admin(connection, account_id)
    before = get(connection, account_id)
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(role=role))
    return before.role if before else None


def remove(connection: Connection, account_id: str) -> None:
    """Take the account and its sessions away. Raises ``AccountError`` for the last admin."""
    _keep_an_admin(connection, account_id)
    sessions.end_all(connection, account_id)
    connection.execute(delete(accounts).where(accounts.c.id == account_id))


def invite(
    connection: Connection,
    role: Role,
    now: datetime,
    lifetime: timedelta = INVITATION_LIFETIME,
    *,
    email: str | None = None,
) -> str:
    """A token with which one person, of that address if one is given, may make an account of
    ``role``, once, within ``lifetime``. Only its hash is stored."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(invitations).values(
            token_hash=_hash_of(token),
            role=Role(role),
            email=None if email is None else _same(email),
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    return token


def invitation(connection: Connection, token: str, now: datetime) -> Invitation | None:
    """The invitation of that token, if it can still be taken up."""
    row = connection.execute(
        select(*_INVITATION).where(_open(now), invitations.c.token_hash == _hash_of(token))
    ).one_or_none()
    return _invitation(row) if row else None


def open_invitations(connection: Connection, now: datetime) -> list[Invitation]:
    """Those nobody has taken up yet, the newest first."""
    rows = connection.execute(
        select(*_INVITATION).where(_open(now)).order_by(invitations.c.created_at.desc())
    )
    return [_invitation(row) for row in rows]


def withdraw(connection: Connection, token_hash: str, now: datetime) -> bool:
    """Make an invitation worthless; whether it still was worth something."""
    return bool(
        connection.execute(
            update(invitations)
            .where(_open(now), invitations.c.token_hash == token_hash)
            .values(used_at=now)
        ).rowcount
    )


def join(
    connection: Connection, token: str, email: str, password: str, now: datetime
) -> Account | None:
    """Take up an invitation: the account made, or ``None`` if it was used or is over.

    Raises ``AccountError`` as ``add`` does, and for an address other than the one invited; roll
    back then, and the invitation stays open.
    """
    row = _take_up(connection, invitations.c.token_hash == _hash_of(token), now)
    if row is None:
        return None
    if row.email not in (None, _same(email)):
        raise AccountError(f"この招待は {row.email} へのものです")
    return add(connection, email, password, Role(row.role), now)


def from_provider(
    connection: Connection,
    email: str,
    issuer: str,
    subject: str,
    now: datetime,
    domains: Collection[str] = (),
) -> tuple[Account, bool]:
    """The account of a person whom a sign-in provider vouches for, and whether it is new.

    A person is known by ``issuer`` and ``subject``, which are never given to another. Only who
    comes for the first time is found by the address: an account, an invitation to it, or one of
    ``domains`` (then a viewer). Raises ``AccountError`` for anybody else.
    """
    known = _one(connection, and_(accounts.c.issuer == issuer, accounts.c.subject == subject))
    if known is not None:
        return known, False
    same_address = by_email(connection, email)
    if same_address is not None:
        if same_address.issuer == issuer:
            raise AccountError(
                "このアドレスのアカウントは、前に別の人のものとして使われています。"
                "管理者に、アカウントを作り直すよう頼んでください"
            )
        connection.execute(
            update(accounts)
            .where(accounts.c.id == same_address.id)
            .values(issuer=issuer, subject=subject)
        )
        return same_address, False
    invited = _take_up(connection, invitations.c.email == _same(email), now)
    if invited is not None:
        role = Role(invited.role)
    elif _same(email).rpartition("@")[2] in {_same(domain) for domain in domains}:
        role = Role.VIEWER
    else:
        raise AccountError(
            f"{email} のアカウントはありません。管理者に、このアドレスへの招待を頼んでください"
        )
    return _insert(connection, email, role, now, issuer=issuer, subject=subject), True


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


def _insert(
    connection: Connection,
    email: str,
    role: Role,
    now: datetime,
    *,
    password_hash: str | None = None,
    issuer: str | None = None,
    subject: str | None = None,
) -> Account:
    account = Account(
        id=new_id(),
        email=_same(email),
        role=Role(role),
        created_at=now,
        issuer=issuer,
        subject=subject,
        password_hash=password_hash,
    )
    if not insert_new(connection, accounts, [asdict(account)]):
        raise AccountError("このメールアドレスのアカウントは、もうあります")
    return account


def _keep_an_admin(connection: Connection, account_id: str) -> None:
    """Raise ``AccountError`` if nobody could manage accounts without this one. The rows stay
    locked until the commit, so that two admins cannot put down each other."""
    left = set(
        connection.execute(
            select(accounts.c.id).where(accounts.c.role == Role.ADMIN).with_for_update()
        ).scalars()
    )
    if left == {account_id}:
        raise AccountError("最後の管理者は外せません。先に、ほかの人を管理者にしてください")


def _take_up(
    connection: Connection, which: ColumnElement[bool], now: datetime
) -> Invitation | None:
    """Use up the newest open invitation of ``which``, if there is one."""
    row = connection.execute(
        select(*_INVITATION)
        .where(_open(now), which)
        .order_by(invitations.c.created_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    taken = connection.execute(
        update(invitations)
        .where(_open(now), invitations.c.token_hash == row.token_hash)
        .values(used_at=now)
    ).rowcount
    return _invitation(row) if taken else None


def _open(now: datetime) -> ColumnElement[bool]:
    return and_(invitations.c.used_at.is_(None), invitations.c.expires_at > now)


def _one(connection: Connection, which: ColumnElement[bool]) -> Account | None:
    row = connection.execute(select(*_COLUMNS).where(which)).one_or_none()
    return _account(row) if row else None


def _account(row: Row[Any]) -> Account:
    values = dict(row._mapping)
    return Account(**{**values, "role": Role(values["role"])})


def _invitation(row: Row[Any]) -> Invitation:
    values = dict(row._mapping)
    return Invitation(**{**values, "role": Role(values["role"])})


def _is_password(account: Account | None, password: str) -> bool:
    kept = account.password_hash if account else None
    try:
        _hasher.verify(kept or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return kept is not None


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
