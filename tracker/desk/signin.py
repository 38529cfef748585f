"""The way in and out: sign-in, sign-out, and the one-time link with which an account is made."""

import math

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context, network
from tracker.desk.attempts import Guard
from tracker.desk.session import begin, current, own_path
from tracker.inputs import InputError, clean, read_address
from tracker.store import accounts
from tracker.store.accounts import AccountError
from tracker.store.engine import reading, writing

pages = Blueprint("signin", __name__)

_guard = Guard()
_WRONG = "メールアドレスかパスワードが違います"


@pages.get("/signin")
def form() -> ResponseReturnValue:
    wanted = own_path(request.args.get("next"))
    if current() is not None:
        return redirect(wanted, 303)
    return _signin(wanted)


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
    wait = _guard.attempt(here.redis, normalised, network(), here.now())
    if wait:
        told = f"続けて間違えたため、しばらくお待ちください。{_in_words(wait)}たつと、また試せます"
        answer = Response(_signin(wanted, email=email, error=told), 429)
        answer.headers["Retry-After"] = str(math.ceil(wait))
        return answer
    with reading(here.engine) as connection:
        account = accounts.check(connection, normalised, password)
    if account is None:
        return _signin(wanted, email=email, error=_WRONG), 422
    _guard.forget(here.redis, normalised, network())
    with writing(here.engine) as connection:
        accounts.renew_hash(connection, account, password)
    begin(account)
    return redirect(wanted, 303)


@pages.post("/signout")
def sign_out() -> ResponseReturnValue:
    account = current()
    if account is not None:
        with writing(context().engine) as connection:
            accounts.end_sessions(connection, account.id)
    session.clear()
    return redirect(url_for("desk.signin.form"), 303)


@pages.get("/join/<token>")
def invitation(token: str) -> ResponseReturnValue:
    with reading(context().engine) as connection:
        good = accounts.is_open(connection, token, context().now())
    return _join(good=good), 200 if good else 410


@pages.post("/join/<token>")
def join(token: str) -> ResponseReturnValue:
    here = context()
    email = clean(request.form.get("email", ""))[:320]
    password, again = request.form.get("password", ""), request.form.get("again", "")
    errors: dict[str, str] = {}
    with reading(here.engine) as connection:
        if not accounts.is_open(connection, token, here.now()):
            return _join(good=False), 410
    try:
        normalised = read_address(email).normalised
    except InputError as error:
        errors["email"] = str(error)
    if gap := accounts.password_gap(password):
        errors["password"] = gap
    elif password != again:
        errors["again"] = "2つのパスワードが違います。もう一度入力してください"
    if errors:
        return _join(email=email, errors=errors), 422
    try:
        with writing(here.engine) as connection:
            account = accounts.join(connection, token, normalised, password, here.now())
    except AccountError as error:
        return _join(email=email, errors={"email": str(error)}), 422
    if account is None:
        return _join(good=False), 410
    begin(account)
    return redirect(url_for("desk.stages.show"), 303)


def _signin(wanted: str, *, email: str = "", error: str | None = None) -> str:
    return render_template("desk/signin.html", wanted=wanted, email=email, error=error)


def _join(*, good: bool = True, email: str = "", errors: dict[str, str] | None = None) -> str:
    return render_template("desk/join.html", good=good, email=email, errors=errors or {})


def _in_words(seconds: float) -> str:
    return f"{math.ceil(seconds)}秒" if seconds < 90 else f"{math.ceil(seconds / 60)}分"
