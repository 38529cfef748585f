"""``/confirm/<token>``: the page a delivery mail leads to, and its button.

A GET changes nothing: mail gateways follow links. The button confirms the address and hands out
what was asked for: a file, a place at a seminar, the newsletter.
"""

import logging
from datetime import timedelta
from uuid import uuid4

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from tracker.catalogue.pages import Page
from tracker.context import Context, context, remember_visitor, visitor
from tracker.doors.seminar import closed, no_place
from tracker.doors.submission import Notice, refuse_elsewhere
from tracker.journal import Entry, JournalError
from tracker.links import Confirmation, Download, LinkError, LinkExpiredError, Ticket
from tracker.store import engine, events, readers
from tracker.words import EventKind, FormOf

log = logging.getLogger(__name__)

door = Blueprint("confirm", __name__)


@door.get("/confirm/<token>")
def ask(token: str) -> ResponseReturnValue:
    link, page = _read(token)
    if page.seminar and (why := closed(page.seminar, link.delivery_id)):
        return no_place(page, why)
    return render_template("doors/confirm.html", page=page)


@door.post("/confirm/<token>")
def confirm(token: str) -> ResponseReturnValue:
    here = context()
    link, page = _read(token)
    refuse_elsewhere()
    if page.seminar and (why := closed(page.seminar, link.delivery_id)):
        return no_place(page, why)
    who = _who(here, link)
    pressed = Entry(
        id=_event_id(link),
        at=here.now(),
        kind=EventKind.CONFIRM,
        visitor=who,
        page=page.url,
        gate=link.gate,
        delivery_id=link.delivery_id,
    )
    try:
        here.journal.append([pressed])
    except JournalError:
        return render_template("doors/confirm.html", page=page, notice=Notice.BUSY), 503
    download = None
    if page.gate:
        file = Download(delivery_id=link.delivery_id, gate=page.gate.id)
        download = f"/d/{here.links.sign(file, here.now())}"
    calendar = None
    if page.seminar:
        ticket = Ticket(delivery_id=link.delivery_id, seminar=page.seminar.id)
        signed = here.links.sign(ticket, here.now())
        calendar = f"/seminars/{page.seminar.id}.ics?ticket={signed}"
    body = render_template("doors/confirmed.html", page=page, download=download, calendar=calendar)
    answer = Response(body, headers={"Cache-Control": "no-store"})
    if who and who != visitor():
        remember_visitor(answer, who)
    return answer


def _who(here: Context, link: Confirmation) -> str | None:
    """The visitor who presses the button. A browser that showed itself as another reader starts
    afresh: what is read there from now on is not that reader's."""
    who = visitor()
    if who is None:
        return None

    def is_another(connection: Connection) -> bool:
        found = readers.of_delivery(connection, link.delivery_id)
        if found is None or found[0] is None or events.get(connection, _event_id(link)):
            return False
        return readers.is_another(connection, who, found[0])

    try:
        return uuid4().hex if engine.ask(here.engine, is_another) else who
    except SQLAlchemyError as error:
        log.warning("confirm: store away: %s", error)
        return who


def _event_id(link: Confirmation) -> str:
    return f"confirm:{link.delivery_id}"


def page_behind(here: Context, gate: str) -> Page | None:
    """The page a gate belongs to: a resource, a diagnosis whose report was asked for, a seminar,
    the newsletter or the inquiry."""
    if diagnosis_id := FormOf.DIAGNOSIS.id_in(gate):
        return here.catalogue.diagnosis_page(diagnosis_id)
    if seminar_id := FormOf.SEMINAR.id_in(gate):
        return here.catalogue.seminar_page(seminar_id)
    if gate == FormOf.NEWSLETTER:
        return here.catalogue.newsletter_page
    if gate == FormOf.INQUIRY:
        return here.catalogue.inquiry_page
    return here.catalogue.gate_page(gate)


def _read(token: str) -> tuple[Confirmation, Page]:
    here = context()
    lifetime = timedelta(days=here.settings.download_days)
    try:
        link = here.links.read(Confirmation, token, here.now(), lifetime)
    except LinkExpiredError:
        link = here.links.read(Confirmation, token, here.now())
        abort(
            Response(render_template("doors/expired.html", page=page_behind(here, link.gate)), 410)
        )
    except LinkError:
        abort(404, "link")
    page = page_behind(here, link.gate)
    if page is None:
        abort(404)
    return link, page
