"""What marketing may take along: the list of readers, and one reader's whole record."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, request, stream_with_context
from flask.typing import ResponseReturnValue

from tracker import handout, spreadsheet
from tracker.context import context
from tracker.desk import session
from tracker.desk.readers import chosen
from tracker.store import dossier, people
from tracker.store import readers as store
from tracker.store.engine import reading, writing
from tracker.store.people import Listed, Order
from tracker.words import Act, Stage

pages = Blueprint("exports", __name__)

COLUMNS = (
    "ID",
    "名前",
    "会社",
    "アドレス",
    "段階",
    "その段階になった日時",
    "点数",
    "登録",
    "問い合わせ",
    "配信停止",
)


@pages.get("/readers.csv")
def listed() -> ResponseReturnValue:
    """All readers of the list's filter, in its order, as CSV for a spreadsheet."""
    here = context()
    words, stage, order = chosen()
    if request.method == "GET":  # a HEAD takes nothing along
        with writing(here.engine) as connection:
            session.record(
                connection,
                Act.READERS_EXPORTED,
                rows=people.count_readers(connection, words=words, stage=stage),
                stage=stage,
                searched=bool(words),
            )
    name = f"readers-{here.now().astimezone(here.settings.zone):%Y-%m-%d}.csv"
    return Response(
        stream_with_context(_lines(words, stage, order)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@pages.post("/readers/<reader_id>/record.zip")
def person(reader_id: str) -> ResponseReturnValue:
    """Everything kept about one reader, as JSON and CSV."""
    with writing(context().engine) as connection:
        if store.get(connection, reader_id) is None:
            abort(404)
        found = dossier.export(connection, reader_id)
        session.record(connection, Act.READER_EXPORTED, about=f"reader:{reader_id}")
    return Response(
        handout.packed(found),
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="reader-{reader_id}.zip"'},
    )


def _lines(words: str, stage: Stage | None, order: Order) -> Iterator[str]:
    yield spreadsheet.BOM + spreadsheet.lines([COLUMNS])
    with reading(context().engine) as connection:
        for some in people.every_reader(connection, words=words, stage=stage, order=order):
            yield spreadsheet.lines(_row(row) for row in some)


def _row(row: Listed) -> list[Any]:
    zone = context().settings.zone

    def when(at: datetime | None) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""

    return [
        row.person.id,
        row.person.name,
        row.person.company,
        row.person.email,
        row.stage.label if row.stage else "",
        when(row.stage_since),
        round(row.score),
        when(row.created_at),
        when(row.inquired_at),
        when(row.unsubscribed_at),
    ]
