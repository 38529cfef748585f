"""Where the files stand that every built site carries: its scripts, and the style of the forms."""

from hashlib import sha256
from pathlib import Path

import rjsmin  # type: ignore[import-untyped]

THEME = Path(__file__).parent / "theme"
"""A MkDocs theme folder: what lies below its ``assets`` is published below ``/assets/``."""

BEACON, FORMS = SCRIPTS = ("sodate-beacon.js", "sodate-forms.js")


def minified(script: str) -> str:
    """One of ``SCRIPTS`` as it goes out: without comments and blanks."""
    source = THEME / "assets" / "javascripts" / script
    return str(rjsmin.jsmin(source.read_text(encoding="utf-8")))


def address_of_forms_script() -> str:
    """Where the built site has the script of its forms, with a mark that changes with it, so that
    a browser may keep it for long."""
    mark = sha256(minified(FORMS).encode()).hexdigest()[:8]
    return f"/assets/javascripts/{FORMS}?v={mark}"
