"""``/unsubscribe/<token>``: the way out. By button, or by a mail program's one click (RFC 8058).

A GET never unsubscribes. The one-click POST needs no cookie, no token of the form and no
redirect, and is accepted urlencoded or multipart.

``/unsubscribe`` is for whose mails are gone, or whose links no key of ours reads any more: who
names an address takes it out. It takes effect at once, without a mail to confirm it, as the law
on commercial mail has it; the worst that a stranger does with it is that somebody ticks a box
anew. Whether the address is known, nobody is told.
"""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.doors.submission import Notice, count_form, refuse_elsewhere
from tracker.inputs import InputError, read_address
from tracker.journal import Entry, JournalError, fresh_id
from tracker.limits import TooMuchError
from tracker.links import LinkError, Unsubscription
from tracker.words import EventKind

door = Blueprint("unsubscribe", __name__)


@door.get("/unsubscribe")
def form() -> ResponseReturnValue:
    """For who holds a link that cannot be read any more."""
    return render_template("doors/unsubscribe_form.html")


@door.post("/unsubscribe")
def by_address() -> ResponseReturnValue:
    """Stop the mails to an address. The page says nothing of whether it is a reader's."""
    refuse_elsewhere()
    here = context()
    typed = request.form.get("email", "")[:320]
    try:
        count_form()
        address = read_address(typed)
    except TooMuchError as error:
        page = render_template("doors/unsubscribe_form.html", email=typed, notice=Notice.CROWDED)
        return page, 429, {"Retry-After": str(error.seconds)}
    except InputError as error:
        return render_template("doors/unsubscribe_form.html", email=typed, error=str(error)), 422
    entry = Entry(
        id=fresh_id(),
        at=here.now(),
        kind=EventKind.MAIL_UNSUB,
        data={"by": "address"},
        person={"email_normalised": address.normalised},
    )
    try:
        here.journal.append([entry])
    except JournalError:
        page = render_template("doors/unsubscribe_form.html", email=typed, notice=Notice.BUSY)
        return page, 503
    return render_template("doors/unsubscribe.html", done=True)


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
