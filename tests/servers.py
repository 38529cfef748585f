"""Real servers for tests: PostgreSQL and a Redis, each in a folder of its own, on Unix sockets;
and an SMTP server on loopback that keeps what it got."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import redis
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session

from nurture_worker.house.processes import free_port, redis_binary


def missing(what: str) -> None:
    """CI has everything; elsewhere a test that cannot run says so loudly."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} がありません")
    pytest.skip(f"!!! {what} がないため、このテストは動かしていません !!!")


def _postgres_binary(name: str) -> str:
    folders = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
        *sorted(Path("/opt/homebrew/opt").glob("postgresql@*/bin"), reverse=True),
        *sorted(Path("/usr/local/opt").glob("postgresql@*/bin"), reverse=True),
    ]
    for folder in folders:
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        missing("PostgreSQL")
    return str(found)


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a fresh PostgreSQL server without TCP."""
    folder = Path(tempfile.mkdtemp(prefix="sodate-pg-"))
    as_user: dict[str, Any] = {"user": "postgres"} if os.geteuid() == 0 else {}
    if as_user:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres")
    initdb, server = _postgres_binary("initdb"), _postgres_binary("postgres")
    subprocess.run(
        [
            initdb,
            "-D",
            str(folder / "data"),
            "-U",
            "sodate",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C",
        ],
        check=True,
        capture_output=True,
        cwd=folder,
        **as_user,
    )
    process = subprocess.Popen(
        [
            server,
            "-D",
            str(folder / "data"),
            "-k",
            str(folder),
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **as_user,
    )
    try:
        _wait_until(lambda: (folder / ".s.PGSQL.5432").exists())
        yield f"postgresql://sodate@/postgres?host={folder}"
    finally:
        process.send_signal(signal.SIGINT)  # the fast shutdown: open connections are cut
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def valkey() -> Iterator[str]:
    """The URL of a fresh Redis-compatible server on a Unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="sodate-vk-"))
    socket = folder / "redis.sock"
    process = subprocess.Popen(
        [redis_binary(), "--port", "0", "--unixsocket", str(socket), "--save", ""],
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    try:

        def answers() -> bool:
            with suppress(redis.ConnectionError), redis.Redis(unix_socket_path=str(socket)) as r:
                return bool(r.ping())
            return False

        _wait_until(answers)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until(ready: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError("server did not start")
        time.sleep(0.05)


class Postbox:
    """An SMTP server that keeps each mail, and can be told to answer otherwise.

    ``answers`` maps a recipient to what RCPT says; ``after_data`` to what is said after the
    final dot (``None`` there: the connection is cut).
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.senders: list[str] = []
        self.answers: dict[str, str] = {}
        self.after_data: dict[str, str | None] = {}
        port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=port)
        self._controller.start()
        self.url = f"smtp://127.0.0.1:{port}"

    async def handle_RCPT(
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, _session: Session, envelope: Envelope) -> str:
        answer = self.after_data.get(envelope.rcpt_tos[0], "250 OK")
        if answer is None or answer.startswith("2"):
            message = message_from_bytes(envelope.content or b"", policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.mails.append(message)
            self.recipients.extend(envelope.rcpt_tos)
            self.senders.append(envelope.mail_from or "")
        if answer is None:
            server.transport.abort()
            return "421 gone"
        return answer

    def stop(self) -> None:
        self._controller.stop()


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())
