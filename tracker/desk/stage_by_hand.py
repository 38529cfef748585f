"""``/desk/readers/<id>/stage``: sales know better what stage a reader is in."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.desk import session
from tracker.store import events
from tracker.store import readers as store
from tracker.store.engine import writing
from tracker.wake import Job, wake
from tracker.words import Act, EventKind, SetFor, Stage

pages = Blueprint("stage_by_hand", __name__)


@pages.post("/readers/<reader_id>/stage")
def set_stage(reader_id: str) -> ResponseReturnValue:
    """Record that the firm set a reader's stage, and why; the worker concludes from it.

    ``before`` is how often that had been done when the form was shown: sent twice it counts once, and
    who sends it from a page that is out of date is told.
    """
    here = context()
    stage = next((s for s in Stage if s.value == request.form.get("stage")), None)
    why = next((w for w in SetFor if w.value == request.form.get("why")), None)
    before = request.form.get("before", "")
    back = redirect(url_for("desk.readers.one", reader_id=reader_id), 303)
    with writing(here.engine) as connection:
        events.alone(connection)
        reader = store.get(connection, reader_id) or abort(404)
        if stage is None or why is None or not (before.isascii() and before.isdigit()):
            flash("変える段階と理由を選んでください。")
            return back
        if reader.stage is None or reader.email is None:
            flash("アドレスを確認した読者の段階だけを変えられます。")
            return back
        if reader.stage is stage:
            flash(f"すでに「{stage.label}」の読者です。")
            return back
        row = {
            "id": f"stage_set:{reader_id}:{int(before[:9])}",
            "at": here.now(),
            "kind": EventKind.STAGE_SET,
            "reader_id": reader_id,
            "data": {"stage": stage, "for": why},
        }
        if not events.append(connection, [row]):
            flash(
                "このページを開いたあとに、段階が変えられています。いまの段階を確かめてください。"
            )
            return back
        session.record(connection, Act.STAGE_SET, about=f"reader:{reader_id}", stage=stage, why=why)
    wake(here.redis, Job.DIGEST)
    flash(f"段階を「{stage.label}」に変えました。数秒たつと、点数とシナリオにも反映されます。")
    return back
