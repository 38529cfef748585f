"""``/confirm/<token>``: the page a delivery mail leads to, and its button.

A GET changes nothing: mail gateways follow links. The button confirms the address and hands out
what was asked for: a file, a place at a seminar, the newsletter.
"""

from datetime import timedelta

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from tracker.catalogue.pages import Page
from tracker.context import Context, context, from_elsewhere, visitor
from tracker.doors.seminar import closed, no_place
from tracker.journal import Entry, JournalError
from tracker.links import Confirmation, Download, LinkError, LinkExpiredError, Ticket
from tracker.words import EventKind, FormOf

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
    if from_elsewhere():
        abort(403, "elsewhere")
    if page.seminar and (why := closed(page.seminar, link.delivery_id)):
        return no_place(page, why)
    try:
        here.journal.append(
            [
                Entry(
                    id=f"confirm:{link.delivery_id}",
                    at=here.now(),
                    kind=EventKind.CONFIRM,
                    visitor=visitor(),
                    page=page.url,
                    gate=link.gate,
                    delivery_id=link.delivery_id,
                )
            ]
        )
    except JournalError:
        return render_template("doors/confirm.html", page=page, busy=True), 503
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
    return Response(body, headers={"Cache-Control": "no-store"})


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
