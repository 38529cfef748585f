"""What people and systems write of deals, understood: names, yen, reasons. Pure."""

import re
import unicodedata
from hashlib import sha256

from tracker.words import LostReason

LARGEST = 1_000_000_000_000
"""Yen: above it a figure is a slip."""
_LONGEST_KEY = 100


def key_of(deal_id: str) -> str:
    """The key of a deal that another system calls ``deal_id``."""
    own = deal_id.strip()
    if len(own) > _LONGEST_KEY:
        own = sha256(own.encode()).hexdigest()
    return f"deal:{own}"


def yen(told: str | int | float | None) -> int | None:
    """Whole yen as people and systems write them (``1,200,000円``, ``¥1200000``, ``1200000.00``,
    full width too); ``None`` where there is no figure. Raises ``ValueError`` for what is none."""
    if told is None or isinstance(told, bool):
        return None
    text = unicodedata.normalize("NFKC", str(told)).strip()
    text = re.sub(r"^[¥\\]|円$|\s|,", "", text)
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,13})(\.0+)?", text)
    if not found or int(found[1]) > LARGEST:
        raise ValueError(f"金額「{told}」は、円の整数で書いてください")
    return int(found[1])


def lost_reason(told: str | None) -> LostReason | None:
    """The reason a word stands for; ``OTHER`` for one of the firm's own, ``None`` for none."""
    text = unicodedata.normalize("NFKC", told or "").strip().casefold()
    if not text:
        return None
    return next((r for r in LostReason if text in (r.value, r.label)), LostReason.OTHER)
