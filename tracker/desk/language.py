"""Which language a page is shown in: Japanese, or English where it is asked for."""

from pathlib import Path
from typing import Any

from flask import Blueprint, has_request_context, request
from flask_babel import Babel, gettext
from markupsafe import Markup

from tracker.said import Said

TRANSLATIONS = Path(__file__).parents[1] / "translations"
LANGUAGES = {"ja": "日本語", "en": "English"}
_IN_BOTH = ("desk.reports.", "desk.diagnosis.")

babel = Babel()


def language() -> str:
    """The language that the request asks for (``?lang=en``); else Japanese, in which the messages
    are written. Only the reports and the diagnosis know another."""
    if not has_request_context() or not (request.endpoint or "").startswith(_IN_BOTH):
        return "ja"
    try:
        asked = request.args.get("lang")
    except UnicodeError:  # what is no text is told so in Japanese
        return "ja"
    return asked if asked in LANGUAGES else "ja"


def say(message: str, **values: Any) -> str:
    """``message`` in the request's language, with its ``%(name)s`` filled in; with markup among
    them, all is."""
    told = {name: tell(value) for name, value in values.items()}
    if any(isinstance(value, Markup) for value in told.values()):
        return Markup(gettext(message)) % told  # noqa: S704 - our own words
    return str(gettext(message, **told))


def tell(value: Any) -> Any:
    """What is ``Said`` in the request's language; anything else as it is."""
    return say(value.message, **value.values) if isinstance(value, Said) else value


def stays(pages: Blueprint) -> None:
    """Let links to ``pages`` keep the language of the page they stand on."""

    @pages.url_defaults
    def _keep(_endpoint: str, values: dict[str, Any]) -> None:
        if language() != "ja":
            values.setdefault("lang", language())
