"""Texts with places left open: rendered once, filled for each reader. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
"""Unicode's non-characters: they pass through Markdown and HTML, and no text has them."""

_SLOT = re.compile(f"{_OPEN}([a-z0-9]+){_CLOSE}")


def slot(name: str) -> str:
    """An open place, to be filled with the value of ``name`` (small letters and digits)."""
    return f"{_OPEN}{name}{_CLOSE}"


def without_slots(text: str) -> str:
    """``text`` as somebody wrote it: nothing in it is a place."""
    return text.replace(_OPEN, "").replace(_CLOSE, "")


@dataclass(frozen=True)
class Slotted:
    """``parts`` are what is written, and between each two of them the name of a place."""

    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Slotted":
        return cls(tuple(_SLOT.split(text)))

    @property
    def names(self) -> tuple[str, ...]:
        return self.parts[1::2]

    @property
    def text(self) -> str:
        """What ``of`` reads: the places with their marks."""
        return self.filled({name: slot(name) for name in self.names})

    def filled(self, values: Mapping[str, str]) -> str:
        """Raises ``KeyError`` for a place without a value."""
        parts = list(self.parts)
        parts[1::2] = [values[name] for name in self.names]
        return "".join(parts)
