"""Who is at the desk: the session, and the demand that there be one."""

from urllib.parse import urlsplit

from flask import current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.store import accounts
from tracker.store.accounts import Account
from tracker.store.engine import reading

OPEN_ENDPOINTS = frozenset(
    {"desk.signin.form", "desk.signin.sign_in", "desk.signin.invitation", "desk.signin.join"}
)
HOME = "/desk/"


def begin(account: Account) -> None:
    """Make ``account`` the one of this browser. What the session held before is dropped."""
    session.clear()
    session["account"] = account.id
    session["epoch"] = account.session_epoch
    session.permanent = True


def current() -> Account | None:
    """The signed-in account; ``None`` without one, or after its sessions were ended."""
    if "account" not in g:
        g.account = _of_session()
    found: Account | None = g.account
    return found


def demand() -> ResponseReturnValue | None:
    """Before each request of the desk: a session, except on the way to one, and for every POST
    the form's own token."""
    if request.endpoint not in OPEN_ENDPOINTS and current() is None:
        wanted = request.full_path.removesuffix("?") if request.method == "GET" else HOME
        asked = None if wanted == HOME else wanted
        return redirect(url_for("desk.signin.form", next=asked), 303)
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


def _of_session() -> Account | None:
    account_id, epoch = session.get("account"), session.get("epoch")
    if not isinstance(account_id, str):
        return None
    with reading(context().engine) as connection:
        account = accounts.get(connection, account_id)
    return account if account is not None and account.session_epoch == epoch else None
