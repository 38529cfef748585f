"""Counts that the processes of one host share, kept over restarts; written rarely, never lost to a
full disk."""

import fcntl
import json
import logging
import os
import threading
from pathlib import Path

log = logging.getLogger(__name__)

_SIZE = 16_384
LOST = "events_lost"
"""Events that no journal took."""


class Tallies:
    """Counts by name, in one small file of a fixed size.

    Its blocks are taken when it is made, so that a full disk cannot keep a loss from being counted.
    A name that no longer fits is left out: names come from the code, never from a request.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file at ``path``. Raises ``OSError``."""
        self._lock = threading.Lock()
        self._told: dict[str, int] = {}
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        with self._lock:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                if os.fstat(self._file).st_size < _SIZE:
                    self._write({})
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def add(self, name: str, count: int = 1) -> None:
        """Count ``count`` more of ``name``. What cannot be written is logged, no more."""
        with self._lock:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX)
                try:
                    found = self._read()
                    found[name] = found.get(name, 0) + count
                    self._write(found)
                finally:
                    fcntl.flock(self._file, fcntl.LOCK_UN)
            except OSError as error:
                log.error("tallies: %d %s not counted: %s", count, name, error)

    def follow(self, name: str, own: int) -> None:
        """Count what this process' ``own`` count of ``name`` has grown by since the last time."""
        with self._lock:
            grown = own - self._told.get(name, 0)
            self._told[name] = own
        if grown > 0:
            self.add(name, grown)

    def all(self) -> dict[str, int]:
        """Every count of the host."""
        with self._lock:
            fcntl.flock(self._file, fcntl.LOCK_SH)
            try:
                return self._read()
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        with self._lock:
            os.close(self._file)

    def _read(self) -> dict[str, int]:
        try:
            found = json.loads(os.pread(self._file, _SIZE, 0))
        except ValueError:  # the machine stopped in the middle of a write
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, counts: dict[str, int]) -> None:
        text = json.dumps(counts, sort_keys=True).encode()
        if len(text) <= _SIZE:
            os.pwrite(self._file, text.ljust(_SIZE), 0)
