"""The name a request calls this host by: refused where it is none, before anything reads it."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_NAME = re.compile(
    r"(?:(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?",
    re.ASCII | re.IGNORECASE,
)
_LONGEST = 260


class Named:
    """A WSGI application that lets on to ``behind`` what has a ``Host`` that can be one, or none.

    Werkzeug fails on some of the others, and no error page can be made without a name.
    """

    def __init__(self, behind: "WSGIApplication") -> None:
        self._behind = behind

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        name = environ.get("HTTP_HOST", "")
        if name and (len(name) > _LONGEST or not _NAME.fullmatch(name)):
            start_response(
                "400 Bad Request", [("Content-Type", "text/plain"), ("Content-Length", "0")]
            )
            return []
        return self._behind(environ, start_response)
