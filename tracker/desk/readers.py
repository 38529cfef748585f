"""``/desk/readers``: the known readers, and one reader's whole story."""

from itertools import groupby
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.desk import sentences, session
from tracker.desk.timeline import moments
from tracker.desk.times import Times
from tracker.desk.worth import worth
from tracker.inputs import clean
from tracker.store import accounts, enrolments, events, handoffs, histories, letters, people
from tracker.store import readers as store
from tracker.store.engine import reading
from tracker.store.people import Order
from tracker.store.readers import Reader
from tracker.words import DeliveryState, Entry, EventKind, HandoffCause, Role, SetFor, Stage

pages = Blueprint("readers", __name__)

ORDERS: dict[Order, str] = {"score": "点数の高い順", "new": "新しい順"}
MOST_MOMENTS = 200
_AHEAD = (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.SENDING)


@pages.get("/readers")
def index() -> ResponseReturnValue:
    words, stage, order = chosen()
    after = _place(request.args.get("after", ""))
    with reading(context().engine) as connection:
        listed, more = people.list_readers(
            connection, words=words, stage=stage, order=order, after=after
        )
        total = people.count_readers(connection, words=words, stage=stage)
        everyone = total or people.count_readers(connection)
    kept: dict[str, Any] = {"q": words or None, "stage": stage and stage.value, "order": order}
    following = (
        url_for("desk.readers.index", after=f"{more[0]!r}_{more[1]}", **kept) if more else None
    )
    return render_template(
        "desk/readers.html",
        listed=listed,
        total=total,
        everyone=everyone,
        words=words,
        chosen=stage,
        order=order,
        orders=ORDERS,
        stages=list(Stage),
        first=after is None,
        kept=kept,
        beginning=url_for("desk.readers.index", **kept),
        following=following,
        hot_at=context().catalogue.scoring.hot_at,
    )


def chosen() -> tuple[str, Stage | None, Order]:
    """The words, the stage and the order that the request asks for; the usual ones where it asks
    for anything else. Who may not see names cannot look for them either."""
    words = clean(request.args.get("q", ""))[:100] if session.names().whole else ""
    stage = next((s for s in Stage if s.value == request.args.get("stage")), None)
    return words, stage, "new" if request.args.get("order") == "new" else "score"


@pages.get("/readers/<reader_id>")
def one(reader_id: str) -> ResponseReturnValue:
    catalogue = context().catalogue
    with reading(context().engine) as connection:
        reader = store.get(connection, reader_id)
        if reader is None:
            abort(404)
        mails = histories.mails_of(connection, reader_id)
        changes = histories.stage_changes_of(connection, reader_id)
        done = events.of_reader(connection, reader_id)
        entries = histories.score_entries_of(connection, reader_id)
        line = moments(
            catalogue,
            done,
            changes,
            entries,
            mails,
            histories.inquiries_of(connection, reader_id),
        )
        kept = letters.kept_of_reader(connection, reader_id)
        held_out = any(one.held_out for one in enrolments.under_way(connection, reader_id))
        task = handoffs.last_of(connection, reader_id)
        staff = [a for a in accounts.everyone(connection) if a.role.covers(Role.MARKETER)]
    shown = line if request.args.get("all") == "1" else line[:MOST_MOMENTS]
    day = Times(context().settings.zone, context().now()).day
    return render_template(
        "desk/reader.html",
        reader=reader,
        changes=changes,
        days=[(name, list(own)) for name, own in groupby(shown, lambda m: day(m.at))],
        hidden=len(line) - len(shown),
        ahead=[mail for mail in mails if mail.state in _AHEAD],
        held_out=held_out,
        kept=kept,
        task=task,
        staff=staff,
        is_hot=reader.score >= catalogue.scoring.hot_at
        or (task is not None and task.is_open and task.cause is HandoffCause.HOT),
        hot_at=catalogue.scoring.hot_at,
        half_life_days=catalogue.scoring.half_life_days,
        worth=worth(catalogue, done, entries, mails, context().now()),
        stages=list(Stage),
        reasons=list(SetFor),
        idle_for=_dormant_for(reader),
        set_before=sum(event.kind is EventKind.STAGE_SET for event in done),
        catalogue=catalogue,
        say=sentences,
    )


def _dormant_for(reader: Reader) -> int | None:
    """For how many days a dormant reader has done nothing; ``None`` for who is not dormant."""
    dormant = context().catalogue.entered_by(Entry.DORMANT)
    if dormant is None or reader.acted_at is None or reader.email is None:
        return None
    days = (context().now() - reader.acted_at).days
    return days if days >= dormant.idle_days else None


def _place(text: str) -> tuple[float, str] | None:
    """Where the page before ended; ``None`` for anything else."""
    number, _, reader_id = text.partition("_")
    try:
        value = float(number)
    except ValueError:
        return None
    in_range = -1e15 < value < 1e15  # also refuses what is not a number
    return (value, reader_id) if reader_id and in_range else None
