"""A step as LINE takes it: how its text is cut into messages, and how long they may be."""

import re

LONGEST = 5000
"""Characters of one message."""
MOST = 5
"""Messages of one push; LINE refuses the sixth."""

LINK_ROOM = 420
"""What a link may take once it is signed, beyond its own words."""
FOOT_ROOM = 1200
"""What stands below the last message: who writes, and the ways out."""

_LINE = re.compile(r"(?<=\n\n) {0,3}(?:-[ \t]*){3,}$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\([^)\s]+\)")


def parts(markdown: str) -> list[str]:
    """The messages of a step: cut at each line ``---`` below an empty one; what is empty is left out."""
    return [part.strip() for part in _LINE.split(markdown) if part.strip()] or [""]


def too_long(markdown: str) -> list[tuple[int, str]]:
    """What LINE would refuse, as (line within ``markdown``, from 0; message)."""
    found = []
    begins = [0, *(match.end() for match in _LINE.finditer(markdown))]
    ends = [*(match.start() for match in _LINE.finditer(markdown)), len(markdown)]
    texts = [
        (begin + len(text) - len(text.lstrip()), text.strip())
        for begin, end in zip(begins, ends, strict=True)
        if (text := markdown[begin:end]).strip()
    ]
    for number, (place, text) in enumerate(texts, 1):
        line = markdown.count("\n", 0, place)
        length = len(text.encode("utf-16-le", "replace")) // 2
        room = LONGEST - LINK_ROOM * len(_LINK.findall(text))
        room -= FOOT_ROOM if number == len(texts) else 0
        if number == MOST + 1:
            found.append(
                (
                    line,
                    f"LINE の1回の配信は{MOST}通までです（--- で{len(texts)}通に分かれています）",
                )
            )
        if length > room:
            found.append(
                (
                    line,
                    f"LINE の1通は{LONGEST:,}文字までです（この部分は{length:,}文字。リンクと末尾の"
                    f"署名の分を除くと、あと{room:,}文字まで。--- の行で分けられます）",
                )
            )
    return found
