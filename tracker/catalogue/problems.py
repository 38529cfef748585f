"""A mistake in an editor's file: where it is, what is wrong, what is allowed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from tracker.words import PageKind, Stage


@dataclass(frozen=True)
class Problem:
    """``path`` is from the folder with ``mkdocs.yml``; ``line`` and ``column`` count from 1."""

    path: str
    line: int
    column: int | None
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}"
        if self.column is not None:
            place += f":{self.column}"
        return f"{place}: {self.message}"


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By file and place, each only once."""
    return sorted(set(problems), key=lambda p: (p.path, p.line, p.column or 0, p.message))


def allowed(values: Iterable[str]) -> str:
    """``使える値: a, b``, shortened when there are very many."""
    listed = list(values)
    if not listed:
        return "使える値はまだありません"
    shown = ", ".join(listed[:20])
    return f"使える値: {shown}{' など' if len(listed) > 20 else ''}"


def unknown(what: str, value: str, values: Iterable[str]) -> str:
    """``what「value」は使えません``, with the likeliest meant value and all that may stand there."""
    listed = list(values)
    meant = likeliest(value, listed)
    hint = f"もしかして: {meant}。" if meant else ""
    return f"{what}「{shown(value)}」は使えません（{hint}{allowed(listed)}）"


def likeliest(value: str, values: Iterable[str]) -> str | None:
    """The one of ``values`` an editor most likely meant by ``value``."""
    listed = list(values)
    for word in (*Stage, *PageKind):
        if value.strip() == word.label and word.value in listed:
            return str(word)
    near: list[str] = get_close_matches(value.strip().lower(), listed, n=1, cutoff=0.6)
    return near[0] if near else None


def shown(value: object) -> str:
    """``value`` on one line, cut to what fits a message."""
    text = re.sub(r"\s+", " ", str(value))
    return text if len(text) <= 60 else text[:59] + "…"
