"""``/line``: how a reader takes their steps in LINE instead of by mail, and back.

LINE's own way (account link): who asks in LINE gets a link with LINE's token; they type their
address here, a mail goes to it, and the button behind that mail's link leads to LINE with a nonce
of ours. LINE goes on only if whoever is signed in there is who asked: a link sent to somebody else
binds nobody. A GET changes nothing.
"""

import logging
import re
import secrets
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from tracker.context import context
from tracker.doors.submission import Notice, count_form, refuse_elsewhere
from tracker.inputs import InputError, read_address
from tracker.journal import Entry, JournalError, fresh_id
from tracker.limits import Limit, TooMuchError
from tracker.links import LineLinking, LineNonce, LinkError, Preferences
from tracker.store import line_users, readers
from tracker.store.engine import ask
from tracker.words import EventKind

log = logging.getLogger(__name__)

door = Blueprint("line", __name__)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,100}")
_LINK_AT = "https://access.line.me/dialog/bot/accountLink"
_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self' https://access.line.me; frame-ancestors 'none'"
)
"""As every page's, but that the button leads on to LINE."""


@door.get("/line")
def form() -> ResponseReturnValue:
    """Asks who came from LINE for their address."""
    _demand_line()
    return _form(_token_of(request.args.get("linkToken")))


@door.post("/line")
def send() -> ResponseReturnValue:
    """Sends a mail to the address, if it is a reader's; the page says nothing of which."""
    _demand_line()
    refuse_elsewhere()
    token = _token_of(request.form.get("linkToken"))
    typed = request.form.get("email", "")[:320]
    here = context()
    try:
        count_form()
        address = read_address(typed)
        here.limits.count(Limit.FORMS_TO_ADDRESS, address.normalised)
    except TooMuchError as error:
        page = _form(token, typed, notice=Notice.CROWDED)
        return page, 429, {"Retry-After": str(error.seconds)}
    except InputError as error:
        return _form(token, typed, str(error)), 422
    entry = Entry(
        id=fresh_id(),
        at=here.now(),
        kind=EventKind.LINE_ASK,
        data={"link_token": token},
        person={"email_normalised": address.normalised},
    )
    try:
        here.journal.append([entry])
    except JournalError:
        return _form(token, typed, notice=Notice.BUSY), 503
    return redirect("/line/sent", 303)


@door.get("/line/sent")
def sent() -> ResponseReturnValue:
    _demand_line()
    return render_template("doors/line_sent.html")


@door.get("/line/<token>")
def show(token: str) -> ResponseReturnValue:
    """The reader's own page: the button that links, or the one that unlinks."""
    link = _read(token)
    here = context()
    try:
        linked = ask(here.engine, lambda connection: _is_linked(connection, link.delivery_id))
    except SQLAlchemyError as error:
        log.warning("line: store away: %s", error)
        return _page(link, notice=Notice.BUSY), 503
    answer = Response(_page(link, linked=linked))
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


@door.post("/line/<token>")
def change(token: str) -> ResponseReturnValue:
    """``do``: ``link`` goes to LINE with a nonce, ``unlink`` takes the steps by mail again."""
    link = _read(token)
    refuse_elsewhere()
    here = context()
    try:
        here.limits.count(Limit.CHANGES_BY_LINK, link.delivery_id)
    except TooMuchError as error:
        return _page(link, notice=Notice.CROWDED), 429, {"Retry-After": str(error.seconds)}
    done = request.form.get("do")
    if done == "link" and link.link_token:
        nonce = here.links.sign(LineNonce(link.delivery_id, secrets.token_urlsafe(16)), here.now())
        told = urlencode({"linkToken": link.link_token, "nonce": nonce})
        return redirect(f"{_LINK_AT}?{told}", 303)
    if done != "unlink":
        return show(token)
    entry = Entry(
        id=fresh_id(), at=here.now(), kind=EventKind.LINE_UNLINK, delivery_id=link.delivery_id
    )
    try:
        here.journal.append([entry])
    except JournalError:
        return _page(link, notice=Notice.BUSY), 503
    return _page(link, undone=True)


def _is_linked(connection: Connection, delivery_id: str) -> bool:
    found = readers.of_delivery(connection, delivery_id)
    return bool(found and found[0] and line_users.is_linked(connection, found[0]))


def _form(token: str, email: str = "", error: str = "", notice: Notice | None = None) -> str:
    return render_template(
        "doors/line_form.html", token=token, email=email, error=error, notice=notice
    )


def _page(link: LineLinking, **values: object) -> str:
    here = context()
    preferences = here.links.sign(Preferences(link.delivery_id), here.now())
    return render_template(
        "doors/line.html",
        asked=bool(link.link_token),
        friend=here.settings.line_basic_id,
        preferences=f"/preferences/{preferences}",
        **values,
    )


def _token_of(value: str | None) -> str:
    if not value or not _TOKEN.fullmatch(value):
        abort(404, "link")
    return value


def _demand_line() -> None:
    if not context().settings.line_channel_secret:
        abort(404)


def _read(token: str) -> LineLinking:
    _demand_line()
    try:
        return context().links.read(LineLinking, token, context().now())
    except LinkError:
        abort(404, "link")
