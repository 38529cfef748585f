"""Where the files stand that every built site carries: its scripts, and the style of the forms."""

from functools import cache
from pathlib import Path

import rjsmin

THEME = Path(__file__).parent / "theme"
"""A MkDocs theme folder: what lies below its ``assets`` is published below ``/assets/``."""

SCRIPTS = ("sodate-beacon.js", "sodate-forms.js")


@cache
def minified(script: str) -> str:
    """One of ``SCRIPTS`` as it goes out: without comments and blanks."""
    source = THEME / "assets" / "javascripts" / script
    return str(rjsmin.jsmin(source.read_text(encoding="utf-8")))
