"""The catalogue as it is now: read again when ``sodate build`` has written a new one."""

import logging
import threading
from pathlib import Path

from tracker.catalogue.catalogue import Catalogue, CatalogueUnreadableError

log = logging.getLogger(__name__)


class LiveCatalogue:
    """Hands out the newest readable catalogue at ``path``."""

    def __init__(self, path: Path) -> None:
        """Raises ``CatalogueUnreadableError`` if there is none to begin with."""
        self._path = path
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._value = Catalogue.read(path)

    def now(self) -> Catalogue:
        """The catalogue on disk; the last good one while a new one cannot be read."""
        stamp = self._stamp()
        if stamp != self._seen:
            with self._lock:
                if stamp != self._seen:
                    try:
                        self._value = Catalogue.read(self._path)
                    except CatalogueUnreadableError as error:
                        log.error("catalogue: keeping the last good one: %s", error)
                    self._seen = stamp
        return self._value

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino
