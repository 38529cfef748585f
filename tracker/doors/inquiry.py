"""``/inquiries``: the goal of it all, a reader who writes."""

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from tracker.catalogue.pages import Page
from tracker.context import context, from_elsewhere
from tracker.doors import submission
from tracker.forms import INQUIRY_FIELDS, inquiry_form
from tracker.inputs import read_form
from tracker.journal import JournalError
from tracker.words import EventKind

door = Blueprint("inquiry", __name__)


@door.post("/inquiries")
def submit() -> ResponseReturnValue:
    page = context().catalogue.inquiry_page
    if page is None:
        abort(404)
    if from_elsewhere():
        abort(403, "elsewhere")
    values, errors = read_form(INQUIRY_FIELDS, request.form)
    if errors:
        return _form(page, values, errors, 422)
    if submission.sent_too_fast():
        return _form(page, values, {}, 422, again=True)
    if not submission.filled_by_a_machine():
        try:
            context().journal.append([submission.entry(EventKind.INQUIRY, values, page=page.url)])
        except JournalError:
            return _form(page, values, {}, 503)
    return redirect("/inquiries/thanks", 303)


@door.get("/inquiries/thanks")
def thanks() -> ResponseReturnValue:
    return render_template("doors/inquired.html")


def _form(
    page: Page,
    values: dict[str, str],
    errors: dict[str, str],
    status: int,
    *,
    again: bool = False,
) -> ResponseReturnValue:
    consent = context().catalogue.firm.consent
    form = inquiry_form(
        consent,
        values={**values, "consent": "yes" if submission.agreed(consent) else ""},
        errors=errors,
        page=page.url,
        shown="",
    )
    return render_template(
        "doors/form.html", title=page.title, form=form, busy=status == 503, again=again
    ), status
