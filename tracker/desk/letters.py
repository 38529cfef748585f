"""``/desk/readers/…/mails/…``: what a reader got, as it was sent.

Its links lead straight to the pages and its ways out to nowhere: who looks at it here is not its
reader.
"""

from typing import Any

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue
from markupsafe import escape

from tracker.context import context
from tracker.slots import Slotted
from tracker.store import deliveries, letters, readers
from tracker.store.engine import reading
from tracker.store.letters import Kept

pages = Blueprint("letters", __name__)

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""The letter has the styles it was sent with, and may do nothing but be read."""

NOWHERE = "#"


@pages.get("/readers/<reader_id>/mails/<delivery_id>")
def show(reader_id: str, delivery_id: str) -> ResponseReturnValue:
    with reading(context().engine) as connection:
        reader = readers.get(connection, reader_id)
        mail = deliveries.get(connection, delivery_id)
        kept = letters.get(connection, delivery_id)
    if reader is None or mail is None or mail.reader_id != reader_id or kept is None:
        abort(404)
    plain = _plain(kept)
    answer = render_template(
        "desk/letter.html",
        reader=reader,
        mail=mail,
        kept=kept,
        subject=Slotted.of(kept.subject).filled(plain),
        text=Slotted.of(kept.text).filled(plain),
    )
    return Response(answer, headers={"Content-Security-Policy": PAGE_POLICY})


@pages.get("/readers/<reader_id>/mails/<delivery_id>/html")
def html(reader_id: str, delivery_id: str) -> ResponseReturnValue:
    """The HTML body alone, for the frame of the page."""
    with reading(context().engine) as connection:
        mail = deliveries.get(connection, delivery_id)
        kept = letters.get(connection, delivery_id)
    if mail is None or mail.reader_id != reader_id or kept is None:
        abort(404)
    safe = {name: str(escape(value)) for name, value in _values(kept).items()}
    safe |= {name: part for name, (_, part) in kept.parts.items()}
    answer = Response(Slotted.of(kept.html).filled(safe), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = LETTER_POLICY
    return answer


def _plain(kept: Kept) -> dict[str, Any]:
    ways = dict.fromkeys(("unsubscribe", "preferences"), "（この人だけのリンク）")
    return {**_values(kept), **ways, **{name: text for name, (text, _) in kept.parts.items()}}


def _values(kept: Kept) -> dict[str, str]:
    site = context().settings.site_url
    links = {
        f"link{place}": target if "://" in target else f"{site}/{target}"
        for place, target in enumerate(kept.targets)
        if target is not None
    }
    return {"unsubscribe": NOWHERE, "preferences": NOWHERE, "trap": NOWHERE, **links, **kept.values}
