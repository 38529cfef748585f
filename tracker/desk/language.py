"""Which language a report is shown in: Japanese, or English where it is asked for."""

from pathlib import Path
from typing import Any

from flask import has_request_context, request
from flask_babel import Babel, gettext

TRANSLATIONS = Path(__file__).parents[1] / "translations"
LANGUAGES = {"ja": "日本語", "en": "English"}

babel = Babel()


def language() -> str:
    """The language that the request asks for (``?lang=en``); else Japanese, in which the messages
    are written. Only the reports know another."""
    if not has_request_context() or not (request.endpoint or "").startswith("desk.reports."):
        return "ja"
    asked = request.args.get("lang")
    return asked if asked in LANGUAGES else "ja"


def say(message: str, **values: Any) -> str:
    """``message`` in the request's language, with its ``%(name)s`` filled in."""
    return str(gettext(message, **values))
