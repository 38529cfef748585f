"""``/desk/unsure``: mails of which nobody knows whether they were taken, for a person to settle."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.desk import sentences, session
from tracker.store import deliveries, holds, outcomes, readers
from tracker.store.engine import reading, writing
from tracker.wake import Job, wake
from tracker.words import Act, Choice

pages = Blueprint("unsure", __name__)

MOST = 200
_TOLD = {
    Choice.ARRIVED: "「送信済み」にしました。",
    Choice.AGAIN: "もう一度送ります。いまも受け取る人にだけ、送る時間帯に届きます。",
    Choice.NEVER: "送らないことにしました。",
}


@pages.get("/unsure")
def show() -> ResponseReturnValue:
    here = context()
    with reading(here.engine) as connection:
        mails = outcomes.uncertain(connection, MOST + 1)
        people = readers.all_of(connection, {mail.reader_id or "" for mail in mails})
        held = holds.is_held(connection)
    return render_template(
        "desk/unsure.html",
        listed=[
            (
                mail,
                sentences.mail_name(here.catalogue, mail.scenario, mail.step)
                if mail.scenario
                else mail.kind.label,
                people.get(mail.reader_id or ""),
            )
            for mail in mails[:MOST]
        ],
        more=len(mails) > MOST,
        most=MOST,
        choices=tuple(Choice),
        held=held,
    )


@pages.post("/unsure/<delivery_id>")
def decide(delivery_id: str) -> ResponseReturnValue:
    here = context()
    choice = next((one for one in Choice if one == request.form.get("choice")), None)
    if choice is None:
        abort(400)
    with writing(here.engine) as connection:
        mail = deliveries.get(connection, delivery_id)
        if mail is None:
            abort(404)
        done = outcomes.decide(connection, delivery_id, choice, here.now())
        if done:
            about = f"reader:{mail.reader_id}" if mail.reader_id else ""
            told = {"delivery": delivery_id, "choice": choice}
            session.record(connection, Act.MAIL_DECIDED, about=about, **told)
    if done and choice is Choice.AGAIN:
        wake(here.redis, Job.SEND)
    flash(_TOLD[choice] if done else "このメールは、もう決まっています。")
    return redirect(url_for("desk.unsure.show"), 303)
