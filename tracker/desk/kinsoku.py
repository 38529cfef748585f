"""Where a line of Japanese may end (JIS X 4051's 行頭禁則, 行末禁則 and 分離禁止). Pure."""

import re
from collections.abc import Callable, Iterator

NEVER_FIRST = frozenset(
    "、。，．・：；？！゛゜´｀¨ヽヾゝゞ々〻ー―…‥〜～）］｝〕〉》」』】〙〗’”»°′″℃％‰"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ"
    ",.:;?!)]}%'\" \u3000"
)
"""Marks that close or go on, small kana, units: none begins a line."""
NEVER_LAST = frozenset("（［｛〔〈《「『【〘〖‘“«￥＄￡＃([{¥$£#№")
"""What opens, and what stands before a figure: none ends a line."""
_TOKENS = re.compile(r"[0-9A-Za-z]+(?:[.,:/@&_+'-]+[0-9A-Za-z]+)*|.", re.DOTALL)
"""A word of Latin letters or a number is not parted."""


def wrapped(text: str, width: float, width_of: Callable[[str], float]) -> str:
    """``text`` with a line's end wherever the next piece would pass ``width``. What is wider than
    a whole line by itself is parted anywhere."""
    return "\n".join(
        line.rstrip() for part in text.split("\n") for line in _lines(part, width, width_of)
    )


def _lines(text: str, width: float, width_of: Callable[[str], float]) -> Iterator[str]:
    line, used = "", 0.0
    for piece in _pieces(text):
        needed = width_of(piece.rstrip())
        if line and used + needed > width:
            yield line
            line, used = "", 0.0
        if needed > width:
            *whole, piece = _parted(piece, width, width_of)
            yield from whole
        line += piece
        used += width_of(piece)
    yield line


def _pieces(text: str) -> list[str]:
    """What stays on one line, piece by piece."""
    found: list[str] = []
    for token in _TOKENS.findall(text):
        if found and (token[0] in NEVER_FIRST or found[-1][-1] in NEVER_LAST):
            found[-1] += token
        else:
            found.append(token)
    return found


def _parted(piece: str, width: float, width_of: Callable[[str], float]) -> list[str]:
    found = [""]
    for letter in piece:
        if found[-1] and width_of(found[-1] + letter) > width:
            found.append("")
        found[-1] += letter
    return found
