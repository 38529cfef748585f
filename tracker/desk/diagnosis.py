"""``/desk/diagnosis``: what the newest diagnosis of the site says, and how each page is read."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.desk.curves import draw
from tracker.diagnosis import KIND_LABELS, DiagnosisReport
from tracker.store import diagnoses, repairs
from tracker.store.diagnoses import Stored
from tracker.store.engine import reading, writing
from tracker.wake import Job, wake
from tracker.words import Stage

pages = Blueprint("diagnosis", __name__)

RECENT = timedelta(days=90)
"""So long ago a repair may be, to be told of."""

HOME = "index"
"""What stands in a path for the home page, whose address is empty."""


@pages.get("/diagnosis")
def show() -> ResponseReturnValue:
    stored = _newest()
    report = stored.report if stored else None
    with reading(context().engine) as connection:
        done = repairs.since(connection, context().now() - RECENT, context().catalogue.moved)
    mended = {repair.key for repair in done}
    findings = [f for f in (report.findings if report else ()) if f.key not in mended]
    changes = report.to_change_of(findings) if report else ()
    compared = {r.key_as(r.kind): r for r in (report.repaired if report else ())}
    drawn = [page for page in (report.pages if report else ()) if page.points and page.is_reading]
    return render_template(
        "desk/diagnosis.html",
        stored=stored,
        report=report,
        changes=changes,
        further=[f for f in findings if f not in changes],
        done=[(repair, compared.get(repair.key)) for repair in done],
        drawn=drawn,
        plain=[page for page in (report.pages if report else ()) if page not in drawn],
        pictures={page.url: draw(page, _cliffs(report, page.url)) for page in drawn},
        waiting=waiting(report) if report else [],
        stages=list(Stage),
        home=HOME,
    )


@pages.get("/diagnosis.pdf")
def printed() -> ResponseReturnValue:
    """The newest diagnosis on A4, to be handed round."""
    stored = _newest()
    if stored is None or stored.report is None:
        abort(404)
    here = context()
    from tracker.desk.paper import pdf  # here: few ask for it, and each process would carry it

    body = pdf(stored.report, here.catalogue.firm.name, here.settings.zone)
    day = f"{stored.made_at.astimezone(here.settings.zone):%Y-%m-%d}"
    return Response(
        body,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="diagnosis-{day}.pdf"'},
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


@pages.post("/diagnosis/repaired")
def repaired() -> ResponseReturnValue:
    """Keep the day on which what a finding tells of was repaired."""
    stored = _newest()
    key = request.form.get("finding", "")
    found = next(
        (f for f in (stored.report.findings if stored and stored.report else ()) if f.key == key),
        None,
    )
    if found is None:
        flash("その診断は新しいものに替わりました。もう一度ご覧ください。")
    else:
        here = context()
        with writing(here.engine) as connection:
            done = repairs.since(connection, here.now() - RECENT, here.catalogue.moved)
            if key not in {r.key for r in done}:
                repairs.mark(connection, found, here.now())
        flash("直した日を記録しました。7日たつと、前後の比較をはじめます。")
    return redirect(url_for("desk.diagnosis.show"), 303)


@pages.post("/diagnosis/repaired/<repair_id>/take-back")
def take_back(repair_id: str) -> ResponseReturnValue:
    """It was not repaired after all."""
    with writing(context().engine) as connection:
        repairs.take_back(connection, repair_id)
    flash("「直した」を取り消しました。")
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
        undecided=[u for u in report.undecided if u.page == url and u.odd],
        waiting=waiting(report, url),
        notes=[n for n in report.notes if n.page == url and n.kind != "no_content"],
        stages=list(Stage),
        home=HOME,
    )


@dataclass(frozen=True)
class Waiting:
    """A question, at how many places it is open, and after how many more visits the first and the
    last of them will be answered (None: not by visits alone, and ``otherwise`` says by what); and
    at how many it was answered with no."""

    label: str
    places: int
    soonest: int | None
    latest: int | None
    cleared: int
    otherwise: str


_OTHERWISE = {"step_loses": "届くメールが増えてから", "unserved": "読者が増えてから"}


def waiting(report: DiagnosisReport, url: str | None = None) -> list[Waiting]:
    """What is open and what is in order, question by question; of one page, or of all."""
    found = []
    for kind, label in KIND_LABELS.items():
        places = [u for u in report.undecided if u.kind == kind and url in (None, u.page)]
        more = sorted(u.more_sessions for u in places if u.more_sessions)
        cleared = sum(c.kind == kind and url in (None, c.page) for c in report.cleared)
        if places or cleared:
            first, last = (more[0], more[-1]) if more else (None, None)
            otherwise = _OTHERWISE.get(kind, "比べるものが増えてから")
            found.append(Waiting(label, len(places), first, last, cleared, otherwise))
    return found


def _newest() -> Stored | None:
    with reading(context().engine) as connection:
        return diagnoses.newest(connection)


def _cliffs(report: DiagnosisReport | None, url: str) -> list[int]:
    return [
        f.section
        for f in (report.findings if report else ())
        if f.page == url and f.kind == "section_cliff" and f.section is not None
    ]
