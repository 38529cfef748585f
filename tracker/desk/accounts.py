"""``/desk/accounts``: who may open the desk, and as what."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.desk import session
from tracker.inputs import InputError, clean, read_address
from tracker.store import accounts, sessions
from tracker.store.accounts import Account, AccountError
from tracker.store.engine import reading, writing
from tracker.words import Act, Role

pages = Blueprint("accounts", __name__)


@pages.get("/accounts")
def index() -> ResponseReturnValue:
    return _page()


@pages.post("/accounts/invitations")
def invite() -> ResponseReturnValue:
    """Make an invitation and show its link, this once."""
    here, role = context(), _role()
    given = clean(request.form.get("email", ""))[:320]
    email = None
    if given:
        try:
            email = read_address(given).normalised
        except InputError as error:
            return _page(email=given, role=role, error=str(error)), 422
    with writing(here.engine) as connection:
        taken = email is not None and accounts.by_email(connection, email) is not None
        if not taken:
            token = accounts.invite(connection, role, here.now(), email=email)
            about = f"account:{email}" if email else ""
            session.record(connection, Act.ACCOUNT_INVITED, about=about, role=role)
    if taken:
        told = "このメールアドレスのアカウントは、もうあります"
        return _page(email=given, role=role, error=told), 422
    link = here.settings.site_url + url_for("desk.signin.invitation", token=token)
    return _page(link=link, role=role, invited=email)


@pages.post("/accounts/invitations/withdraw")
def withdraw() -> ResponseReturnValue:
    here = context()
    with writing(here.engine) as connection:
        if accounts.withdraw(connection, request.form.get("invitation", ""), here.now()):
            session.record(connection, Act.INVITATION_WITHDRAWN)
    flash("招待を取り消しました。そのリンクはもう使えません。")
    return _back()


@pages.post("/accounts/<account_id>/role")
def change_role(account_id: str) -> ResponseReturnValue:
    account, role = _account(account_id), _role()
    try:
        with writing(context().engine) as connection:
            before = accounts.set_role(connection, account_id, role)
            if before is not None and before is not role:
                about = f"account:{account.email}"
                change = {"before": before, "role": role}
                session.record(connection, Act.ROLE_CHANGED, about=about, **change)
    except AccountError as error:
        return _page(error=str(error), at=account_id), 422
    flash(f"{account.email} の権限を「{role.label}」にしました。")
    return _back()


@pages.post("/accounts/<account_id>/signout")
def end_sessions(account_id: str) -> ResponseReturnValue:
    account = _account(account_id)
    with writing(context().engine) as connection:
        ended = sessions.end_all(connection, account_id)
        about = f"account:{account.email}"
        session.record(connection, Act.SESSIONS_ENDED, about=about, sessions=ended)
    flash(f"{account.email} を、すべての端末でサインアウトさせました。")
    return _back()


@pages.post("/accounts/<account_id>/remove")
def remove(account_id: str) -> ResponseReturnValue:
    account = _account(account_id)
    try:
        with writing(context().engine) as connection:
            accounts.remove(connection, account_id)
            session.record(connection, Act.ACCOUNT_REMOVED, about=f"account:{account.email}")
    except AccountError as error:
        return _page(error=str(error), at=account_id), 422
    flash(f"{account.email} を利用者から外しました。")
    return _back()


def _page(
    *,
    link: str | None = None,
    invited: str | None = None,
    role: Role = Role.MARKETER,
    email: str = "",
    error: str | None = None,
    at: str | None = None,
) -> str:
    """``at`` is the account an error is about; ``None``: the invitation."""
    here = context()
    with reading(here.engine) as connection:
        return render_template(
            "desk/accounts.html",
            listed=accounts.everyone(connection),
            counts=sessions.counts(connection, here.now()),
            invitations=accounts.open_invitations(connection, here.now()),
            roles=list(Role),
            link=link,
            invited=invited,
            role=role,
            email=email,
            error=error,
            at=at,
            provider=here.settings.oidc_label if here.settings.oidc_issuer else None,
        )


def _role() -> Role:
    asked = request.form.get("role")
    return next((role for role in Role if role.value == asked), None) or abort(400)


def _account(account_id: str) -> Account:
    with reading(context().engine) as connection:
        return accounts.get(connection, account_id) or abort(404)


def _back() -> ResponseReturnValue:
    return redirect(url_for("desk.accounts.index"), 303)
