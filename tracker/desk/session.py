"""Who is at the desk: the session, and the demand that there be one of the right role."""

from urllib.parse import urlsplit

from flask import abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from tracker.context import context, network
from tracker.desk import roles
from tracker.desk.devices import device
from tracker.desk.names import Names
from tracker.store import accounts, audit, sessions
from tracker.store.accounts import Account
from tracker.store.engine import reading
from tracker.words import Act

HOME = "/desk/"
_TOKEN = "token"  # noqa: S105


def begin(connection: Connection, account: Account) -> None:
    """Make ``account`` the one of this browser. The session it had before ends, and what that
    held is dropped."""
    if before := _token():
        sessions.end(connection, before)
    token = sessions.begin(
        connection,
        account.id,
        context().now(),
        network=network(),
        device=device(request.headers.get("User-Agent", "")),
    )
    session.clear()
    session[_TOKEN] = token
    session.permanent = True
    g.account = account


def end(connection: Connection) -> None:
    """End the session of this browser; the account's others go on."""
    if token := _token():
        sessions.end(connection, token)
    session.clear()


def own_session() -> str | None:
    """Which of the account's sessions is this browser's, by its ``token_hash``."""
    token = _token()
    return sessions.hash_of(token) if token else None


def current() -> Account | None:
    """The signed-in account; ``None`` without one, or after its session was ended."""
    if "account" not in g:
        g.account = _of_session()
    found: Account | None = g.account
    return found


def signed_in() -> Account:
    """The account of a request that ``demand`` let through."""
    account = current()
    assert account is not None
    return account


def may(endpoint: str) -> bool:
    """Whether who is at the desk may open ``endpoint``."""
    account = current()
    return account is not None and roles.may(account.role, endpoint)


def names() -> Names:
    """How readers are shown to who is at the desk."""
    account = current()
    return Names(whole=account is not None and account.role.covers(roles.NAMES_SHOWN))


def record(connection: Connection, act: Act, *, about: str = "", **details: object) -> None:
    """Write into the audit log what the signed-in account does, in the same transaction."""
    audit.record(
        connection,
        context().now(),
        signed_in().email,
        act,
        about=about,
        network=network(),
        **details,
    )


def demand() -> ResponseReturnValue | None:
    """Before each request of the desk: a session of the role that ``roles`` lists, except on the
    way to one, and for every POST the form's own token."""
    if request.endpoint not in roles.OPEN:
        if current() is None:
            wanted = request.full_path.removesuffix("?") if request.method == "GET" else HOME
            asked = None if wanted == HOME else wanted
            return redirect(url_for("desk.signin.form", next=asked), 303)
        if not may(request.endpoint or ""):
            abort(403)
    current_app.extensions["csrf"].protect()
    return None


def own_path(wanted: str | None) -> str:
    """``wanted`` if it is a page of the desk on this very site, else the desk's first page."""
    if not wanted or not wanted.startswith(HOME) or "\\" in wanted:
        return HOME
    if any(ord(c) < 33 or ord(c) == 127 for c in wanted):
        return HOME
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return HOME
    return HOME if parts.scheme or parts.netloc else wanted


def _token() -> str | None:
    token = session.get(_TOKEN)
    return token if isinstance(token, str) else None


def _of_session() -> Account | None:
    token = _token()
    if token is None:
        return None
    with reading(context().engine) as connection:
        account_id = sessions.account_of(connection, token, context().now())
        return accounts.get(connection, account_id) if account_id else None
