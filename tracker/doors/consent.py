"""``POST /consent/withdraw``: a reader takes back that their reading may be recorded."""

from flask import Blueprint, Response

from tracker.context import VISITOR_COOKIE, context, from_elsewhere

door = Blueprint("consent", __name__)


@door.post("/consent/withdraw")
def withdraw() -> Response:
    """Take the visitor cookie away: the script of the site cannot see it, and so not delete it."""
    if from_elsewhere():
        return Response(status=403)
    answer = Response(status=204)
    answer.delete_cookie(
        VISITOR_COOKIE,
        httponly=True,
        samesite="Lax",
        secure=context().settings.site_url.startswith("https:"),
    )
    return answer
