"""Clicks and beacons are answered in front of Flask, and could be by Flask: one behaviour."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

TWINS = ("front", "flask")


def answered_by(app: Flask, twin: str) -> None:
    """Let clicks and beacons of ``app`` be answered by that twin."""
    if twin == "front":
        return
    if isinstance(app.wsgi_app, ProxyFix):
        app.wsgi_app.app = app.wsgi_app.app.behind  # type: ignore[attr-defined]
    else:
        app.wsgi_app = app.wsgi_app.behind  # type: ignore[attr-defined, method-assign]
