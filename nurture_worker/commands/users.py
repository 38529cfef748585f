"""The accounts of the desk: user."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from nurture_worker.commands.telling import told
from tracker.settings import read_settings
from tracker.words import Act, Role


@click.group()
def user() -> None:
    """デスクの利用者。"""


_role = click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.MARKETER.value,
    show_default=True,
    help="権限",
)


@user.command("list")
@told
def user_list() -> None:
    """利用者と、まだ使われていない招待を並べる。"""
    from tracker.store import accounts, sessions

    now = datetime.now(UTC)
    with _desk() as connection:
        signed_in = sessions.counts(connection, now)
        for account in accounts.everyone(connection):
            count = signed_in.get(account.id, 0)
            click.echo(f"{account.email}\t{account.role.label}\tサインイン中 {count}台")
        for open_one in accounts.open_invitations(connection, now):
            click.echo(f"{open_one.email or '（アドレスなし）'}\t{open_one.role.label}\t招待中")


@user.command("invite")
@_role
@click.option("--email", help="このアドレスの人だけが使える招待にする")
@told
def user_invite(role: str, email: str | None) -> None:
    """アカウントを作る一度きりのリンクを出す。"""
    from tracker.store import accounts

    address = _address(email) if email else None
    with _desk() as connection:
        token = accounts.invite(connection, Role(role), datetime.now(UTC), email=address)
        _record(connection, Act.ACCOUNT_INVITED, address, role=role)
    click.echo(f"{read_settings().site_url}/desk/join/{token}")


@user.command("add")
@click.argument("email")
@_role
@click.password_option()
@told
def user_add(email: str, role: str, password: str) -> None:
    """アカウントを作る。"""
    from tracker.store import accounts

    address = _address(email)
    with _desk() as connection:
        accounts.add(connection, address, password, Role(role), datetime.now(UTC))
        _record(connection, Act.ACCOUNT_MADE, address, role=role)


@user.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@told
def user_role(email: str, role: str) -> None:
    """権限を変える。"""
    from tracker.store import accounts

    with _desk() as connection:
        account = _account(connection, email)
        before = accounts.set_role(connection, account.id, Role(role))
        _record(connection, Act.ROLE_CHANGED, account.email, before=before, role=role)


@user.command("password")
@click.argument("email")
@click.password_option()
@told
def user_password(email: str, password: str) -> None:
    """パスワードを決め直す（その人のサインインはすべて終わる）。"""
    from tracker.store import accounts

    with _desk() as connection:
        account = _account(connection, email)
        accounts.set_password(connection, account.id, password)
        _record(connection, Act.PASSWORD_CHANGED, account.email)


@user.command("signout")
@click.argument("email")
@told
def user_signout(email: str) -> None:
    """その人を、すべての端末でサインアウトさせる。"""
    from tracker.store import sessions

    with _desk() as connection:
        account = _account(connection, email)
        ended = sessions.end_all(connection, account.id)
        _record(connection, Act.SESSIONS_ENDED, account.email, sessions=ended)
    click.echo(f"{ended}台をサインアウトさせました")


@user.command("remove")
@click.argument("email")
@click.confirmation_option(prompt="元には戻せません。利用者から外しますか")
@told
def user_remove(email: str) -> None:
    """利用者から外す。"""
    from tracker.store import accounts

    with _desk() as connection:
        account = _account(connection, email)
        accounts.remove(connection, account.id)
        _record(connection, Act.ACCOUNT_REMOVED, account.email)


@contextmanager
def _desk() -> Iterator[Any]:
    """A write transaction on the desk's accounts; what cannot be done is one sentence."""
    from tracker.store.accounts import AccountError
    from tracker.store.engine import check_version, open_store, writing

    settings = read_settings()
    check_version(settings.store_url)
    try:
        with writing(open_store(settings.store_url)) as connection:
            yield connection
    except AccountError as error:
        raise click.ClickException(str(error)) from None


def _address(email: str) -> str:
    from tracker.inputs import InputError, read_address

    try:
        return read_address(email).normalised
    except InputError as error:
        raise click.ClickException(str(error)) from None


def _account(connection: Any, email: str) -> Any:
    from tracker.store import accounts

    found = accounts.by_email(connection, email)
    if found is None:
        raise click.ClickException(f"{email} というアカウントはありません")
    return found


def _record(connection: Any, act: Act, email: str | None, **details: Any) -> None:
    from tracker.store import audit

    about = f"account:{email}" if email else ""
    audit.record(connection, datetime.now(UTC), audit.shell(), act, about=about, **details)
