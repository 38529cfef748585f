"""``/diagnoses/<id>``: the 3-minute diagnosis a reader takes, its result, and the result by mail.

The questions come all at once (the form on the site) or one at a time, without JavaScript, by
``GET /diagnoses/<id>/steps/<n>``: the answers so far travel in the address, so that going back is
the browser's own, and nothing is recorded before the last one.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from hashlib import sha256
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from tracker.catalogue.diagnoses import Diagnosis, Result, ThemeResult
from tracker.catalogue.gates import KNOWN_FIELDS
from tracker.catalogue.pages import Page
from tracker.context import context, visitor
from tracker.doors import submission
from tracker.doors.submission import Look, Notice
from tracker.forms import ContactForm, diagnosis_form, diagnosis_step
from tracker.journal import Entry, JournalError, fresh_id
from tracker.limits import TooMuchError
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
    submission.refuse_elsewhere()
    posted = _chosen(diagnosis, request.form)
    try:
        submission.count_form()
    except TooMuchError as error:
        return _ask(page, diagnosis, Look(posted, notice=Notice.CROWDED, seconds=error.seconds))
    errors = {
        question.id: "ひとつ選んでください"
        for question in diagnosis.questions
        if question.id not in posted
    }
    if errors:
        return _ask(page, diagnosis, Look(posted, errors))
    answers = {question_id: int(chosen) for question_id, chosen in posted.items()}
    taken = Entry(
        id=_event_id(diagnosis, answers),
        at=here.now(),
        kind=EventKind.DIAGNOSIS,
        visitor=visitor(),
        page=page.url,
        data=_data(diagnosis, answers),
    )
    try:
        here.journal.append([taken])
    except JournalError:
        return _ask(page, diagnosis, Look(posted, notice=Notice.BUSY))
    link = Answers(
        diagnosis=diagnosis.id,
        event_id=taken.id,
        chosen="".join(str(answers[question.id]) for question in diagnosis.questions),
    )
    return redirect(f"/diagnoses/result/{here.links.sign(link, here.now())}", 303)


@door.get("/diagnoses/result/<token>")
def result(token: str) -> ResponseReturnValue:
    page, diagnosis, answers, _ = _read(token)
    form = _mail_form(page, diagnosis, token)
    return _show(diagnosis.result(answers), form, Look(shown=submission.shown_now()))


@door.post("/diagnoses/result/<token>")
def by_mail(token: str) -> ResponseReturnValue:
    """The reader wants the result by mail: a form like a gate's, with the report behind it."""
    page, diagnosis, answers, event_id = _read(token)
    return submission.receive(
        _mail_form(page, diagnosis, token),
        data={**_data(diagnosis, answers), "answered": event_id},
        show=partial(_show, diagnosis.result(answers)),
        thanks="/diagnoses/thanks",
    )


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


def _mail_form(page: Page, diagnosis: Diagnosis, token: str) -> ContactForm:
    return ContactForm(
        id=f"gate-{diagnosis.id}",
        name=FormOf.DIAGNOSIS.gate(diagnosis.id),
        action=f"/diagnoses/result/{token}",
        page=page,
        button="結果をメールで受け取る",
        fields=(KNOWN_FIELDS["name"], KNOWN_FIELDS["company"], KNOWN_FIELDS["email"]),
    )


def _read(token: str) -> tuple[Page, Diagnosis, dict[str, int], str]:
    """The page, its diagnosis, the answers and the id of the event they were recorded as."""
    here = context()
    try:
        link = here.links.read(Answers, token, here.now(), _RESULT_LIFETIME)
        page, diagnosis = _find(link.diagnosis)
        answers = {
            question.id: int(chosen)
            for question, chosen in zip(diagnosis.questions, link.chosen, strict=True)
        }
        diagnosis.result(answers)
    except (LinkError, ValueError, IndexError):
        abort(404, "link")
    return page, diagnosis, answers, link.event_id


def _ask(page: Page, diagnosis: Diagnosis, look: Look) -> ResponseReturnValue:
    form = diagnosis_form(diagnosis, values=look.values, errors=look.errors, page=page.url)
    body = render_template("doors/form.html", title=page.title, form=form, notice=look.notice)
    return body, look.status, look.headers


def _in_order(diagnosis: Diagnosis, found: Result) -> list[ThemeResult]:
    """The results as the editor ordered the themes: two pictures can be laid side by side."""
    order = [theme.id for theme in diagnosis.themes]
    return sorted(found.themes, key=lambda row: order.index(row.theme.id))


def _show(found: Result, form: ContactForm, look: Look) -> ResponseReturnValue:
    diagnosis = form.page.diagnosis
    assert diagnosis is not None
    body = render_template(
        "doors/result.html",
        page=form.page,
        result=found,
        form=submission.html(form, look),
        target=context().catalogue.url_of(found.band.to),
        radar=radar([(row.theme.label, row.percent) for row in _in_order(diagnosis, found)]),
        notice=look.notice,
    )
    return body, look.status, {**look.headers, "Cache-Control": "no-store"}
