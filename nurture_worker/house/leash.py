"""Runs one command, and ends it and all it started once the holder of standard input is gone.

``python leash.py SECONDS COMMAND…``, standard library only: each child of the supervisor runs
under one. The supervisor holds the write end of a pipe that is the leash's standard input; the
kernel closes it however the supervisor ends, ``kill -9`` included. The command then gets SIGTERM,
and after SECONDS it is killed. On SIGTERM, SIGINT or SIGHUP the leash does the same. It must be
started as the leader of a new session: that is how it knows what the command started.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def members(session: int) -> list[int]:
    """The processes of a session but its leader, whatever process group they moved to."""
    if Path("/proc/self").exists():
        ids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    else:
        listed = subprocess.run(["/bin/ps", "-A", "-o", "pid="], capture_output=True, check=False)
        ids = [int(line) for line in listed.stdout.split()]
    found = []
    for pid in ids:
        with contextlib.suppress(OSError):
            if pid != session and os.getsid(pid) == session:
                found.append(pid)
    return found


def end_session(session: int) -> None:
    """Kill what is left of a session, within a second. Its leader is left to the caller."""
    give_up = time.monotonic() + 1
    # Again and again, for one of them may have forked meanwhile. Bounded, for a zombie that
    # nobody collects stays a member.
    while (left := members(session)) and time.monotonic() < give_up:
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def main(grace: float, command: list[str]) -> int:
    """The command's exit code; 128 + n where signal n ended it; 127 where it can't be run."""
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    for number in (*STOPS, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603
    except OSError as error:
        print(f"{command[0]} を実行できません: {error.strerror}", file=sys.stderr)
        return 127

    watched = [awake, sys.stdin.fileno()]
    kill_at: float | None = None
    while child.poll() is None:
        patience = None if kill_at is None else max(0.0, kill_at - time.monotonic())
        readable, _, _ = select.select(watched, [], [], patience)
        stop = awake in readable and any(n in STOPS for n in os.read(awake, 1024))
        if sys.stdin.fileno() in readable and not os.read(sys.stdin.fileno(), 1024):
            watched = [awake]
            stop = True
        if stop and kill_at is None:
            kill_at = time.monotonic() + grace
            child.terminate()
        elif kill_at is not None and time.monotonic() >= kill_at:
            child.kill()
            child.wait()
    end_session(os.getpid())
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
