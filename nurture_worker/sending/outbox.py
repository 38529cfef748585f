"""What went out, beside the store: a line a mail in the data folder, so that a store restored from
yesterday's backup still learns of it. Ids only, nothing that names a reader.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = "outbox"
KEPT_MONTHS = 3


def note(data: Path, message_ids: Sequence[str], now: datetime) -> None:
    """Add mails that were taken. A disk that is full is told and holds up nobody: the store knows
    them, too."""
    try:
        folder = data / FOLDER
        path = folder / f"{now:%Y-%m}.txt"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _forget(folder, now)
        with path.open("a", encoding="ascii") as book:
            book.write("".join(f"{now.timestamp():.0f} {one}\n" for one in message_ids))
    except OSError as error:
        log.error("outbox: 送ったメールの控えを書けません: %s", error.strerror)


def read(data: Path) -> Iterator[str]:
    """The Message-IDs of all mails that are noted, the oldest first."""
    for path in sorted((data / FOLDER).glob("????-??.txt")):
        with path.open(encoding="ascii", errors="replace") as book:
            for line in book:
                _at, _, message_id = line.strip().partition(" ")
                if message_id.startswith("<") and message_id.endswith(">"):
                    yield message_id


def _forget(folder: Path, now: datetime) -> None:
    oldest = now - timedelta(days=31 * KEPT_MONTHS)
    for path in folder.glob("????-??.txt"):
        if path.stem < f"{oldest:%Y-%m}":
            path.unlink()
