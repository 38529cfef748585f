"""``/desk/diagnosis``: what the newest diagnosis of the site says, and how each page is read."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.desk.curves import draw
from tracker.diagnosis import DiagnosisReport
from tracker.store import diagnoses
from tracker.store.diagnoses import Stored
from tracker.store.engine import reading
from tracker.wake import Job, wake
from tracker.words import Stage

pages = Blueprint("diagnosis", __name__)

HOME = "index"
"""What stands in a path for the home page, whose address is empty."""


@pages.get("/diagnosis")
def show() -> ResponseReturnValue:
    stored = _newest()
    report = stored.report if stored else None
    drawn = [page for page in (report.pages if report else ()) if page.points and page.is_reading]
    return render_template(
        "desk/diagnosis.html",
        stored=stored,
        report=report,
        drawn=drawn,
        plain=[page for page in (report.pages if report else ()) if page not in drawn],
        pictures={page.url: draw(page, _cliffs(report, page.url)) for page in drawn},
        stages=list(Stage),
        home=HOME,
    )


@pages.post("/diagnosis")
def again() -> ResponseReturnValue:
    """Ask the worker for a new diagnosis."""
    if wake(context().redis, Job.DIAGNOSE):
        flash("診断の作り直しを頼みました。1分ほどたってから、このページを読み込み直してください。")
    else:
        flash(
            "いまは作り直しを頼めませんでした。新しい記録があれば、1時間ごとに自動で作り直されます。"
        )
    return redirect(url_for("desk.diagnosis.show"), 303)


@pages.get("/diagnosis/<path:page>")
def one(page: str) -> ResponseReturnValue:
    stored = _newest()
    report = stored.report if stored else None
    url = "" if page == HOME else f"{page.rstrip('/')}/"
    found = report.page(url) if report else None
    if stored is None or report is None or found is None:
        abort(404)
    return render_template(
        "desk/diagnosis_page.html",
        stored=stored,
        report=report,
        page=found,
        picture=draw(found, _cliffs(report, url), width=760.0, height=300.0)
        if found.points
        else None,
        findings=[f for f in report.findings if f.page == url],
        undecided=[u for u in report.undecided if u.page == url],
        notes=[n for n in report.notes if n.page == url],
        stages=list(Stage),
        home=HOME,
    )


def _newest() -> Stored | None:
    with reading(context().engine) as connection:
        return diagnoses.newest(connection)


def _cliffs(report: DiagnosisReport | None, url: str) -> list[int]:
    return [
        f.section
        for f in (report.findings if report else ())
        if f.page == url and f.kind == "section_cliff" and f.section is not None
    ]
