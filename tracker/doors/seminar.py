"""``/seminars/<id>``: the form for a place, and the seminar as a calendar file.

The door counts the places that the store knows of. While the store is away it takes the form all
the same: a few places too many are told to a person later, a reader turned away is gone.
"""

import logging
from contextlib import suppress

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from tracker import calendars
from tracker.catalogue.pages import Page
from tracker.catalogue.seminars import Seminar
from tracker.context import context
from tracker.doors import submission
from tracker.forms import contact_form
from tracker.links import LinkError, Ticket
from tracker.store.engine import ask
from tracker.store.seminars import has_place, places_taken

log = logging.getLogger(__name__)

door = Blueprint("seminar", __name__)


@door.post("/seminars/<seminar_id>")
def submit(seminar_id: str) -> ResponseReturnValue:
    page, seminar = _find(seminar_id)

    def too_late() -> ResponseReturnValue | None:
        why = closed(seminar)
        return no_place(page, why) if why else None

    return submission.receive(contact_form(page) or abort(404), unless=too_late)


@door.get("/seminars/<seminar_id>/thanks")
def thanks(seminar_id: str) -> ResponseReturnValue:
    page, _seminar = _find(seminar_id)
    return render_template("doors/thanks.html", page=page)


@door.get("/seminars/<seminar_id>.ics")
def as_calendar(seminar_id: str) -> Response:
    """The seminar for a calendar; with a ticket in the address, how to take part as well."""
    here = context()
    page, seminar = _find(seminar_id)
    join = ""
    with suppress(LinkError):
        ticket = here.links.read(Ticket, request.args.get("ticket", ""), here.now())
        join = seminar.join if ticket.seminar == seminar.id else ""
    body = calendars.calendar(
        seminar,
        page,
        url=f"{here.settings.site_url}/{page.url}",
        domain=here.catalogue.firm.sender_address.partition("@")[2],
        now=here.now(),
        join=join,
    )
    answer = Response(body, content_type=calendars.TYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{seminar.id}.ics"'
    return answer


def closed(seminar: Seminar, delivery_id: str | None = None) -> str | None:
    """Why no place can be had now, ``over`` or ``full``; ``None`` if one can, or if the reader of
    ``delivery_id`` has one already."""
    here = context()
    over = seminar.has_begun(here.now())

    def why(connection: Connection) -> str | None:
        if delivery_id and has_place(connection, seminar.id, delivery_id):
            return None
        if not over and places_taken(connection, seminar.id) >= seminar.capacity:
            return "full"
        return "over" if over else None

    try:
        return ask(here.engine, why)
    except SQLAlchemyError as error:
        log.warning("seminar %s: places not counted: %s", seminar.id, error)
    return "over" if over else None


def no_place(page: Page, why: str) -> ResponseReturnValue:
    """The friendly page for who comes too late, or one too many."""
    now = context().now()
    others = [
        p
        for p in context().catalogue.pages
        if p.seminar and p.path != page.path and not p.seminar.has_begun(now)
    ]
    body = render_template(
        "doors/no_place.html",
        page=page,
        why=why,
        over=page.seminar is not None and page.seminar.is_over(now),
        others=sorted(others, key=lambda p: p.seminar.begins if p.seminar else now),
        inquiry=context().catalogue.inquiry_page,
    )
    return body, 410 if why == "over" else 409


def _find(seminar_id: str) -> tuple[Page, Seminar]:
    page = context().catalogue.seminar_page(seminar_id)
    if page is None or page.seminar is None:
        abort(404)
    return page, page.seminar
