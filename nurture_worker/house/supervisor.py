"""Keeps processes running: starts them in order, restarts what dies, leaves none behind."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from nurture_worker.house import leash

FIRST_PAUSE = 0.5

LONGEST_PAUSE = 10.0
_printing = threading.Lock()


class CannotStart(Exception):
    """What keeps the processes from starting, in one sentence for the person who started them."""


@dataclass(frozen=True)
class Process:
    """One process to keep running.

    ``ready`` is asked until it is true before the next process starts; without it, starting is
    enough. ``grace`` is how many seconds it has after SIGTERM before it is killed,
    ``start_within`` how many it has to become ready.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], bool] | None = None
    grace: float = 10.0
    start_within: float = 60.0


@dataclass
class _Child:
    process: Process
    popen: "subprocess.Popen[bytes]"
    reader: threading.Thread
    started: float
    pause: float = FIRST_PAUSE
    again_at: float | None = None


@dataclass
class _Supervisor:
    lock: int | None
    children: list[_Child] = field(default_factory=list)
    stops: int = 0

    def __post_init__(self) -> None:
        self.awake, self.wake = os.pipe()
        os.set_blocking(self.wake, False)

    def listen(self) -> None:
        """Take SIGINT, SIGTERM and SIGHUP as the wish to stop; a second one as impatience."""
        signal.set_wakeup_fd(self.wake, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked_to_stop)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
            signal.signal(signal.SIGHUP, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _asked_to_stop(self, *_: object) -> None:
        self.stops += 1

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until a signal comes."""
        if select.select([self.awake], [], [], max(0.0, seconds))[0]:
            os.read(self.awake, 1024)

    def spawn(self, process: Process) -> _Child:
        popen = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", leash.__file__, str(process.grace), *process.argv],
            env=dict(process.env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # The leash keeps the data folder locked until its command has ended, even where
            # this process is killed.
            pass_fds=() if self.lock is None else (self.lock,),
        )
        assert popen.stdout is not None
        reader = threading.Thread(target=_copy, args=(process.name, popen.stdout), daemon=True)
        reader.start()
        return _Child(process, popen, reader, time.monotonic())

    def start(self, process: Process) -> None:
        """Start it and wait until it is ready. Raises ``CannotStart`` where it doesn't become so."""
        child = self.spawn(process)
        self.children.append(child)
        told = False
        while process.ready is not None and not self.stops:
            waited = time.monotonic() - child.started
            if child.popen.poll() is not None:
                child.reader.join(1)
                raise CannotStart(f"{process.name} が起動できませんでした（{_ending(child)}）")
            if process.ready():
                return
            if waited > process.start_within:
                raise CannotStart(
                    f"{process.name} が{process.start_within:.0f}秒たっても応答しません"
                )
            if waited > 2 and not told:
                say("sodate", f"{process.name} の起動を待っています…")
                told = True
            self.wait(0.05)

    def watch(self) -> None:
        """Start again what ends by itself, until asked to stop."""
        while not self.stops:
            now = time.monotonic()
            for place, child in enumerate(self.children):
                if child.again_at is None and child.popen.poll() is not None:
                    self._plan_restart(child, now)
                elif child.again_at is not None and now >= child.again_at:
                    fresh = self.spawn(child.process)
                    fresh.pause = child.pause
                    self.children[place] = fresh
            due = [child.again_at for child in self.children if child.again_at is not None]
            self.wait(min(due, default=now + 60) - time.monotonic())

    def _plan_restart(self, child: _Child, now: float) -> None:
        _release(child)
        if now - child.started > 3 * LONGEST_PAUSE:
            child.pause = FIRST_PAUSE
        say(
            "sodate",
            f"{child.process.name} が終了しました（{_ending(child)}）。"
            f"{child.pause:g}秒後に起動し直します",
        )
        child.again_at = now + child.pause
        child.pause = min(LONGEST_PAUSE, child.pause * 2)

    def stop(self) -> None:
        """End all children, the last started first; at once where asked a second time."""
        asked = self.stops
        for child in reversed(self.children):
            told = False
            since = time.monotonic()
            if child.popen.poll() is None:
                child.popen.terminate()
            while child.popen.poll() is None:
                waited = time.monotonic() - since
                # The leash kills its command after the grace; past that, the leash hangs.
                if self.stops > asked or waited > child.process.grace + 3:
                    child.popen.kill()
                    child.popen.wait()
                    break
                if waited > 2 and not told:
                    say("sodate", f"{child.process.name} の終了を待っています…")
                    told = True
                self.wait(0.2)
            _release(child)


def _release(child: _Child) -> None:
    """Let go of a child that has ended, with whatever a killed leash left behind."""
    leash.end_session(child.popen.pid)
    child.reader.join(1)
    assert child.popen.stdin is not None
    child.popen.stdin.close()


def _ending(child: _Child) -> str:
    code = child.popen.returncode
    number = -code if code < 0 else code - 128
    try:
        return f"シグナル {number} {signal.Signals(number).name}"
    except ValueError:
        return f"終了コード {code}"


def say(name: str, line: str) -> None:
    """Print one line under the name of a process. A terminal that is gone is no error."""
    with _printing, contextlib.suppress(OSError, ValueError):
        sys.stdout.write(f"{name:<9} │ {line}\n")
        sys.stdout.flush()


def _copy(name: str, output: IO[bytes]) -> None:
    with output:
        while line := output.readline(65536):
            say(name, line.decode("utf-8", "replace").rstrip())


def supervise(
    processes: Sequence[Process], announce: Callable[[], None], lock: int | None = None
) -> int:
    """Start the processes in order, announce once all are ready, keep them running.

    Ends them all, the last first, on SIGINT, SIGTERM or SIGHUP, and returns 0; returns 1 after
    saying why where one of them can't be started. ``lock`` is the open lock file of the data
    folder, held until the last child has ended. Only for the main thread.
    """
    supervisor = _Supervisor(lock)
    supervisor.listen()
    try:
        for process in processes:
            supervisor.start(process)
        if not supervisor.stops:
            announce()
        supervisor.watch()
    except CannotStart as problem:
        say("sodate", str(problem))
        return 1
    finally:
        supervisor.stop()
    say("sodate", "すべて終了しました")
    return 0
