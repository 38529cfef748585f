"""``/desk/readers/<id>/erasure``: take away all that tells who a reader was."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.desk import session
from tracker.inputs import InputError, read_address
from tracker.store import dossier
from tracker.store import readers as store
from tracker.store.engine import reading, writing
from tracker.store.readers import Reader
from tracker.words import Act

pages = Blueprint("erasure", __name__)


@pages.get("/readers/<reader_id>/erasure")
def ask(reader_id: str) -> ResponseReturnValue:
    return _page(_reader(reader_id))


@pages.post("/readers/<reader_id>/erasure")
def erase(reader_id: str) -> ResponseReturnValue:
    """Erase the reader, if the address that was typed is theirs."""
    here, reader = context(), _reader(reader_id)
    if reader.email is None:
        return _page(reader), 409
    kept, typed = _normalised(reader.email), _normalised(request.form.get("address", ""))
    if typed is None or typed != kept:
        return _page(
            reader, "この読者のアドレスと違います。上のアドレスをそのまま入力してください"
        ), 422
    here.journal.forget_person(typed)  # first: if the store fails, this can be asked for again
    with writing(here.engine) as connection:
        dossier.erase(connection, reader_id, here.now())
        session.record(connection, Act.READER_ERASED, about=f"reader:{reader_id}")
    dossier.scrub(here.engine)
    flash("この読者が誰か分かるものを消しました。")
    return redirect(url_for("desk.readers.one", reader_id=reader_id), 303)


def _reader(reader_id: str) -> Reader:
    with reading(context().engine) as connection:
        return store.get(connection, reader_id) or abort(404)


def _page(reader: Reader, error: str | None = None) -> str:
    return render_template("desk/erasure.html", reader=reader, error=error)


def _normalised(address: str) -> str | None:
    try:
        return read_address(address).normalised
    except InputError:
        return None
