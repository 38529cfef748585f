"""``/diagnoses/<id>``: the 3-minute diagnosis a reader takes, its result, and the result by mail.

The questions come all at once (the form on the site) or one at a time, without JavaScript, by
``GET /diagnoses/<id>/steps/<n>``: the answers so far travel in the address, so that going back is
the browser's own, and nothing is recorded before the last one.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from tracker.catalogue.diagnoses import Diagnosis, Result, ThemeResult
from tracker.catalogue.gates import KNOWN_FIELDS, Gate
from tracker.catalogue.pages import Page
from tracker.context import context, from_elsewhere, visitor
from tracker.doors import submission
from tracker.forms import diagnosis_form, diagnosis_step, gate_form
from tracker.inputs import read_form
from tracker.journal import Entry, JournalError, fresh_id
from tracker.links import Answers, LinkError
from tracker.radar import radar
from tracker.words import EventKind, FormOf

door = Blueprint("diagnosis", __name__)

_RESULT_LIFETIME = timedelta(days=14)
_TWICE_WITHIN_SECONDS = 600


@door.get("/diagnoses/<diagnosis_id>/steps/<int:number>")
def step(diagnosis_id: str, number: int) -> ResponseReturnValue:
    page, diagnosis = _find(diagnosis_id)
    questions = diagnosis.questions
    if not 1 <= number <= len(questions):
        abort(404)
    chosen = _chosen(diagnosis, request.args)
    open_ = next(
        (n for n, question in enumerate(questions, 1) if question.id not in chosen), number
    )
    if open_ < number:
        # The one before was just asked; any other is open because the reader came by another way.
        told = urlencode({**chosen, **({"missed": "1"} if open_ == number - 1 else {})})
        return redirect(f"/diagnoses/{diagnosis.id}/steps/{open_}?{told}", 303)
    missed = "missed" in request.args and questions[number - 1].id not in chosen
    form = diagnosis_step(diagnosis, number, values=chosen, page=page.url, missed=missed)
    return render_template(
        "doors/step.html", page=page, number=number, total=len(questions), form=form
    ), (422 if missed else 200)


@door.post("/diagnoses/<diagnosis_id>")
def take(diagnosis_id: str) -> ResponseReturnValue:
    here = context()
    page, diagnosis = _find(diagnosis_id)
    if from_elsewhere():
        abort(403, "elsewhere")
    posted = _chosen(diagnosis, request.form)
    errors = {
        question.id: "ひとつ選んでください"
        for question in diagnosis.questions
        if question.id not in posted
    }
    if errors:
        form = diagnosis_form(diagnosis, values=posted, errors=errors, page=page.url)
        return render_template("doors/form.html", title=page.title, form=form), 422
    answers = {question_id: int(chosen) for question_id, chosen in posted.items()}
    event_id = _event_id(diagnosis, answers)
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
    page, found, *_ = _read(token)
    return _show(token, page, found, {}, {}, 200, shown=submission.shown_now())


@door.post("/diagnoses/result/<token>")
def by_mail(token: str) -> ResponseReturnValue:
    """The reader wants the result by mail: a form like a gate's, with the report behind it."""
    page, found, answers, event_id = _read(token)
    if from_elsewhere():
        abort(403, "elsewhere")
    assert page.diagnosis is not None
    form = _mail_form(page.diagnosis)
    values, errors = read_form(form.fields, request.form)
    if errors:
        return _show(token, page, found, values, errors, 422)
    if submission.sent_too_fast():
        return _show(token, page, found, values, {}, 422, again=True)
    if not submission.filled_by_a_machine():
        sent = submission.entry(
            EventKind.GATE_SUBMIT,
            values,
            gate=FormOf.DIAGNOSIS.gate(page.diagnosis.id),
            page=page.url,
            data={**_data(page.diagnosis, answers), "answered": event_id},
        )
        try:
            context().journal.append([sent])
        except JournalError:
            return _show(token, page, found, values, {}, 503)
    return redirect("/diagnoses/thanks", 303)


@door.get("/diagnoses/thanks")
def thanks() -> ResponseReturnValue:
    return render_template("doors/thanks.html", page=None)


def _find(diagnosis_id: str) -> tuple[Page, Diagnosis]:
    page = context().catalogue.diagnosis_page(diagnosis_id)
    if page is None or page.diagnosis is None:
        abort(404)
    return page, page.diagnosis


def _chosen(diagnosis: Diagnosis, told: Mapping[str, str]) -> dict[str, str]:
    """The answers in ``told`` that are answers: the index of an option, by question id."""
    return {
        question.id: told[question.id]
        for question in diagnosis.questions
        if told.get(question.id) in [str(n) for n in range(len(question.options))]
    }


def _event_id(diagnosis: Diagnosis, answers: dict[str, int]) -> str:
    """The same answers of one visitor within ten minutes are one event."""
    who = visitor()
    if who is None:
        return fresh_id()
    bucket = int(context().now().timestamp()) // _TWICE_WITHIN_SECONDS
    said = json.dumps([who, diagnosis.id, answers, bucket], sort_keys=True)
    return sha256(said.encode()).hexdigest()[:32]


def _data(diagnosis: Diagnosis, answers: dict[str, int]) -> dict[str, object]:
    return {"diagnosis": diagnosis.id, "answers": answers}


def _mail_form(diagnosis: Diagnosis) -> Gate:
    return Gate(
        id=diagnosis.id,
        file="report",
        button="結果をメールで受け取る",
        fields=(KNOWN_FIELDS["name"], KNOWN_FIELDS["company"], KNOWN_FIELDS["email"]),
    )


def _read(token: str) -> tuple[Page, Result, dict[str, int], str]:
    """The page, the result, the answers and the id of the event they were recorded as."""
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
        return page, page.diagnosis.result(answers), answers, link.event_id
    except (LinkError, ValueError, IndexError):
        abort(404, "link")


def _in_order(diagnosis: Diagnosis, found: Result) -> list[ThemeResult]:
    """The results as the editor ordered the themes: two pictures can be laid side by side."""
    order = [theme.id for theme in diagnosis.themes]
    return sorted(found.themes, key=lambda row: order.index(row.theme.id))


def _show(
    token: str,
    page: Page,
    found: Result,
    values: dict[str, str],
    errors: dict[str, str],
    status: int,
    *,
    shown: str = "",
    again: bool = False,
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
        shown=shown,
    )
    target = context().catalogue.url_of(found.band.to)
    body = render_template(
        "doors/result.html",
        page=page,
        result=found,
        form=form,
        target=target,
        radar=radar([(row.theme.label, row.percent) for row in _in_order(page.diagnosis, found)]),
        busy=status == 503,
        again=again,
    )
    return body, status, {"Cache-Control": "no-store"}
