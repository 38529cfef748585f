"""``GET /d/<token>``: the file itself, for whom the button was pressed. No other URL serves it."""

from contextlib import suppress
from datetime import timedelta
from urllib.parse import quote

from flask import Blueprint, Response, abort, render_template, request, send_file
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from tracker.context import context
from tracker.journal import Entry, JournalError
from tracker.links import Download, LinkError, LinkExpiredError
from tracker.words import EventKind

door = Blueprint("download", __name__)


@door.get("/d/<token>")
def download(token: str) -> ResponseReturnValue:
    here = context()
    lifetime = timedelta(days=here.settings.download_days)
    try:
        link = here.links.read(Download, token, here.now(), lifetime)
    except LinkExpiredError:
        link = here.links.read(Download, token, here.now())
        page = here.catalogue.gate_page(link.gate)
        return render_template("doors/expired.html", page=page), 410
    except LinkError:
        abort(404, "link")
    page = here.catalogue.gate_page(link.gate)
    if page is None or page.gate is None:
        abort(404)
    path = here.settings.whitepapers.resolve() / page.gate.file
    if not path.is_file():
        abort(404)
    if request.method == "GET":
        with suppress(JournalError):  # counted and logged there; the reader still gets the file
            here.journal.append(
                [
                    Entry(
                        id=f"download:{link.delivery_id}:{link.gate}",
                        at=here.now(),
                        kind=EventKind.GATE_DOWNLOAD,
                        page=page.url,
                        gate=link.gate,
                        delivery_id=link.delivery_id,
                    )
                ]
            )
    answer: Response = send_file(path, max_age=0)
    answer.headers["Content-Disposition"] = dump_options_header(
        "attachment",
        {"filename": path.name, "filename*": f"UTF-8''{quote(page.title + path.suffix)}"},
    )
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
