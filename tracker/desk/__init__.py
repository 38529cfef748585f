"""Marketing's signed-in pages."""

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from tracker.context import context
from tracker.desk import session
from tracker.desk.diagnosis import pages as diagnosis
from tracker.desk.readers import pages as readers
from tracker.desk.signin import pages as signin
from tracker.desk.stages import pages as stages
from tracker.desk.times import Times

desk = Blueprint("desk", __name__, url_prefix="/desk")
desk.before_request(session.demand)
for _pages in (diagnosis, readers, signin, stages):
    desk.register_blueprint(_pages)


@desk.context_processor
def _at_hand() -> dict[str, Any]:
    here = context()
    return {
        "firm": here.catalogue.firm,
        "account": session.current(),
        "times": Times(here.settings.zone, here.now()),
    }


@desk.errorhandler(404)
def _not_there(_error: Exception) -> ResponseReturnValue:
    return render_template("desk/refused.html", told="お探しのページは見つかりませんでした。"), 404


@desk.errorhandler(CSRFError)
def _not_from_here(_error: Exception) -> ResponseReturnValue:
    told = "ページを開いてから時間がたったようです。前のページに戻り、読み込み直してからお試しください。"
    return render_template("desk/refused.html", told=told), 400
