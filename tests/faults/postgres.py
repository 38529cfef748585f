"""A PostgreSQL server that can be stopped, pulled out and started again on the same data."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.servers import _postgres_binary, _wait_until


class Postgres:
    """Running once made; ``url`` stays the same."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sodate-pg-"))
        self._as_user: dict[str, Any] = {"user": "postgres"} if os.geteuid() == 0 else {}
        if self._as_user:
            shutil.chown(self.folder, "postgres")
        subprocess.run(
            [
                _postgres_binary("initdb"),
                *("-D", str(self.folder / "data"), "-U", "sodate", "-A", "trust"),
                *("-E", "UTF8", "--no-sync", "--locale=C"),
            ],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **self._as_user,
        )
        self.url = f"postgresql://sodate@/postgres?host={self.folder}"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                _postgres_binary("postgres"),
                *("-D", str(self.folder / "data"), "-k", str(self.folder)),
                *("-c", "listen_addresses=", "-c", "fsync=off"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            **self._as_user,
        )
        _wait_until(self._answers)

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def pull_out(self) -> None:
        """End it at once, without a word to its clients or a last write: ``-m immediate``."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(20)

    def close(self) -> None:
        if self.runs:
            self.pull_out()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        ready = [_postgres_binary("pg_isready"), "-q", "-h", str(self.folder)]
        return subprocess.run(ready, check=False).returncode == 0
