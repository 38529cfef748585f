"""Marketing's signed-in pages."""

from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from tracker.context import context
from tracker.desk import menu, roles, session
from tracker.desk.account import pages as account
from tracker.desk.accounts import pages as accounts
from tracker.desk.audit import pages as audit
from tracker.desk.clicks import pages as clicks
from tracker.desk.diagnosis import pages as diagnosis
from tracker.desk.erasure import pages as erasure
from tracker.desk.exports import pages as exports
from tracker.desk.handoffs import pages as handoffs
from tracker.desk.letters import pages as letters
from tracker.desk.mails import pages as mails
from tracker.desk.oidc import pages as oidc
from tracker.desk.readers import pages as readers
from tracker.desk.reports import pages as reports
from tracker.desk.signin import pages as signin
from tracker.desk.stage_by_hand import pages as stage_by_hand
from tracker.desk.stages import pages as stages
from tracker.desk.times import Times
from tracker.desk.unsure import pages as unsure
from tracker.store import accounts as store
from tracker.store.engine import reading
from tracker.words import Role

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
"""The desk needs no script, so none runs."""

desk = Blueprint("desk", __name__, url_prefix="/desk")
desk.before_request(session.demand)
for _pages in (
    account,
    accounts,
    audit,
    clicks,
    diagnosis,
    erasure,
    exports,
    letters,
    mails,
    handoffs,
    oidc,
    readers,
    reports,
    signin,
    stage_by_hand,
    stages,
    unsure,
):
    desk.register_blueprint(_pages)


@desk.context_processor
def _at_hand() -> dict[str, Any]:
    here = context()
    return {
        "firm": here.catalogue.firm,
        "demo": here.settings.demo,
        "account": session.current(),
        "may": session.may,
        "menu": menu.seen(session.may),
        "names": session.names(),
        "times": Times(here.settings.zone, here.now()),
    }


@desk.after_request
def _keep_in(answer: Response) -> Response:
    answer.headers.setdefault("Content-Security-Policy", POLICY)
    return answer


@desk.errorhandler(403)
def _not_for_this_role(_error: Exception) -> ResponseReturnValue:
    own = session.signed_in().role
    demanded = roles.DEMANDED.get(request.endpoint or "", Role.ADMIN)
    with reading(context().engine) as connection:
        admins = store.admins(connection)
    return render_template("desk/forbidden.html", own=own, demanded=demanded, admins=admins), 403


@desk.errorhandler(404)
def _not_there(_error: Exception) -> ResponseReturnValue:
    return render_template("desk/refused.html", told="お探しのページは見つかりませんでした。"), 404


@desk.errorhandler(CSRFError)
def _not_from_here(_error: Exception) -> ResponseReturnValue:
    told = "ページを開いてから時間がたったようです。前のページに戻り、読み込み直してからお試しください。"
    return render_template("desk/refused.html", told=told), 400
