"""Which scripts and styles the built pages may run: their Content-Security-Policy."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

_WORD = "[sS][cC][rR][iI][pP][tT]"  # eight times as fast as ignoring the case of all
_SCRIPT = re.compile(rf"<{_WORD}\b([^>]*)>([^<]*(?:<(?!/{_WORD}>)[^<]*)*)</{_WORD}>")
_TYPE = re.compile(r"\btype\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_RUN = {"", "module", "text/javascript", "application/javascript"}


def inline_scripts(html: str) -> set[str]:
    """The scripts written into a page that a browser runs; data such as JSON-LD is none."""
    found = set()
    for attributes, text in _SCRIPT.findall(html):
        type_ = _TYPE.search(attributes)
        if not re.search(r"\bsrc\s*=", attributes) and (type_[1] if type_ else "") in _RUN:
            found.add(text)
    return found


def policy(scripts: Iterable[str]) -> str:
    """One policy for all pages: with instant navigation the first page's stays in force."""
    hashes = sorted(
        f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *hashes)),
            "style-src 'self'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def write_headers(path: Path, scripts: Iterable[str]) -> None:
    """Write the headers of every page to ``path`` as JSON, and beside it for Caddy to import."""
    headers = {"Content-Security-Policy": policy(scripts)}
    _write(path, json.dumps(headers, indent=1) + "\n")
    lines = (f'\t?{name} "{value}"\n' for name, value in headers.items())
    _write(path.with_suffix(".caddy"), "header {\n" + "".join(lines) + "}\n")


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
