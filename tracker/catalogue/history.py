"""When editors' files were last changed, as git remembers it."""

import subprocess
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

STALE_AFTER = timedelta(days=365)
"""How long a page may stay as it is before its editor is asked to look at it again."""


def last_changes(root: Path, files: Collection[str], today: date) -> dict[str, date]:
    """The day (UTC) of the last commit of each of ``files`` (from ``root``); ``today`` where the
    working tree differs from it.

    What git does not know, or where there is no git, is missing from the answer. Git is read from
    the newest commit back, only as far as needed.
    """
    found: dict[str, date] = {}
    wanted = set(files)
    if not wanted:
        return found
    for line in _git(root, "status", "--porcelain", "--untracked-files=all", "--", "site"):
        path = line[3:].rpartition(" -> ")[2]
        # Told from the top of the repository, which may lie above root.
        own = next((file for file in wanted if path == file or path.endswith(f"/{file}")), None)
        if own:
            found[own] = today
    day = today
    for line in _git(root, "log", "--relative", "--name-only", "--format=%x01%ct", "--", "site"):
        if line.startswith("\x01"):
            day = datetime.fromtimestamp(int(line[1:]), UTC).date()
        elif line in wanted and line not in found:
            found[line] = day
        if len(found) == len(wanted):
            break
    return found


def _git(root: Path, *words: str) -> Iterator[str]:
    command = ["git", "-c", "core.quotepath=off", *words]
    try:
        asked = subprocess.Popen(  # noqa: S603 - fixed words; no shell
            command,
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
        )
    except OSError:  # there is no git
        return
    with asked:
        assert asked.stdout is not None
        try:
            for line in asked.stdout:
                yield line.rstrip("\n")
        finally:
            asked.kill()
