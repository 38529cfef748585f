"""``/desk/handoffs``: the readers given to sales, what was done, and how it ended."""

from datetime import date, datetime, time, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from tracker import dealing
from tracker.briefing import brief, why
from tracker.context import context
from tracker.deal_terms import yen
from tracker.desk import session
from tracker.inputs import clean
from tracker.store import accounts, deals, events, handoffs, histories
from tracker.store import readers as store
from tracker.store.deals import Deal
from tracker.store.engine import reading, writing
from tracker.store.handoffs import Handoff
from tracker.wake import Job, wake
from tracker.words import Act, DealOutcome, DealSource, HandoffCause, LostReason, Role, Touch

pages = Blueprint("handoffs", __name__)

SHOWN = {"open": "対応中", "mine": "自分の担当", "closed": "結果が出たもの"}
CONTACTS = (Touch.CALLED, Touch.MEETING, Touch.MAILED, Touch.NOTE)
LONGEST_TEXT = 2000


@pages.get("/handoffs")
def index() -> ResponseReturnValue:
    here = context()
    shown = request.args.get("show", "open")
    shown = shown if shown in SHOWN else "open"
    sales = here.catalogue.firm.sales
    with reading(here.engine) as connection:
        if shown == "closed":
            listed = handoffs.closed_ones(connection)
        else:
            owner = session.signed_in().id if shown == "mine" else None
            listed = handoffs.open_ones(connection, owner_id=owner)
        ended = {
            task.handoff.id: deals.of_handoff(connection, task.handoff.id)
            for task in listed
            if not task.handoff.is_open
        }
        forgotten = handoffs.forgotten(
            connection,
            hot_at=here.catalogue.scoring.hot_at,
            since=here.now() - sales.untouched,
        )
        waiting = handoffs.count_open(connection)
    return render_template(
        "desk/handoffs.html",
        listed=listed,
        ended=ended,
        shown=shown,
        choices=SHOWN,
        forgotten=forgotten,
        untouched_days=sales.untouched_days,
        waiting=waiting,
        now=here.now(),
        hot_at=here.catalogue.scoring.hot_at,
    )


@pages.get("/handoffs/<handoff_id>")
def one(handoff_id: str) -> ResponseReturnValue:
    return _page(handoff_id)


@pages.post("/readers/<reader_id>/handoff")
def give(reader_id: str) -> ResponseReturnValue:
    """Give a reader to sales by hand, with what they should know; the worker tells them by mail."""
    here = context()
    text = clean(request.form.get("text", ""), lines=True)
    chosen = request.form.get("owner", "")
    sales = here.catalogue.firm.sales
    back = redirect(url_for("desk.readers.one", reader_id=reader_id), 303)
    with writing(here.engine) as connection:
        reader = store.get(connection, reader_id) or abort(404)
        owner = accounts.get(connection, chosen) if chosen else None
        if reader.email is None:
            flash("消去した読者は引き渡せません。")
            return back
        if not text or len(text) > LONGEST_TEXT:
            flash(f"引き渡す理由を、{LONGEST_TEXT}文字までで書いてください。")
            return back
        if chosen and (owner is None or not owner.role.covers(Role.MARKETER)):
            flash("担当にできるのは、担当者と管理者です。")
            return back
        handoff_id = handoffs.give(
            connection,
            reader_id,
            HandoffCause.BY_HAND,
            now=here.now(),
            due_at=here.now() + timedelta(days=sales.hot_days),
            score=reader.score,
            stage=reader.stage,
            owner_id=owner.id if owner else None,
        )
        if handoff_id is None:
            flash("この読者は、もう引き渡されています。")
            task = handoffs.open_of(connection, reader_id)
            return _back(task.id) if task else back
        given = handoffs.get(connection, handoff_id)
        assert given is not None
        author = session.signed_in().email
        handoffs.write_down(connection, given, Touch.NOTE, author, here.now(), text)
        _keep(connection, given, given=True, owner=owner.email if owner else None)
    wake(here.redis, Job.SWEEP)
    flash("引き渡しました。担当にはメールで知らせます。")
    return _back(handoff_id)


@pages.post("/handoffs/<handoff_id>/owner")
def entrust(handoff_id: str) -> ResponseReturnValue:
    """Say whose task it is, and by when."""
    here = context()
    chosen = request.form.get("owner", "")
    handoff = _handoff(handoff_id)
    due_at = _day(request.form.get("due", ""))
    if due_at is None:
        return _page(handoff_id, "期日を、日付で選んでください", typed="owner"), 422
    with writing(here.engine) as connection:
        owner = accounts.get(connection, chosen) if chosen else None
        if chosen and (owner is None or not owner.role.covers(Role.MARKETER)):
            return _page(handoff_id, "担当にできるのは、担当者と管理者です", typed="owner"), 422
        if not handoffs.entrust(connection, handoff_id, owner.id if owner else None, due_at):
            return _over(handoff_id)
        told = owner.email if owner else "担当者なし"
        handoffs.write_down(
            connection, handoff, Touch.OWNER, session.signed_in().email, here.now(), told
        )
        _keep(connection, handoff, owner=told)
    flash("担当と期日を記録しました。")
    return _back(handoff_id)


@pages.post("/handoffs/<handoff_id>/record")
def record(handoff_id: str) -> ResponseReturnValue:
    """Write down what was done, and when to go on."""
    here = context()
    handoff = _handoff(handoff_id)
    kind = next((k for k in CONTACTS if k.value == request.form.get("kind")), None)
    text = clean(request.form.get("text", ""), lines=True)
    wanted = request.form.get("due", "").strip()
    due_at = _day(wanted) if wanted else None
    if kind is None:
        return _page(handoff_id, "したことを選んでください", typed="record"), 422
    if len(text) > LONGEST_TEXT:
        return _page(handoff_id, f"メモは{LONGEST_TEXT}文字までです", typed="record"), 422
    if kind is Touch.NOTE and not text:
        return _page(handoff_id, "メモを書いてください", typed="record"), 422
    if wanted and due_at is None:
        return _page(handoff_id, "次の期日を、日付で選んでください", typed="record"), 422
    if due_at is None and kind.is_contact:
        due_at = here.now() + timedelta(days=here.catalogue.firm.sales.next_days)
    with writing(here.engine) as connection:
        if not handoffs.entrust(
            connection,
            handoff_id,
            handoff.owner_id or session.signed_in().id,
            due_at or handoff.due_at,
        ):
            return _over(handoff_id)
        handoffs.write_down(connection, handoff, kind, session.signed_in().email, here.now(), text)
        _keep(connection, handoff, recorded=kind)
    flash(f"「{kind.label}」を記録しました。")
    return _back(handoff_id)


@pages.post("/handoffs/<handoff_id>/close")
def close(handoff_id: str) -> ResponseReturnValue:
    """Say how the deal ended, or correct what was said."""
    here = context()
    handoff = _handoff(handoff_id)
    outcome = next((o for o in DealOutcome if o.value == request.form.get("outcome")), None)
    note = clean(request.form.get("text", ""), lines=True)
    amount: int | None = None
    reason: LostReason | None = None
    if outcome is None:
        return _page(handoff_id, "結果を選んでください", typed="close"), 422
    if len(note) > LONGEST_TEXT:
        return _page(handoff_id, f"メモは{LONGEST_TEXT}文字までです", typed="close"), 422
    if outcome is DealOutcome.WON:
        amount = _yen(request.form.get("amount", ""))
        if amount is None:
            told = "受注の金額を、円の整数で入力してください（例: 500000）"
            return _page(handoff_id, told, typed="close"), 422
    else:
        reason = next((r for r in LostReason if r.value == request.form.get("reason")), None)
        if reason is None:
            return _page(handoff_id, "失注の理由を選んでください", typed="close"), 422
    with writing(here.engine) as connection:
        events.alone(connection)
        known = deals.of_handoff(connection, handoff_id)
        deals.record(
            connection,
            Deal(
                key=known.key if known else f"handoff:{handoff_id}",
                reader_id=handoff.reader_id,
                outcome=outcome,
                closed_at=known.closed_at if known else here.now(),
                source=known.source if known else DealSource.DESK,
                amount=amount,
                reason=reason,
                note=note,
                handoff_id=handoff_id,
            ),
            now=here.now(),
            quiet=timedelta(days=here.catalogue.firm.sending.quiet_days),
            author=session.signed_in().email,
        )
        _keep(connection, handoff, outcome=outcome, amount=amount, reason=reason)
    wake(here.redis, Job.DIGEST)
    flash(f"「{outcome.label}」を記録しました。この読者への案内メールは止まりました。")
    return _back(handoff_id)


def _yen(text: str) -> int | None:
    try:
        return yen(text)
    except ValueError:
        return None


def _page(handoff_id: str, error: str = "", typed: str = "") -> str:
    """One task; ``error`` stands at the form ``typed``, whose words are kept."""
    here = context()
    zone = here.settings.zone
    with reading(here.engine) as connection:
        found = handoffs.one(connection, handoff_id)
        if found is None:
            abort(404)
        task = found.handoff
        reader = store.get(connection, task.reader_id)
        assert reader is not None
        done = events.of_reader(connection, task.reader_id)
        entries = handoffs.entries_of(connection, handoff_id)
        deal = deals.of_handoff(connection, handoff_id)
        staff = [a for a in accounts.everyone(connection) if a.role.covers(Role.MARKETER)]
        messages = histories.inquiries_of(connection, task.reader_id)
    told = brief(
        here.catalogue,
        done,
        stage=reader.stage,
        cause=task.cause,
        mail_stopped=reader.unsubscribed_at is not None or reader.suppressed_at is not None,
    )
    return render_template(
        "desk/handoff.html",
        task=task,
        person=found.person,
        owner=found.owner,
        reader=reader,
        reasons=why(here.catalogue, task.cause, task.score, task.reasons, zone),
        briefing=told,
        entries=entries,
        deal=deal,
        message=messages.get(task.event_id or "", ""),
        staff=staff,
        contacts=CONTACTS,
        outcomes=list(DealOutcome),
        lost_reasons=list(LostReason),
        due_day=f"{task.due_at.astimezone(zone):%Y-%m-%d}",
        now=here.now(),
        error=error,
        typed=typed,
        form=request.form,
        next_days=here.catalogue.firm.sales.next_days,
        by=_by,
    )


def _by(author: str) -> str:
    """Who wrote a line of the record, for people."""
    if author.startswith("shell:"):
        return "CSV の取り込み"
    return {"system": "", dealing.SOURCE: "ほかのシステム"}.get(author, author)


def _handoff(handoff_id: str) -> Handoff:
    with reading(context().engine) as connection:
        return handoffs.get(connection, handoff_id) or abort(404)


def _day(text: str) -> datetime | None:
    """The end of the day that was chosen, in the firm's zone."""
    here = context()
    try:
        chosen = date.fromisoformat(text.strip())
        at = datetime.combine(chosen, time(23, 59), here.settings.zone)
    except ValueError:
        return None
    return at if 2000 <= chosen.year <= 2100 else None


def _keep(connection: Connection, handoff: Handoff, **details: object) -> None:
    session.record(
        connection,
        Act.HANDOFF_CHANGED,
        about=f"reader:{handoff.reader_id}",
        handoff=handoff.id,
        **details,
    )


def _over(handoff_id: str) -> ResponseReturnValue:
    flash("この引き渡しは、ほかの人が結果を記録して終わっています。")
    return _back(handoff_id)


def _back(handoff_id: str) -> ResponseReturnValue:
    return redirect(url_for("desk.handoffs.one", handoff_id=handoff_id), 303)
