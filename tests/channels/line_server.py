"""LINE's Messaging API, as far as we ask it, on loopback: it demands the channel's token and knows
a push again by its retry key."""

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "a-channel-access-token"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MONTHLY = "You have reached your monthly limit."
RATE = "The API rate limit has been exceeded. Try again later."
BLOCKED = "Failed to send messages"


class LineServer:
    """``answers`` are given to the next pushes, one each: a status with its message, or
    ``"taken, then silent"`` (it is taken and no answer comes), or ``"silent"``. Then all are taken."""

    def __init__(self) -> None:
        self.pushes: list[tuple[str, list[str]]] = []
        """What arrived, each once."""
        self.keys: list[str] = []
        """The key of every push that was tried."""
        self.replies: list[tuple[str, str]] = []
        self.answers: list[tuple[int, str] | str] = []
        self.quota: int | None = None
        self.used = 0
        self._taken: set[str] = set()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server._answer(self, json.loads(body) if body else {})

            def do_GET(self) -> None:
                server._answer(self, {})

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _answer(self, call: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        if call.headers.get("Authorization") != f"Bearer {TOKEN}":
            _say(call, 401, {"message": "Authentication failed"})
        elif call.path == "/v2/bot/message/push":
            self._push(call, body)
        elif call.path == "/v2/bot/message/reply":
            self.replies.append((body["replyToken"], body["messages"][0]["text"]))
            _say(call, 200, {"sentMessages": [{"id": "1"}]})
        elif call.path.endswith("/linkToken"):
            _say(call, 200, {"linkToken": "L" * 32})
        elif call.path == "/v2/bot/message/quota":
            limited = self.quota is not None
            _say(call, 200, {"type": "limited" if limited else "none", "value": self.quota})
        elif call.path == "/v2/bot/message/quota/consumption":
            _say(call, 200, {"totalUsage": self.used})
        else:
            _say(call, 404, {"message": "Not found"})

    def _push(self, call: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        key = call.headers.get("X-Line-Retry-Key", "")
        if not _UUID.fullmatch(key) or not 1 <= len(body["messages"]) <= 5:
            _say(call, 400, {"message": "The request body has errors"})
            return
        self.keys.append(key)
        if key in self._taken:
            _say(call, 409, {"message": "The retry key is already accepted"})
            return
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, tuple):
            _say(call, answer[0], {"message": answer[1]})
            return
        if answer != "silent":
            self._taken.add(key)
            self.pushes.append((body["to"], [message["text"] for message in body["messages"]]))
        if answer is None:
            _say(call, 200, {"sentMessages": [{"id": "1"}]})
            return
        call.close_connection = True
        time.sleep(0.01)
        call.connection.close()


def _say(call: BaseHTTPRequestHandler, status: int, told: dict[str, Any]) -> None:
    body = json.dumps(told).encode()
    call.send_response(status)
    call.send_header("Content-Type", "application/json")
    call.send_header("Content-Length", str(len(body)))
    call.end_headers()
    call.wfile.write(body)
