"""``GET /d/<token>``: the file itself, for whom the button was pressed. No other URL serves it.

However many people use one link, it is one download of one reader; a link used by very many is
closed for the day, and marketing is told.
"""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, Response, abort, render_template, request, send_file
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from tracker.context import context
from tracker.journal import Entry, JournalError
from tracker.limits import Limit, TooMuchError
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
    path = _file(here.settings.whitepapers, page.gate.file) or abort(404)
    try:
        here.limits.count(Limit.FETCHES_OF_LINK, f"{link.delivery_id} {link.gate}")
    except TooMuchError as error:
        _record(EventKind.GATE_SHARED, link, page.url)
        body = render_template("doors/expired.html", page=page, shared=True)
        return body, 429, {"Retry-After": str(error.seconds)}
    answer: Response = send_file(path, max_age=0)
    if request.method == "GET":
        _record(EventKind.GATE_DOWNLOAD, link, page.url)
    answer.headers["Content-Disposition"] = dump_options_header(
        "attachment",
        {
            "filename": page.gate.id + path.suffix,
            "filename*": f"UTF-8''{quote(page.title + path.suffix, safe='')}",
        },
    )
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _file(folder: Path, name: str) -> Path | None:
    """The file of that name in ``folder`` itself, wherever links and dots may lead."""
    try:
        path = (folder / name).resolve()
    except (OSError, ValueError):
        return None
    return path if path.parent == folder.resolve() and path.is_file() else None


def _record(kind: EventKind, link: Download, page: str) -> None:
    """Once for each link. What cannot be kept is counted and logged there; the reader goes on."""
    here = context()
    fact = Entry(
        id=f"{kind.removeprefix('gate_')}:{link.delivery_id}:{link.gate}",
        at=here.now(),
        kind=kind,
        page=page,
        gate=link.gate,
        delivery_id=link.delivery_id,
    )
    with suppress(JournalError):
        here.journal.append([fact])
