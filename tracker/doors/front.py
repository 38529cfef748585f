"""The fast doors: ordinary clicks and beacons are answered in front of Flask.

They come in crowds, in the minutes after a mail has gone out, and Flask takes longer to find the
view and to make its request and answer than a durable event takes to write. What is decided and
recorded stands in ``click.py`` and ``beacon.py``, where Flask serves it as well, and the tests run
over both; ``tracker/serving.py`` answers a crowd with one commit. Whatever is not quite ordinary
goes on to Flask: a token that is not ours, a visitor's first beacon, one from another site, each
error with its page.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response

from tracker.context import Context, is_from_elsewhere, objects_to_reading, visitor_in
from tracker.doors import beacon, click
from tracker.links import LinkError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]


class Front:
    """A WSGI application that answers clicks and beacons and leaves the rest to ``behind``."""

    def __init__(self, app: Flask, here: Context) -> None:
        self.behind: WSGIApplication = app.wsgi_app
        self._here = here
        self._redirection = _as_sent(app, "GET", "/c/x", click.redirection("/"))
        self._taken = {
            status: _as_sent(app, "POST", "/e", Response(status=status))
            for status in (204, 422, 429, 503)
        }

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        method: str = environ["REQUEST_METHOD"]
        if path.startswith("/c/") and method in ("GET", "HEAD"):
            return self._click(path[3:], environ, start_response)
        if path == "/e" and method == "POST":
            return self._beacon(environ, start_response)
        return self.behind(environ, start_response)

    def _click(
        self, token: str, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        try:
            target = click.follow(self._here, token, environ)
        except LinkError:
            return self.behind(environ, start_response)
        status, headers = self._redirection
        start_response(
            status, [(name, target if name == "Location" else text) for name, text in headers]
        )
        return []

    def _beacon(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        who = visitor_in(environ)
        length: str = environ.get("CONTENT_LENGTH", "")
        if (
            who is None
            or objects_to_reading(environ)
            or is_from_elsewhere(environ, self._here.settings.site_url)
            or not (length.isascii() and length.isdigit() and len(length) < 10)
            or not 0 < int(length) <= beacon.LARGEST
        ):
            return self.behind(environ, start_response)
        body: bytes = environ["wsgi.input"].read(int(length))
        status, headers = self._taken[
            beacon.take(self._here, body, who, environ.get("REMOTE_ADDR"))
        ]
        start_response(status, list(headers))
        return []


def _as_sent(app: Flask, method: str, path: str, answer: Response) -> tuple[str, Headers]:
    """The status line and the headers with which Flask sends ``answer`` to such a request."""
    with app.test_request_context(path, method=method) as asked:
        sent = app.process_response(answer)
        return sent.status, sent.get_wsgi_headers(asked.request.environ).to_wsgi_list()
