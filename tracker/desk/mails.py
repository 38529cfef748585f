"""``/desk/mails``: what is sent to readers, issue by issue, and the ways through the scenarios."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from tracker.context import context
from tracker.desk import sentences
from tracker.diagram import entrance, svg
from tracker.store import issues
from tracker.store.engine import reading
from tracker.store.issues import Figures

pages = Blueprint("mails", __name__)


@pages.get("/mails")
def show() -> ResponseReturnValue:
    here = context()
    catalogue = here.catalogue
    with reading(here.engine) as connection:
        figures = issues.figures(connection)
        begun = issues.all_begun(connection)
    known = {issue.id for issue in catalogue.issues}
    gone = sorted((one for one in begun.values() if one.id not in known), key=lambda o: o.begun_at)
    scenarios = sorted(catalogue.scenarios, key=lambda one: (one.rank, one.id))
    return render_template(
        "desk/mails.html",
        name=sentences.newsletter_name(catalogue),
        issues=[
            (
                issue,
                issue.at(here.settings.zone),
                figures.get(issue.id, Figures()),
                issue.id in begun,
            )
            for issue in sorted(catalogue.issues, key=lambda one: one.send_at, reverse=True)
        ],
        gone=[(one, figures.get(one.id, Figures())) for one in gone],
        now=here.now(),
        scenarios=[
            (one, entrance(one), Markup(svg(one)))  # noqa: S704 - escaped there
            for one in scenarios
        ],
        window=catalogue.firm.sending,
    )
