"""``/gates/<gate>``: the form in front of a resource. Accepts, thanks; the mail follows."""

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from tracker.catalogue.gates import Gate
from tracker.catalogue.pages import Page
from tracker.context import context, from_elsewhere
from tracker.doors import submission
from tracker.forms import gate_form
from tracker.inputs import read_form
from tracker.journal import JournalError
from tracker.words import EventKind

door = Blueprint("gate", __name__)


@door.get("/gates/<gate_id>")
def show(gate_id: str) -> ResponseReturnValue:
    page, gate = _find(gate_id)
    return _form(page, gate, {}, {}, 200, shown=submission.shown_now())


@door.post("/gates/<gate_id>")
def submit(gate_id: str) -> ResponseReturnValue:
    page, gate = _find(gate_id)
    if from_elsewhere():
        abort(403, "elsewhere")
    values, errors = read_form(gate.fields, request.form)
    if errors:
        return _form(page, gate, values, errors, 422)
    if submission.sent_too_fast():
        return _form(page, gate, values, {}, 422, again=True)
    if not submission.filled_by_a_machine():
        try:
            context().journal.append(
                [submission.entry(EventKind.GATE_SUBMIT, values, gate=gate.id, page=page.url)]
            )
        except JournalError:
            return _form(page, gate, values, {}, 503)
    return redirect(f"/gates/{gate.id}/thanks", 303)


@door.get("/gates/<gate_id>/thanks")
def thanks(gate_id: str) -> ResponseReturnValue:
    page, _gate = _find(gate_id)
    return render_template("doors/thanks.html", page=page)


def _find(gate_id: str) -> tuple[Page, Gate]:
    page = context().catalogue.gate_page(gate_id)
    if page is None or page.gate is None:
        abort(404)
    return page, page.gate


def _form(
    page: Page,
    gate: Gate,
    values: dict[str, str],
    errors: dict[str, str],
    status: int,
    *,
    shown: str = "",
    again: bool = False,
) -> ResponseReturnValue:
    ticked = submission.agreed(context().catalogue.firm.consent)
    form = gate_form(
        gate,
        context().catalogue.firm.consent,
        values={**values, "consent": "yes" if ticked else ""},
        errors=errors,
        page=page.url,
        shown=shown,
    )
    return render_template(
        "doors/form.html", title=page.title, form=form, busy=status == 503, again=again
    ), status
