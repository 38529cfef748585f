"""The built site itself, where no web server stands in front (``./run``)."""

from pathlib import Path

from flask import Blueprint, Response, redirect, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from tracker.context import context

door = Blueprint("site", __name__)


@door.get("/", defaults={"path": ""})
@door.get("/<path:path>")
def serve(path: str) -> ResponseReturnValue:
    root = context().settings.built_site.resolve()
    found = safe_join(str(root), path)
    if found is not None and Path(found).is_dir():
        if path and not path.endswith("/"):
            return redirect(f"/{path}/", 301)
        path = f"{path}index.html"
    try:
        return send_from_directory(root, path, max_age=0 if path.endswith(".html") else 3600)
    except NotFound:
        return not_found(root)


def not_found(root: Path) -> Response:
    """The site's own 404 page, where it was built."""
    page = root / "404.html"
    body = page.read_text(encoding="utf-8") if page.is_file() else "404"
    return Response(body, 404, mimetype="text/html" if page.is_file() else "text/plain")
