"""``/gates/<gate>``: the form in front of a resource. Accepts, thanks; the mail follows."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.doors import submission
from tracker.forms import ContactForm, contact_form

door = Blueprint("gate", __name__)


@door.get("/gates/<gate_id>")
def show(gate_id: str) -> ResponseReturnValue:
    return submission.by_itself(_find(gate_id), submission.Look(shown=submission.shown_now()))


@door.post("/gates/<gate_id>")
def submit(gate_id: str) -> ResponseReturnValue:
    return submission.receive(_find(gate_id))


@door.get("/gates/<gate_id>/thanks")
def thanks(gate_id: str) -> ResponseReturnValue:
    return render_template("doors/thanks.html", page=_find(gate_id).page)


def _find(gate_id: str) -> ContactForm:
    page = context().catalogue.gate_page(gate_id)
    return (page and contact_form(page)) or abort(404)
