"""``/desk/reports``: what the record tells of stages, mails, content and sales, period by period."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from tracker.context import context
from tracker.desk import session
from tracker.desk.language import LANGUAGES, language, say
from tracker.desk.reports import clicks, content, files, sales, scenarios
from tracker.desk.reports.asked import LABELS, SOURCES, Asked, asked
from tracker.desk.reports.cells import Cells
from tracker.desk.reports.shown import Shown
from tracker.reporting.rest import without_collector
from tracker.store import costs
from tracker.store.engine import reading, writing
from tracker.words import Act, Stage

_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")

pages = Blueprint("reports", __name__)

REPORTS: Final[Mapping[str, Callable[[Connection, Asked], Shown]]] = {
    "clicks": clicks.shown,
    "scenarios": scenarios.shown,
    "content": content.shown,
    "sales": sales.shown,
}
"""The reports by the name in their address, in the order of the menu."""

TITLES: Final[Mapping[str, str]] = {
    "clicks": "段階とクリック",
    "scenarios": "シナリオ",
    "content": "コンテンツ",
    "sales": "営業と受注",
}
ABOUT: Final[Mapping[str, str]] = {
    "clicks": "どのクリック・ページ・メールのあとに、読者は次の段階へ進んだか。何が問い合わせにつながったか",
    "scenarios": "どのメールが届き、押され、止められたか。送ると問い合わせは増えるのか",
    "content": "どのページが読まれ、問い合わせにかかわったか。どの段階のだれに、読むものが足りないか",
    "sales": "温まった読者に、いつ連絡し、何件受注したか。いくらかかったか。何点から連絡するか",
}


@pages.get("/reports/")
def index() -> ResponseReturnValue:
    return render_template(
        "desk/reports.html",
        titles=TITLES,
        about=ABOUT,
        lang=language(),
        languages=LANGUAGES,
    )


@pages.get("/reports/<name>")
def show(name: str) -> ResponseReturnValue:
    here = _asked(name)
    with without_collector(), reading(context().engine) as connection:
        found = REPORTS[name](connection, here)
    return render_template(
        "desk/report.html",
        name=name,
        titles=TITLES,
        report=found,
        asked=here,
        spans=LABELS,
        stages=list(Stage),
        personas=context().catalogue.personas,
        cells=Cells(),
        lang=language(),
        languages=LANGUAGES,
        kept=here.kept,
        sources=SOURCES,
        this_month=f"{here.now.astimezone(here.zone):%Y-%m}",
        _=say,  # Jinja's own takes every % for the place of a value
    )


@pages.get("/reports/<name>/tables.<kind>")
def file(name: str, kind: str) -> ResponseReturnValue:
    """The report's tables for a spreadsheet: as CSV one table (``sheet``), as XLSX all of them."""
    here = _asked(name)
    if kind not in ("csv", "xlsx"):
        abort(404)
    with without_collector(), reading(context().engine) as connection:
        found = REPORTS[name](connection, here)
    sheets = found.sheets
    if kind == "csv":
        wanted = request.args.get("sheet", sheets[0].id)
        sheets = tuple(sheet for sheet in sheets if sheet.id == wanted)
        if not sheets:
            abort(404)
    if request.method == "GET":  # a HEAD takes nothing along
        with writing(context().engine) as connection:
            session.record(connection, Act.REPORT_EXPORTED, about=f"report:{name}", kind=kind)
    day = f"{here.scope.until.astimezone(context().settings.zone):%Y-%m-%d}"
    cells = Cells()
    if kind == "csv":
        body: bytes | str = files.csv(sheets[0], cells)
        title, mime = f"{name}-{sheets[0].id}-{day}.csv", "text/csv"
    else:
        body = files.xlsx(sheets, cells)
        title, mime = f"{name}-{day}.xlsx", files.XLSX
    return Response(
        body,
        mimetype=mime,
        headers={"Content-Disposition": f'attachment; filename="{title}"'},
    )


@pages.post("/reports/costs")
def spent() -> ResponseReturnValue:
    """Keep what a month cost; nothing written takes it back."""
    month = request.form.get("month", "").strip()
    told = request.form.get("yen", "").replace(",", "").replace("，", "").strip()
    yen = int(told) if told.isdecimal() and len(told) <= 13 else None
    if not _MONTH.fullmatch(month):
        flash(say("月は 2026-11 のように書いてください。"))
    elif told and (yen is None or yen > costs.LARGEST):
        flash(say("費用は円の数字で書いてください（例: 300000）。"))
    else:
        with writing(context().engine) as connection:
            costs.tell(connection, month, yen, context().now())
            session.record(connection, Act.COST_TOLD, about=f"cost:{month}", yen=yen)
        flash(say("費用を記録しました。") if told else say("費用の記録を消しました。"))
    return redirect(url_for("desk.reports.show", name="sales"), 303)


def _asked(name: str) -> Asked:
    if name not in REPORTS:
        abort(404)
    here = context()
    return asked(request.args, here.now(), here.settings.zone, here.catalogue)
