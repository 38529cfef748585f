"""The way in through the firm's own sign-in (OpenID Connect), where ``SODATE_OIDC_*`` names one.

Authorization code with PKCE, state and nonce. Authlib, which speaks the protocol, is loaded only
when somebody signs in so.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.desk import session as desk_session
from tracker.desk.session import own_path
from tracker.desk.signin import refuse, signin_page
from tracker.inputs import InputError, read_address
from tracker.settings import Settings, may_be_fetched
from tracker.store import accounts
from tracker.store.accounts import AccountError
from tracker.store.engine import writing
from tracker.words import Act

log = logging.getLogger(__name__)

pages = Blueprint("oidc", __name__)

DISCOVERY_KEPT = timedelta(hours=1)
PATIENCE = 5.0
"""Seconds to wait for the provider to connect, and to answer."""
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_LEEWAY = 60
_NAME = "desk"
_KEPT = "sodate_oidc"
_WANTED = "wanted"


class ProviderAwayError(Exception):
    """The provider cannot be reached, or does not answer as one."""


class NotVouchedForError(Exception):
    """What came back does not tell who this is; the message is for them."""


@dataclass(frozen=True)
class Vouched:
    """A person as the provider vouches for them."""

    issuer: str
    subject: str
    email: str


@pages.get("/oidc")
def start() -> ResponseReturnValue:
    """Off to the provider. Of several tabs only the last one's way back is open."""
    _demand_configured()
    for key in [key for key in session if key.startswith("_state_")]:
        session.pop(key)
    session[_WANTED] = own_path(request.args.get("next"))
    try:
        answer = _client().authorize_redirect(
            context().settings.site_url + url_for("desk.oidc.callback")
        )
    except ProviderAwayError as error:
        return _away(error)
    answer.status_code = 303
    sent: ResponseReturnValue = answer
    return sent


@pages.get("/oidc/callback")
def callback() -> ResponseReturnValue:
    """Back from the provider, with a code or with a reason why not."""
    _demand_configured()
    here, wanted = context(), own_path(session.get(_WANTED))
    domains = [d for part in here.settings.oidc_domains.split(",") if (d := part.strip())]
    email = ""
    try:
        person = _vouched()
        email = person.email
        with writing(here.engine) as connection:
            account, new = accounts.from_provider(
                connection, email, person.issuer, person.subject, here.now(), domains
            )
            desk_session.begin(connection, account)
            if new:
                made = {"about": f"account:{account.email}", "role": account.role}
                desk_session.record(connection, Act.ACCOUNT_MADE, by="provider", **made)
            desk_session.record(connection, Act.SIGN_IN, by="provider")
    except ProviderAwayError as error:
        return _away(error)
    except (NotVouchedForError, AccountError) as error:
        refuse(email, by="provider")
        return signin_page(wanted, error=str(error)), 422
    return redirect(wanted, 303)


def _vouched() -> Vouched:
    """Who came back. Raises ``NotVouchedForError`` or ``ProviderAwayError``."""
    from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
    from joserfc.errors import JoseError
    from requests import RequestException

    client = _client()
    settings = context().settings
    demanded = {
        "iss": {"essential": True, "value": client.server_metadata["issuer"]},
        "aud": {"essential": True, "value": settings.oidc_client_id},
        "sub": {"essential": True},
    }
    try:
        token = client.authorize_access_token(claims_options=demanded, leeway=_LEEWAY)
        claims = dict(token.get("userinfo") or {})
        if not claims:
            raise NotVouchedForError(_again())
        if "email" not in claims and "userinfo_endpoint" in client.server_metadata:
            more = client.userinfo(token=token)
            if more.get("sub") != claims["sub"]:
                raise NotVouchedForError(_again())
            claims = {**more, **claims}
    except RequestException as error:
        raise ProviderAwayError(str(error)) from None
    except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError) as error:
        log.warning("sign-in by provider refused: %s", error)
        raise NotVouchedForError(_again()) from None
    if claims.get("email_verified") not in (True, "true"):
        raise NotVouchedForError(
            f"{settings.oidc_label}のメールアドレスが確認されていないため、入れません。"
            "アカウントの管理者に、アドレスの確認を頼んでください"
        )
    try:
        email = read_address(str(claims.get("email", ""))).normalised
    except InputError:
        raise NotVouchedForError(_again()) from None
    return Vouched(str(claims["iss"]), str(claims["sub"]), email)


def _client() -> Any:
    """The client of the provider, made anew when what is known of the provider is old."""
    kept: tuple[datetime, Any] | None = current_app.extensions.get(_KEPT)
    now = context().now()
    if kept is None or now - kept[0] >= DISCOVERY_KEPT:
        kept = (now, _discover(context().settings))
        current_app.extensions[_KEPT] = kept
    return kept[1]


def _discover(settings: Settings) -> Any:
    import requests
    from authlib.integrations.flask_client import (  # type: ignore[import-untyped]
        FlaskIntegration,
        FlaskOAuth2App,
    )
    from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]

    class Session(OAuth2Session):  # type: ignore[misc]
        """Asks only over https, follows nobody elsewhere, and does not wait for ever."""

        def request(self, method: str, url: str, **more: Any) -> Any:
            if not may_be_fetched(url, production=settings.production):
                raise ProviderAwayError(f"refused to ask {url!r}")
            more["allow_redirects"] = False
            try:
                return super().request(method, url, **more)
            except requests.RequestException as error:
                raise ProviderAwayError(str(error)) from None

    class Client(FlaskOAuth2App):  # type: ignore[misc]
        client_cls = Session

    issuer = settings.oidc_issuer
    where = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        with Session(default_timeout=PATIENCE) as asking:
            answer = asking.request("GET", where, withhold_token=True)
        told = answer.json() if answer.status_code == 200 else None
    except ValueError:
        told = None
    if not isinstance(told, dict) or any(not isinstance(told.get(key), str) for key in _NEEDED):
        raise ProviderAwayError(f"{where} answered {answer.status_code} and is no discovery")
    if told.get("issuer") != issuer:
        raise ProviderAwayError(f"{where} tells of another issuer: {told.get('issuer')!r}")
    signed = told.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata = {key: told[key] for key in (*_NEEDED, "userinfo_endpoint") if key in told}
    if not may_be_fetched(metadata["authorization_endpoint"], production=settings.production):
        raise ProviderAwayError("the authorization endpoint is not https")
    options = {
        "scope": "openid email",
        "code_challenge_method": "S256",
        "default_timeout": PATIENCE,
    }
    ways = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if settings.oidc_client_secret and "client_secret_basic" not in ways:
        options["token_endpoint_auth_method"] = "client_secret_post"  # noqa: S105
    return Client(
        FlaskIntegration(_NAME),
        name=_NAME,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret or None,
        client_kwargs=options,
        issuer=issuer,
        id_token_signing_alg_values_supported=[a for a in _ALGORITHMS if a in signed] or ["RS256"],
        **metadata,
    )


def _demand_configured() -> None:
    if not context().settings.oidc_issuer:
        abort(404)


def _away(error: ProviderAwayError) -> ResponseReturnValue:
    log.warning("sign-in provider away: %s", error)
    label = context().settings.oidc_label
    told = f"いまは「{label}」につながりません。少し待って試すか、パスワードで入ってください"
    return signin_page(own_path(session.get(_WANTED)), error=told), 503


def _again() -> str:
    label = context().settings.oidc_label
    return f"「{label}」でのサインインを確かめられませんでした。もう一度、はじめからお試しください"
