"""The way in and out: sign-in, sign-out, and the one-time link with which an account is made."""

import math

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context, network
from tracker.desk import session as desk_session
from tracker.desk.attempts import guard
from tracker.desk.session import current, own_path
from tracker.inputs import InputError, clean, read_address
from tracker.store import accounts, audit
from tracker.store.accounts import AccountError
from tracker.store.engine import reading, writing
from tracker.words import Act

pages = Blueprint("signin", __name__)

_WRONG = "メールアドレスかパスワードが違います"


@pages.get("/signin")
def form() -> ResponseReturnValue:
    wanted = own_path(request.args.get("next"))
    if current() is not None:
        return redirect(wanted, 303)
    return signin_page(wanted)


@pages.post("/signin")
def sign_in() -> ResponseReturnValue:
    here = context()
    wanted = own_path(request.form.get("next"))
    email = clean(request.form.get("email", ""))[:320]
    password = request.form.get("password", "")[: accounts.LONGEST_PASSWORD + 1]
    try:
        normalised = read_address(email).normalised
    except InputError:
        normalised = email.casefold()
    wait = guard.attempt(here.redis, normalised, network(), here.now())
    if wait:
        return waiting(signin_page(wanted, email=email, error=wait_in_words(wait)), wait)
    with reading(here.engine) as connection:
        account = accounts.check(connection, normalised, password)
    if account is None:
        refuse(normalised, by="password")
        return signin_page(wanted, email=email, error=_WRONG), 422
    guard.forget(here.redis, normalised, network())
    with writing(here.engine) as connection:
        accounts.renew_hash(connection, account, password)
        desk_session.begin(connection, account)
        desk_session.record(connection, Act.SIGN_IN, by="password")
    return redirect(wanted, 303)


@pages.post("/signout")
def sign_out() -> ResponseReturnValue:
    with writing(context().engine) as connection:
        desk_session.record(connection, Act.SIGN_OUT)
        desk_session.end(connection)
    return redirect(url_for("desk.signin.form"), 303)


@pages.get("/join/<token>")
def invitation(token: str) -> ResponseReturnValue:
    with reading(context().engine) as connection:
        invited = accounts.invitation(connection, token, context().now())
    if invited is None:
        return _join(good=False), 410
    return _join(email=invited.email or "", bound=invited.email is not None)


@pages.post("/join/<token>")
def join(token: str) -> ResponseReturnValue:
    here = context()
    password, again = request.form.get("password", ""), request.form.get("again", "")
    errors: dict[str, str] = {}
    with reading(here.engine) as connection:
        invited = accounts.invitation(connection, token, here.now())
    if invited is None:
        return _join(good=False), 410
    bound = invited.email is not None
    email = invited.email or clean(request.form.get("email", ""))[:320]
    try:
        normalised = read_address(email).normalised
    except InputError as error:
        errors["email"] = str(error)
    if gap := accounts.password_gap(password):
        errors["password"] = gap
    elif password != again:
        errors["again"] = "2つのパスワードが違います。もう一度入力してください"
    if errors:
        return _join(email=email, bound=bound, errors=errors), 422
    try:
        with writing(here.engine) as connection:
            account = accounts.join(connection, token, normalised, password, here.now())
            if account is not None:
                desk_session.begin(connection, account)
                made = {"about": f"account:{account.email}", "role": account.role}
                desk_session.record(connection, Act.ACCOUNT_MADE, **made)
    except AccountError as error:
        return _join(email=email, bound=bound, errors={"email": str(error)}), 422
    if account is None:
        return _join(good=False), 410
    return redirect(url_for("desk.stages.show"), 303)


def signin_page(wanted: str, *, email: str = "", error: str | None = None) -> str:
    """The sign-in form; after it, ``wanted``."""
    return render_template(
        "desk/signin.html",
        wanted=wanted,
        email=email,
        error=error,
        provider=context().settings.oidc_label if context().settings.oidc_issuer else None,
    )


def refuse(email: str, **details: str) -> None:
    """Write a failed sign-in into the audit log: the address if it is an account's, for anything
    else that was typed may be a password, or a reader's address."""
    here = context()
    with writing(here.engine) as connection:
        account = accounts.by_email(connection, email)
        audit.record(
            connection,
            here.now(),
            audit.NOBODY,
            Act.SIGN_IN_FAILED,
            about=f"account:{account.email}" if account else "",
            network=network(),
            **details,
        )


def waiting(page: str, seconds: float) -> Response:
    """``page`` as the answer to who has to wait that long."""
    answer = Response(page, 429)
    answer.headers["Retry-After"] = str(math.ceil(seconds))
    return answer


def wait_in_words(seconds: float) -> str:
    """Why an attempt is not taken, and when the next one is."""
    wait = f"{math.ceil(seconds)}秒" if seconds < 90 else f"{math.ceil(seconds / 60)}分"
    return f"続けて間違えたため、しばらくお待ちください。{wait}たつと、また試せます"


def _join(
    *,
    good: bool = True,
    email: str = "",
    bound: bool = False,
    errors: dict[str, str] | None = None,
) -> str:
    return render_template(
        "desk/join.html", good=good, email=email, bound=bound, errors=errors or {}
    )
