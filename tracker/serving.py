"""What the web server calls: clicks and beacons on its event loop, everything else in threads.

A thread that waits for its commit costs more than what is committed: the interpreter's lock and
the system change hands a dozen times a request. So the crowd of one moment is answered by the loop
itself (RSGI, Granian's own interface): each request is taken in and its events are held; then one
commit for all of them, and only then the answers. The WSGI application is the same in both ways,
and the loop asks it only what never waits for the store.
"""

import asyncio
import logging
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from tracker.doors import beacon, webhooks
from tracker.journal import Journal, JournalError, Row

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

log = logging.getLogger(__name__)

LARGEST = webhooks.LARGEST
"""No door reads more of a request than that; Flask refuses what is larger by its own limits."""
_THREADS = 16
_AT_ONCE = 256 * 1024
"""Answers up to that size are handed over whole."""
_NAMED = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class Serving:
    """An RSGI application over a WSGI one whose events go to ``journal``."""

    def __init__(self, app: "WSGIApplication", journal: Journal) -> None:
        self._app = app
        self._journal = journal
        self._threads = ThreadPoolExecutor(_THREADS, "flask")
        self._waiting: list[tuple[list[Row], asyncio.Future[bool]]] = []

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def __rsgi__(self, scope: "Scope", proto: "HTTPProtocol") -> None:
        length = scope.headers.get("content-length")
        crowded = _is_crowded(scope, length)
        environ = _environ(scope)
        body = b""
        if length is not None or "transfer-encoding" in scope.headers:
            body = await proto() if crowded else await _body(proto, length)
        if not (crowded and await self._answer_with_others(environ, body, proto)):
            await self._answer_by_thread(environ, body, proto)

    async def _answer_with_others(
        self, environ: dict[str, Any], body: bytes, proto: "HTTPProtocol"
    ) -> bool:
        """Answer once what is to be recorded is committed; whether it could be. A failure is
        nobody else's: who was in the group is asked again, alone."""
        with self._journal.held() as rows:
            answer = _Answer(self._app, environ, body)
            told = answer.whole()
        if rows:
            committed = self._loop.create_future()
            if not self._waiting:  # those that are here already come along
                self._loop.call_soon(self._loop.call_soon, self._commit)
            self._waiting.append((rows, committed))
            if not await committed:
                return False
        proto.response_bytes(answer.status, answer.headers, told)
        return True

    def _commit(self) -> None:
        group, self._waiting = self._waiting, []
        try:
            self._journal.commit([row for rows, _ in group for row in rows])
            done = True
        except JournalError:
            done = False
        for _, committed in group:
            if not committed.done():
                committed.set_result(done)

    async def _answer_by_thread(
        self, environ: dict[str, Any], body: bytes, proto: "HTTPProtocol"
    ) -> None:
        def ask(call: Any, *given: Any) -> "asyncio.Future[Any]":
            return self._loop.run_in_executor(self._threads, call, *given)

        answer = await ask(_Answer, self._app, environ, body)
        if answer.is_small:
            told = await ask(answer.whole)
            proto.response_bytes(answer.status, answer.headers, told)
            return
        way = proto.response_stream(answer.status, answer.headers)
        parts = iter(answer.parts)
        try:
            while (part := await ask(next, parts, None)) is not None:
                await way.send_bytes(part)
        except RuntimeError as error:  # the reader went away in the middle
            log.debug("serving: %s", error)
        finally:
            await ask(answer.close)


class _Answer:
    """What a WSGI application answers to a request."""

    def __init__(self, app: "WSGIApplication", environ: dict[str, Any], body: bytes) -> None:
        self.status = 500
        self.headers: list[tuple[str, str]] = []
        environ["wsgi.input"] = BytesIO(body)
        self.parts: Iterable[bytes] = app(environ, self._start)

    def _start(self, status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> Any:
        self.status = int(status[:3])
        self.headers = headers

    @property
    def is_small(self) -> bool:
        if isinstance(self.parts, list):
            return True
        length = next((told for name, told in self.headers if name == "Content-Length"), "")
        return length.isdigit() and int(length) <= _AT_ONCE

    def whole(self) -> bytes:
        """All of it; it is over then."""
        try:
            return b"".join(self.parts)
        finally:
            self.close()

    def close(self) -> None:
        if close := getattr(self.parts, "close", None):
            close()


def _is_crowded(scope: "Scope", length: str | None) -> bool:
    """Whether it is one of those that come in crowds, and says itself that it is small."""
    if "transfer-encoding" in scope.headers:
        return False
    if scope.path.startswith("/c/"):
        return scope.method in ("GET", "HEAD") and length is None
    if scope.path != "/e" or scope.method != "POST" or length is None:
        return False
    return (
        length.isascii() and length.isdigit() and len(length) < 6 and int(length) <= beacon.LARGEST
    )


async def _body(proto: "HTTPProtocol", length: str | None) -> bytes:
    """What was sent, as far as any door reads. What says it is larger is refused unread."""
    if length is not None and (not length.isdecimal() or int(length) > LARGEST):
        return b""
    read = bytearray()
    async for part in proto:
        read += part
        if len(read) > LARGEST:
            break
    return bytes(read)


def _environ(scope: "Scope") -> dict[str, Any]:
    server, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _as_bytes(scope.path),
        "QUERY_STRING": _as_bytes(scope.query_string),
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/" + scope.http_version,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for header, text in scope.headers.items():
        name = _name(header)
        known = environ.get(name)
        environ[name] = (
            text if known is None else f"{known}{';' if header == 'cookie' else ','}{text}"
        )
    return environ


@lru_cache(maxsize=1024)
def _name(header: str) -> str:
    return _NAMED.get(header) or "HTTP_" + header.upper().replace("-", "_")


def _as_bytes(text: str) -> str:
    """As PEP 3333 spells bytes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("latin-1")
