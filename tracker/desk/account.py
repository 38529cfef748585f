"""``/desk/account``: one's own account. The password, and where one is signed in."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context, network
from tracker.desk import session
from tracker.desk.attempts import guard
from tracker.desk.signin import wait_in_words, waiting
from tracker.store import accounts, sessions
from tracker.store.engine import reading, writing
from tracker.words import Act

pages = Blueprint("account", __name__)


@pages.get("/account")
def show() -> ResponseReturnValue:
    return _page({})


@pages.post("/account/password")
def password() -> ResponseReturnValue:
    """Change the password: every other session ends, this browser goes on with a new one."""
    here, account = context(), session.signed_in()
    fields = [request.form.get(name, "") for name in ("current", "password", "again")]
    current, new, again = (field[: accounts.LONGEST_PASSWORD + 1] for field in fields)
    if account.password_hash is None:
        return _page({"current": "このアカウントにパスワードはありません"}), 422
    wait = guard.attempt(here.redis, account.email, network(), here.now())
    if wait:
        return waiting(_page({"current": wait_in_words(wait)}), wait)
    errors = {}
    with reading(here.engine) as connection:
        if not accounts.is_password(connection, account.id, current):
            errors["current"] = "いまのパスワードが違います"
    if not errors:
        guard.forget(here.redis, account.email, network())
    if gap := accounts.password_gap(new):
        errors["password"] = gap
    elif new != again:
        errors["again"] = "2つのパスワードが違います。もう一度入力してください"
    elif new == current:
        errors |= {"password": "いまのパスワードと同じです"}
    if errors:
        return _page(errors), 422
    with writing(here.engine) as connection:
        accounts.set_password(connection, account.id, new)
        session.begin(connection, account)
        session.record(connection, Act.PASSWORD_CHANGED, about=f"account:{account.email}")
    flash("パスワードを変えました。ほかの端末では、サインアウトしました。")
    return redirect(url_for("desk.account.show"), 303)


@pages.post("/account/signout")
def everywhere() -> ResponseReturnValue:
    """Sign out of every browser, this one too."""
    account = session.signed_in()
    with writing(context().engine) as connection:
        ended = sessions.end_all(connection, account.id)
        session.record(connection, Act.SIGN_OUT_EVERYWHERE, sessions=ended)
        session.end(connection)
    return redirect(url_for("desk.signin.form"), 303)


def _page(errors: dict[str, str]) -> str:
    here, account = context(), session.signed_in()
    with reading(here.engine) as connection:
        held = sessions.of_account(connection, account.id, here.now())
    return render_template(
        "desk/account.html", errors=errors, sessions=held, own=session.own_session()
    )
