"""The built site itself, where no web server stands in front (``./run``)."""

import gzip
import json
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join
from werkzeug.urls import iri_to_uri

from tracker.context import context

door = Blueprint("site", __name__)

_FOR_EVER = 365 * 24 * 3600
_A_WHILE = 3600
_LONGEST_NAME = 255
"""Bytes; a file system fails on a longer one."""
_PACKED = frozenset({".html", ".css", ".js", ".json", ".svg", ".txt", ".xml"})


@door.get("/", defaults={"path": ""})
@door.get("/<path:path>")
def serve(path: str) -> ResponseReturnValue:
    for before in (path, f"{path}/"):
        if (now := context().catalogue.moved.get(before)) is not None:
            return _moved(now)
    root = context().settings.built_site.resolve()
    found = safe_join(str(root), path)
    if any(len(part.encode()) > _LONGEST_NAME for part in path.split("/")):
        return not_found(root)
    if found is not None and Path(found).is_dir():
        if path and not path.endswith("/"):
            return redirect(f"/{path}/", 301)
        path = f"{path}index.html"
    try:
        return _send(root, path)
    except NotFound:
        return not_found(root)


def _moved(now: str) -> Response:
    """Where the page is now. Not for ever: the address may be another page's some day."""
    query = request.query_string.decode()
    answer = Response(status=301)
    answer.headers["Location"] = iri_to_uri(f"/{quote(now)}") + (f"?{query}" if query else "")
    answer.cache_control.max_age = _A_WHILE
    return answer


def _send(root: Path, path: str) -> Response:
    """The file, compressed for who accepts that; with the headers of the build where it is a page."""
    found = safe_join(str(root), path)
    file = Path(found) if found is not None else None
    packs = file is not None and file.suffix in _PACKED and file.is_file()
    whole = "Range" in request.headers or not request.accept_encodings["gzip"]
    if file is not None and packs and not whole:
        answer = _compressed(file, _lifetime(path))
    else:
        answer = send_from_directory(root, path, max_age=_lifetime(path))
    if packs:
        answer.vary.add("Accept-Encoding")
    if _lifetime(path) == _FOR_EVER:
        answer.cache_control.immutable = True
    if path.endswith(".html"):
        answer.headers.extend(_page_headers())
    return answer


def _compressed(file: Path, lifetime: int) -> Response:
    changed = file.stat().st_mtime_ns
    answer = Response(_gzipped(file, changed), mimetype=guess_type(file.name)[0])
    answer.headers["Content-Encoding"] = "gzip"
    answer.set_etag(f"{changed:x}-gzip")
    answer.cache_control.max_age = lifetime
    answer.make_conditional(request)
    return answer


@lru_cache(maxsize=256)
def _gzipped(file: Path, _changed: int) -> bytes:
    return gzip.compress(file.read_bytes(), compresslevel=5, mtime=0)


def _lifetime(path: str) -> int:
    """How many seconds a browser may keep the file without asking: for ever where its name, or
    ``?v=`` in its address, changes with what it holds."""
    if path.endswith(".html"):
        return 0
    named_by_content = path.endswith((".min.js", ".min.css")) or "v" in request.args
    return _FOR_EVER if named_by_content else _A_WHILE


def _page_headers() -> dict[str, str]:
    path = context().settings.site_headers
    try:
        return _headers(path, path.stat().st_mtime_ns)
    except FileNotFoundError:  # built by hand with `mkdocs build`
        return {}


@lru_cache(maxsize=4)
def _headers(path: Path, _changed: int) -> dict[str, str]:
    found: Any = json.loads(path.read_text(encoding="utf-8"))
    return {str(name): str(value) for name, value in found.items()}


def not_found(root: Path) -> Response:
    """The site's own 404 page, where it was built."""
    page = root / "404.html"
    body = page.read_text(encoding="utf-8") if page.is_file() else "404"
    answer = Response(body, 404, mimetype="text/html" if page.is_file() else "text/plain")
    answer.headers.extend(_page_headers())
    return answer
