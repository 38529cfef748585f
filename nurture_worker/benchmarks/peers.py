"""What the tracker's doors are measured beside: applications for the web server to run."""

from importlib import import_module

from flask import Flask, Response, redirect
from werkzeug.wrappers import Response as Answer


def bare() -> Flask:
    """The least that Flask does: a redirect, and an empty answer to a post."""
    app = Flask("bare")

    @app.get("/c/<token>")
    def click(token: str) -> Answer:
        return redirect("http://127.0.0.1/articles/", 302)

    @app.post("/e")
    def beacon() -> Response:
        return Response(status=204)

    @app.get("/readyz")
    def ready() -> dict[str, int]:
        return {"journal_depth": 0}

    return app


def by_flask() -> Flask:
    """The tracker whose clicks and beacons are answered by Flask in threads, without the front."""
    app: Flask = import_module("tracker.app").started()  # by name, as the web server loads it
    app.wsgi_app = app.wsgi_app.behind  # type: ignore[attr-defined, method-assign]
    return app
