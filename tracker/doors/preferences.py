"""``/preferences/<token>``: which mails a reader wants, and a rest from them.

Who holds the link may be somebody a mail was forwarded to: the page says which kinds are on and
nothing else about the reader. A GET changes nothing; a POST is taken even while the store is away.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import TooManyRequests

from tracker.context import context
from tracker.doors.submission import refuse_elsewhere
from tracker.journal import Entry, JournalError, fresh_id
from tracker.limits import Limit, TooMuchError
from tracker.links import LineLinking, LinkError, Preferences, Unsubscription
from tracker.store import readers
from tracker.store.engine import ask
from tracker.store.readers import Reader
from tracker.words import EventKind, Topic

log = logging.getLogger(__name__)

door = Blueprint("preferences", __name__)

PAUSE_DAYS = 30
"""How many of a scenario's days a rest lasts."""


@door.get("/preferences/<token>")
def show(token: str) -> ResponseReturnValue:
    here = context()
    link = _read(token)
    try:
        reader = ask(here.engine, lambda connection: _reader(connection, link.delivery_id))
    except SQLAlchemyError as error:
        log.warning("preferences: store away: %s", error)
        return _page("doors/preferences_away.html", link), 503
    if reader is None or reader.email is None:
        abort(404, "link")
    topics = list(Topic) if reader.agrees_to_mail else [Topic.SEMINAR]
    until = reader.paused_until
    return _page(
        "doors/preferences.html",
        link,
        topics=topics,
        wants=reader.wants,
        agrees=reader.agrees_to_mail,
        paused_until=_day(until) if until and until > here.now() else None,
    )


@door.post("/preferences/<token>")
def change(token: str) -> ResponseReturnValue:
    """``do`` says what: ``save`` the kinds ticked as ``want``, ``pause`` or ``resume``."""
    here = context()
    link = _read(token)
    refuse_elsewhere()
    try:
        here.limits.count(Limit.CHANGES_BY_LINK, link.delivery_id)
    except TooMuchError as error:
        raise TooManyRequests(retry_after=error.seconds) from None
    now = here.now()
    wants = [topic for topic in Topic if topic in request.form.getlist("want")]
    until = now + PAUSE_DAYS * timedelta(seconds=here.settings.day_seconds)
    done = request.form.get("do", "")
    changes: dict[str, dict[str, Any]] = {
        "save": {"wants": wants},
        "pause": {"paused_until": until.isoformat()},
        "resume": {"paused_until": now.isoformat()},
    }
    data = changes.get(done)
    if data is None:
        return show(token)
    entry = Entry(
        id=fresh_id(),
        at=now,
        kind=EventKind.PREFERENCES,
        delivery_id=link.delivery_id,
        data=data,
    )
    try:
        here.journal.append([entry])
    except JournalError:
        return _page("doors/preferences_away.html", link), 503
    return _page(
        "doors/preferences_saved.html",
        link,
        done=done,
        wants=wants,
        paused_until=_day(until),
        here=request.path,
    )


def _reader(connection: Connection, delivery_id: str) -> Reader | None:
    found = readers.of_delivery(connection, delivery_id)
    return readers.get(connection, found[0]) if found and found[0] else None


def _day(at: datetime) -> str:
    """``12月22日``, with the time where a scenario's day is shorter than a day."""
    settings = context().settings
    local = at.astimezone(settings.zone)
    return f"{local.month}月{local.day}日" + (
        f"{local:%H:%M}" if settings.day_seconds < 86_400 else ""
    )


def _page(template: str, link: Preferences, **values: object) -> str:
    links, now = context().links, context().now()
    return render_template(
        template,
        pause_days=PAUSE_DAYS,
        way_out=f"/unsubscribe/{links.sign(Unsubscription(link.delivery_id), now)}",
        newsletter=context().catalogue.newsletter_page,
        line_way=f"/line/{links.sign(LineLinking(link.delivery_id, ''), now)}"
        if context().settings.line_token
        else None,
        **values,
    )


def _read(token: str) -> Preferences:
    try:
        return context().links.read(Preferences, token, context().now())
    except LinkError:
        abort(404, "link")
