"""The only join: settings in, a Flask app out."""

import gc
import logging
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask, Response, abort, render_template, request, send_from_directory
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from tracker.catalogue.live import LiveCatalogue
from tracker.context import Context, context, keep
from tracker.desk import desk
from tracker.desk.language import TRANSLATIONS, babel, language
from tracker.doors import (
    beacon,
    click,
    confirm,
    consent,
    diagnosis,
    download,
    gate,
    health,
    inbox,
    inquiry,
    line,
    metrics,
    newsletter,
    preferences,
    seminar,
    site,
    unsubscribe,
    webhooks,
)
from tracker.doors.front import Front
from tracker.folding import Folder
from tracker.hosts import Named
from tracker.journal import Journal
from tracker.limits import Limits
from tracker.links import Links
from tracker.publishing.assets import FORMS, THEME, minified
from tracker.serving import Serving
from tracker.settings import Settings, read_settings
from tracker.store import sessions
from tracker.store.engine import open_store
from tracker.tallies import Tallies
from tracker.wake import Job, connect, wake

log = logging.getLogger(__name__)

LARGEST_FORM = 64 * 1024
_SWITCH_SECONDS = 0.0005
"""How long a thread may compute while others wait: Python's 5 ms would let each click that comes
during a batch of the fold wait as long, several times over."""
DOORS = (
    beacon,
    click,
    confirm,
    consent,
    diagnosis,
    download,
    gate,
    health,
    inquiry,
    line,
    metrics,
    newsletter,
    preferences,
    seminar,
    unsubscribe,
    webhooks,
)
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)


def create_app(
    settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Flask:
    """The tracker. ``clock`` tells the time. Nothing runs beside the requests: see ``serve``.

    Raises ``SettingsError``, ``CatalogueUnreadableError`` or ``JournalError``.
    """
    app = Flask("tracker")
    keys = settings.keys
    https = settings.site_url.startswith("https:")
    app.config.update(
        SECRET_KEY=keys[-1],
        SECRET_KEY_FALLBACKS=keys[:-1],
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        MAX_FORM_PARTS=100,
        SESSION_COOKIE_NAME="__Host-sodate_desk" if https else "sodate_desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        PERMANENT_SESSION_LIFETIME=sessions.LIFETIME,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    CSRFProtect(app)
    babel.init_app(app, locale_selector=language, default_translation_directories=str(TRANSLATIONS))
    redis_url = settings.redis_url or "redis://127.0.0.1:6379/0"
    limits = Limits(redis_url, keys[-1], settings.beacons_a_minute)
    limits.init_app(app)
    with app.app_context():
        keep(
            Context(
                settings=settings,
                live=LiveCatalogue(settings.catalogue_path),
                links=Links(keys),
                journal=Journal(settings.journal_path),
                tallies=Tallies(settings.data / "tallies"),
                engine=open_store(settings.store_url),
                redis=connect(redis_url, hurried=True),
                limits=limits,
                clock=clock,
            )
        )
    app.add_url_rule("/static/forms.css", "static_forms", _form_style)
    app.add_url_rule("/static/forms.js", "static_forms_script", _form_script)
    for module in DOORS:
        app.register_blueprint(module.door)
    app.register_blueprint(desk)
    if not settings.production:
        app.register_blueprint(inbox.blueprint(settings.inbox_path, settings.zone))
        app.register_blueprint(site.door)  # in production a web server stands in front
    app.context_processor(
        lambda: {"firm": context().catalogue.firm, "page_of": context().catalogue.page_of}
    )
    app.register_error_handler(HTTPException, _refuse)
    app.register_error_handler(Exception, _fail)
    app.before_request(_demand_text)
    app.after_request(_protect)
    app.wsgi_app = Named(app.wsgi_app)  # type: ignore[method-assign]
    with app.app_context():
        app.wsgi_app = Front(app, context())  # type: ignore[method-assign]
    if hops := settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def serve() -> Serving:
    """What a tracker process runs: the app for the web server's event loop, and the fold beside
    it."""
    app = started()
    with app.app_context():
        return Serving(app.wsgi_app, context().journal)


def started() -> Flask:
    """The app of a tracker process, with the fold beside it."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    app = create_app(read_settings())
    with app.app_context():
        here = context()
    gc.collect()
    gc.freeze()  # what stays for good need not be looked through again and again
    sys.setswitchinterval(_SWITCH_SECONDS)
    Folder(here.journal, here.engine, lambda: wake(here.redis, Job.DIGEST), here.tallies).start()
    return app


def _form_style() -> Response:
    """The very stylesheet that the built site carries for its forms."""
    return send_from_directory(THEME / "assets" / "stylesheets", "sodate-forms.css", max_age=3600)


def _form_script() -> Response:
    """The very script that the built site carries for its forms."""
    answer = Response(minified(FORMS), mimetype="text/javascript")
    answer.cache_control.max_age = 3600
    return answer


def _refuse(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    code = error.code or 500
    if request.path == "/e" or request.path.startswith(("/healthz", "/readyz")):
        return Response(status=code)
    if isinstance(error, RequestEntityTooLarge):
        told = "送られた内容が大きすぎます。文字数を減らして、もう一度お試しください。"
    elif error.description == "link":
        told = (
            "このリンクは読み取れませんでした。メールの中で途中で切れているか、"
            "古いものかもしれません。メールのリンクをもう一度、そのまま開いてみてください。"
        )
    elif error.description == "elsewhere":
        told = "別のサイトから送られたため、受け付けませんでした。このサイトのページからお送りください。"
    else:
        told = {
            400: "送られた内容を読み取れませんでした。",
            404: "お探しのページは見つかりませんでした。",
            405: "このページはその方法では開けません。",
            429: "短い時間に何度も送られています。少し待ってからお試しください。",
        }.get(code, "ただいま処理できませんでした。少し待ってからお試しください。")
    way_out = error.description == "link"
    answer = Response(render_template("doors/refused.html", told=told, way_out=way_out), code)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def _fail(error: Exception) -> ResponseReturnValue:
    number = secrets.token_hex(4)
    log.error("error %s at %s %s", number, request.method, request.endpoint, exc_info=error)
    told = f"申し訳ありません。処理の途中で問題が起きました（番号 {number}）。"
    return render_template("doors/refused.html", told=told), 500


def _demand_text() -> None:
    """Refuse an address that is no text, before anything reads it: Werkzeug would fail."""
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        abort(400)


def _protect(answer: Response) -> Response:
    headers = answer.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    if context().settings.site_url.startswith("https:"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if not (request.endpoint or "").startswith(("site.", "static", "inbox.")):
        headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
        headers.setdefault("Cache-Control", "no-store")
    return answer
