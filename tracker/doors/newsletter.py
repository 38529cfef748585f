"""``/newsletter``: the sign-up. A mail follows, and its button is what signs up."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.doors import submission
from tracker.forms import ContactForm, contact_form

door = Blueprint("newsletter", __name__)


@door.post("/newsletter")
def submit() -> ResponseReturnValue:
    return submission.receive(_find())


@door.get("/newsletter/thanks")
def thanks() -> ResponseReturnValue:
    return render_template("doors/thanks.html", page=_find().page)


def _find() -> ContactForm:
    page = context().catalogue.newsletter_page
    return (page and contact_form(page)) or abort(404)
