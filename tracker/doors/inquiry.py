"""``/inquiries``: the goal of it all, a reader who writes."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.doors import submission
from tracker.forms import contact_form

door = Blueprint("inquiry", __name__)


@door.post("/inquiries")
def submit() -> ResponseReturnValue:
    page = context().catalogue.inquiry_page
    return submission.receive((page and contact_form(page)) or abort(404))


@door.get("/inquiries/thanks")
def thanks() -> ResponseReturnValue:
    return render_template("doors/inquired.html")
