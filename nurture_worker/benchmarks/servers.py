"""The servers that a benchmark measures, each on data of its own."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nurture_worker.benchmarks.site import BenchError
from nurture_worker.house.processes import environment, free_port, redis_server, tracker_command
from tracker.catalogue.load import load
from tracker.settings import Settings
from tracker.store.engine import upgrade

KEY = "a key for the benchmark alone"
PROCESSES = 2
TRACKER = "tracker.app:serve"

_EACH_PROCESS = ("ps", "-A", "-o", "pid=,ppid=,rss=")


@dataclass(frozen=True)
class Server:
    """A web server with the processes that answer for it."""

    port: int
    process: "subprocess.Popen[bytes]"
    started: float
    """Seconds from its start to its first answer."""

    def depth(self) -> int:
        """How many accepted events its fold still has to move."""
        return int(_asked(self.port, "/readyz")["journal_depth"])

    def workers(self) -> dict[int, float]:
        """The processes that answer, with their resident memory in MiB."""
        told = subprocess.run(_EACH_PROCESS, capture_output=True, text=True, check=True).stdout  # noqa: S603
        rows = ([int(figure) for figure in line.split()] for line in told.splitlines())
        return {pid: rss / 1024 for pid, parent, rss in rows if parent == self.process.pid}

    def drain(self) -> None:
        """Wait until its fold has moved everything, so that the next has the machine alone."""
        end = time.monotonic() + 300
        while self.depth():
            if time.monotonic() > end:
                raise BenchError("ジャーナルが空になりません")
            time.sleep(0.1)

    def kill(self) -> None:
        """End all its processes at once, in the middle of whatever they do."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def prepared(root: Path, data: Path, redis: str, store: str = "") -> Settings:
    """Settings of a tracker over the content below ``root``, with its data in ``data`` and an empty
    ``store`` (a SQLite file where none is named). Raises ``BenchError``."""
    catalogue, problems = load(root)
    if catalogue is None:
        raise BenchError("\n".join(str(problem) for problem in problems))
    settings = Settings(
        data=data,
        root=root,
        port=free_port(),
        database_url=store,
        redis_url=redis,
        secret_keys=KEY,
        tracker_workers=PROCESSES,
        beacons_a_minute=10**9,  # all of them come from one place here
    )
    data.mkdir(parents=True)
    catalogue.write(settings.catalogue_path)
    upgrade(settings.store_url)
    return settings


@contextmanager
def running(settings: Settings, app: str = TRACKER) -> Iterator[Server]:
    """A server of ``app``, from its first answer on. Raises ``BenchError``."""
    interface = "rsgi" if app == TRACKER else "wsgi"
    command = [sys.executable, "-m", *tracker_command(settings, app, interface)]
    began = time.monotonic()
    env = environment(settings)
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # it is the second start that counts
    process = subprocess.Popen(command, env=env, start_new_session=True)  # noqa: S603
    try:
        while True:
            with suppress(OSError, http.client.HTTPException, ValueError):
                _asked(settings.port, "/readyz")
                break
            if process.poll() is not None or time.monotonic() > began + 60:
                raise BenchError(f"{app} が起動しません")
            time.sleep(0.01)
        yield Server(settings.port, process, time.monotonic() - began)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """The URL of a Redis with its data in ``folder``."""
    server, url = redis_server(folder, lambda: folder, os.environ)
    process = subprocess.Popen(server.argv, env=dict(server.env))  # noqa: S603
    try:
        while server.ready and not server.ready():
            time.sleep(0.02)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def postgresql() -> Iterator[str | None]:
    """The URL of a fresh PostgreSQL as it is installed, or ``None`` where it is not."""
    initdb, server = _postgresql("initdb"), _postgresql("postgres")
    if initdb is None or server is None:
        yield None
        return
    # PostgreSQL refuses to run as root.
    user: dict[str, Any] = {"user": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="sodate-bench-pg-"))
    if user:
        shutil.chown(folder, "postgres")
    data = ("-D", str(folder / "data"))
    make = [initdb, *data, "-U", "sodate", "-A", "trust", "-E", "UTF8", "--locale=C"]
    run = [server, *data, "-k", str(folder), "-c", "listen_addresses="]
    try:
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **user)  # noqa: S603
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(run, stdout=said, stderr=said, cwd=folder, **user)  # noqa: S603
        try:
            while not (folder / ".s.PGSQL.5432").exists() and process.poll() is None:
                time.sleep(0.05)
            yield f"postgresql://sodate@/postgres?host={folder}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgresql(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def _asked(port: int, path: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        found: dict[str, Any] = json.loads(connection.getresponse().read())
        return found
    finally:
        connection.close()
