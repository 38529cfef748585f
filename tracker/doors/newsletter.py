"""``/newsletter``: the sign-up. A mail follows, and its button is what signs up."""

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from tracker.catalogue.newsletters import FIELDS, Newsletter
from tracker.catalogue.pages import Page
from tracker.context import context, from_elsewhere
from tracker.doors import submission
from tracker.forms import newsletter_form
from tracker.inputs import read_form
from tracker.journal import JournalError
from tracker.words import EventKind, FormOf

door = Blueprint("newsletter", __name__)


@door.post("/newsletter")
def submit() -> ResponseReturnValue:
    page, newsletter = _find()
    if from_elsewhere():
        abort(403, "elsewhere")
    values, errors = read_form(FIELDS, request.form)
    if not submission.agreed(newsletter.consent):
        errors["consent"] = "お送りするには、文面をお読みのうえチェックが必要です"
    if errors:
        return _form(page, newsletter, values, errors, 422)
    if submission.sent_too_fast():
        return _form(page, newsletter, values, {}, 422, again=True)
    if not submission.filled_by_a_machine():
        sent = submission.entry(
            EventKind.GATE_SUBMIT,
            values,
            gate=FormOf.NEWSLETTER,
            page=page.url,
            consent=newsletter.consent,
        )
        try:
            context().journal.append([sent])
        except JournalError:
            return _form(page, newsletter, values, {}, 503)
    return redirect("/newsletter/thanks", 303)


@door.get("/newsletter/thanks")
def thanks() -> ResponseReturnValue:
    page, _newsletter = _find()
    return render_template("doors/thanks.html", page=page)


def _find() -> tuple[Page, Newsletter]:
    page = context().catalogue.newsletter_page
    if page is None or page.newsletter is None:
        abort(404)
    return page, page.newsletter


def _form(
    page: Page,
    newsletter: Newsletter,
    values: dict[str, str],
    errors: dict[str, str],
    status: int,
    *,
    again: bool = False,
) -> ResponseReturnValue:
    ticked = submission.agreed(newsletter.consent)
    form = newsletter_form(
        newsletter,
        values={**values, "consent": "yes" if ticked else ""},
        errors=errors,
        page=page.url,
        shown="",
    )
    return render_template(
        "doors/form.html", title=page.title, form=form, busy=status == 503, again=again
    ), status
