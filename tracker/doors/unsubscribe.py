"""``/unsubscribe/<token>``: the way out. By button, or by a mail program's one click (RFC 8058).

A GET never unsubscribes. The one-click POST needs no cookie, no token of the form and no
redirect, and is accepted urlencoded or multipart.
"""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.doors.submission import Notice
from tracker.journal import Entry, JournalError, fresh_id
from tracker.links import LinkError, Unsubscription
from tracker.words import EventKind

door = Blueprint("unsubscribe", __name__)


@door.get("/unsubscribe/<token>")
def ask(token: str) -> ResponseReturnValue:
    _read(token)
    return render_template("doors/unsubscribe.html", done=False)


@door.post("/unsubscribe/<token>")
def unsubscribe(token: str) -> ResponseReturnValue:
    here = context()
    link = _read(token)
    one_click = request.form.get("List-Unsubscribe") == "One-Click"
    if not one_click and request.form.get("stop") != "yes":
        return render_template("doors/unsubscribe.html", done=False)
    try:
        here.journal.append(
            [
                Entry(
                    id=fresh_id(),
                    at=here.now(),
                    kind=EventKind.MAIL_UNSUB,
                    delivery_id=link.delivery_id,
                    data={"by": "one-click" if one_click else "button"},
                )
            ]
        )
    except JournalError:
        return render_template("doors/unsubscribe.html", done=False, notice=Notice.BUSY), 503
    return render_template("doors/unsubscribe.html", done=True)


def _read(token: str) -> Unsubscription:
    here = context()
    try:
        return here.links.read(Unsubscription, token, here.now())
    except LinkError:
        abort(404, "link")
