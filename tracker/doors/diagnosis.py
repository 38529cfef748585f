"""``/diagnoses/<id>``: the 3-minute diagnosis a reader takes, its result, and the result by mail."""

from datetime import timedelta

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from tracker.catalogue.diagnoses import Diagnosis, Result
from tracker.catalogue.gates import KNOWN_FIELDS, Gate
from tracker.catalogue.pages import Page
from tracker.context import context, from_elsewhere, visitor
from tracker.doors import submission
from tracker.forms import diagnosis_form, gate_form
from tracker.inputs import read_form
from tracker.journal import Entry, JournalError, fresh_id
from tracker.links import Answers, LinkError
from tracker.words import EventKind

door = Blueprint("diagnosis", __name__)

_RESULT_LIFETIME = timedelta(days=14)


@door.post("/diagnoses/<diagnosis_id>")
def take(diagnosis_id: str) -> ResponseReturnValue:
    here = context()
    page = here.catalogue.diagnosis_page(diagnosis_id)
    if page is None or page.diagnosis is None:
        abort(404)
    if from_elsewhere():
        abort(403, "elsewhere")
    diagnosis = page.diagnosis
    posted = {question.id: request.form.get(question.id, "") for question in diagnosis.questions}
    errors = {
        question.id: "ひとつ選んでください"
        for question in diagnosis.questions
        if posted[question.id] not in [str(n) for n in range(len(question.options))]
    }
    if errors:
        form = diagnosis_form(diagnosis, values=posted, errors=errors, page=page.url)
        return render_template("doors/form.html", title=page.title, form=form), 422
    answers = {question_id: int(chosen) for question_id, chosen in posted.items()}
    event_id = fresh_id()
    try:
        here.journal.append(
            [
                Entry(
                    id=event_id,
                    at=here.now(),
                    kind=EventKind.DIAGNOSIS,
                    visitor=visitor(),
                    page=page.url,
                    data=_data(diagnosis, answers),
                )
            ]
        )
    except JournalError:
        form = diagnosis_form(diagnosis, values=posted, errors={}, page=page.url)
        return render_template("doors/form.html", title=page.title, form=form, busy=True), 503
    link = Answers(
        diagnosis=diagnosis.id,
        event_id=event_id,
        chosen="".join(str(answers[question.id]) for question in diagnosis.questions),
    )
    return redirect(f"/diagnoses/result/{here.links.sign(link, here.now())}", 303)


@door.get("/diagnoses/result/<token>")
def result(token: str) -> ResponseReturnValue:
    page, found, _answers = _read(token)
    return _show(token, page, found, {}, {}, 200)


@door.post("/diagnoses/result/<token>")
def by_mail(token: str) -> ResponseReturnValue:
    """The reader wants the result by mail: a form like a gate's, with the report behind it."""
    page, found, answers = _read(token)
    if from_elsewhere():
        abort(403, "elsewhere")
    assert page.diagnosis is not None
    form = _mail_form(page.diagnosis)
    values, errors = read_form(form.fields, request.form)
    if errors:
        return _show(token, page, found, values, errors, 422)
    if not submission.filled_by_a_machine():
        sent = submission.entry(
            EventKind.GATE_SUBMIT,
            values,
            gate=f"diagnosis:{page.diagnosis.id}",
            page=page.url,
            data=_data(page.diagnosis, answers),
        )
        try:
            context().journal.append([sent])
        except JournalError:
            return _show(token, page, found, values, {}, 503)
    return redirect("/diagnoses/thanks", 303)


@door.get("/diagnoses/thanks")
def thanks() -> ResponseReturnValue:
    return render_template("doors/thanks.html", page=None)


def _data(diagnosis: Diagnosis, answers: dict[str, int]) -> dict[str, object]:
    return {"diagnosis": diagnosis.id, "answers": answers}


def _mail_form(diagnosis: Diagnosis) -> Gate:
    return Gate(
        id=diagnosis.id,
        file="report",
        button="結果をメールで受け取る",
        fields=(KNOWN_FIELDS["name"], KNOWN_FIELDS["company"], KNOWN_FIELDS["email"]),
    )


def _read(token: str) -> tuple[Page, Result, dict[str, int]]:
    here = context()
    try:
        link = here.links.read(Answers, token, here.now(), _RESULT_LIFETIME)
        page = here.catalogue.diagnosis_page(link.diagnosis)
        if page is None or page.diagnosis is None:
            abort(404)
        answers = {
            question.id: int(chosen)
            for question, chosen in zip(page.diagnosis.questions, link.chosen, strict=True)
        }
        return page, page.diagnosis.result(answers), answers
    except (LinkError, ValueError, IndexError):
        abort(404, "link")


def _show(
    token: str,
    page: Page,
    found: Result,
    values: dict[str, str],
    errors: dict[str, str],
    status: int,
) -> ResponseReturnValue:
    assert page.diagnosis is not None
    consent = context().catalogue.firm.consent
    form = gate_form(
        _mail_form(page.diagnosis),
        consent,
        values={**values, "consent": "yes" if submission.agreed(consent) else ""},
        errors=errors,
        page=page.url,
        action=f"/diagnoses/result/{token}",
    )
    target = context().catalogue.url_of(found.band.to)
    body = render_template(
        "doors/result.html",
        page=page,
        result=found,
        form=form,
        target=target,
        busy=status == 503,
    )
    return body, status, {"Cache-Control": "no-store"}
