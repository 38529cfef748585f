"""The whole house, started as its user starts it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nurture_worker.house.processes import free_port

ROOT = Path(__file__).parents[2]


@dataclass
class Running:
    """A running ``sodate up``: where it answers, and what it said."""

    url: str
    lines: list[str]
    invitation: str


@contextmanager
def house(data: Path, day_seconds: float) -> Iterator[Running]:
    """``sodate up`` over the project's own content, with its data in ``data``."""
    port = free_port()
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SODATE_")},
        "SODATE_DATA": str(data),
        "SODATE_ROOT": str(ROOT),
        "SODATE_PORT": str(port),
        "SODATE_DAY_SECONDS": str(day_seconds),
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "nurture_worker.cli", "up"],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines: list[str] = []
    invited: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if found := re.search(r"http://\S+/desk/join/\S+", line):
                invited.append(found[0])
            if "秒で起動しました" in line:
                ready.set()
        ready.set()

    threading.Thread(target=listen, daemon=True).start()
    try:
        assert ready.wait(90), "".join(lines)
        assert process.poll() is None, "".join(lines)
        yield Running(f"http://127.0.0.1:{port}", lines, invited[0] if invited else "")
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(80)
        finally:
            process.kill()
