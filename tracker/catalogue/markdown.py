"""What an editor's Markdown holds: headings with their ids, links, blocks, placeholders.

A line scanner, as rendering hundreds of pages would take seconds; a test holds its heading ids
against those that MkDocs builds. Code, comments and fences are passed over.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import markdown
from markdown.extensions.attr_list import AttrListTreeprocessor, get_attrs_and_remainder
from markdown.extensions.toc import slugify_unicode, unique

from tracker.catalogue.problems import Problem, unknown

BLOCKS = (
    "cta",
    "gate",
    "diagnosis",
    "inquiry",
    "seminar",
    "newsletter",
    "video",
    "stage-pages",
    "persona-pages",
    "seminars",
    "newest",
    "faq",
)
"""The names that may follow ``///`` on a page."""

_FORMS = ("gate", "diagnosis", "inquiry", "seminar", "newsletter")

INLINE_EXTENSIONS = (
    "attr_list",
    "footnotes",
    "md_in_html",
    "tables",
    "pymdownx.betterem",
    "pymdownx.superfences",
)
"""The extensions of ``mkdocs.yml`` that can change what stands in a heading."""


@dataclass(frozen=True)
class Heading:
    level: int
    id: str
    text: str
    line: int


@dataclass(frozen=True)
class Link:
    target: str
    line: int
    column: int
    image: bool = False
    raw: bool = False
    """Written as HTML, which MkDocs publishes as it stands."""
    empty_text: bool = False


@dataclass(frozen=True)
class Block:
    """A ``/// name | argument`` with the text of its option lines."""

    name: str
    argument: str
    line: int
    column: int
    options: str
    options_line: int
    has_body: bool


@dataclass(frozen=True)
class Placeholder:
    name: str
    line: int
    column: int
    alone: bool
    """Nothing else stands in its paragraph."""


@dataclass
class Scan:
    """What was found in one text; ``ids`` are all anchors a link may lead to."""

    headings: list[Heading] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    placeholders: list[Placeholder] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    characters: int = 0
    problems: list[Problem] = field(default_factory=list)


_FENCE = re.compile(
    r"^(?P<lead>(?:[ \t]|>)*(?:[-*+] +|\d+\. +)?)(?P<marks>`{3,}|~{3,})(?P<info>[^`\n]*)$"
)
_BLOCK_START = re.compile(
    r"^ {0,3}(?P<marks>/{3,}) *(?P<name>[\w-]+) *(?:\| *(?P<argument>.*?) *)?$"
)
_BLOCK_END = re.compile(r"^ {0,3}(?P<marks>/{3,}) *$")
_BLOCK_LIKE = re.compile(
    r"^[ \t　]*(?:/{3,}|／{2,})|^[ \t　]*//[ \t]*(?:" + "|".join(BLOCKS) + r")\b"
)
_OPTION_LIKE = re.compile(r"^[ 　]{0,3}　*[A-Za-z_-]+[:：](?:[ 　]|$)")
_HASH = re.compile(r"^(?P<level>#{1,6})(?P<text>(?:\\.|[^\\])*?)#*$")
_SETEXT = re.compile(r"^[=-]+ *$")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)((?:(?!\n\s*\n).)+?)(?<!`)\1(?!`)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(
    r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]"
    r"\(\s*(?P<target><[^>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?P<title>\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)"
)
_REFERENCE = re.compile(r"^ {0,3}\[(?!\^)[^\]]+\]: *<?(?P<target>[^\s>]+)>?", re.MULTILINE)
_RAW_LINK = re.compile(
    r"<(?P<tag>a|img)\b[^>]*?\b(?:href|src)\s*=\s*[\"'](?P<target>[^\"']*)[\"']", re.IGNORECASE
)
_RAW_ALT = re.compile(r"\balt\s*=", re.IGNORECASE)
_NAMELESS_IMAGE = re.compile(r"!\[\s*\]\[(?P<target>[^\]\n]+)\]")
_RAW_ID = re.compile(r"<[a-z][^<>]*?\bid\s*=\s*[\"'](?P<id>[^\"']+)[\"']", re.IGNORECASE)
_ATTR_ID = re.compile(r"\{:?[^{}\n]*?#(?P<id>[^\s{}]+)[^{}\n]*\}")
_FOOTNOTE = re.compile(r"^\[\^(?P<id>[^\]]+)\]:", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{\{\s*(?P<name>.*?)\s*\}\}")
_NOT_READ = re.compile(r"\]\([^)\n]*\)|\[\^[^\]]*\]:?|<[^<>\n]*>|\{:?[^{}\n]*\}|[\s#*_>|`\[\]!-]")
_MARKUP = re.compile(r"[\\`*_\[\]<>&!{}~^=+:|]")


def scan(path: str, text: str, first_line: int = 1) -> Scan:
    """Read ``text``, the body of the file ``path`` from ``first_line`` on."""
    found = Scan()
    lines = text.split("\n")
    plain = _without_code(path, lines, first_line, found.problems)
    option_lines = _blocks(path, plain, first_line, found)
    prose = _blank(_CODE_SPAN, "\n".join(plain))
    _ids(prose, found)
    _headings(lines, plain, option_lines, first_line, found)
    places = _Places(prose, first_line)
    found.links.extend(_links(prose, places))
    found.placeholders.extend(_placeholders(prose, places))
    found.characters = len(
        _NOT_READ.sub(
            "",
            "\n".join(
                line
                for n, line in enumerate(plain)
                if n not in option_lines and not line.lstrip().startswith("///")
            ),
        )
    )
    return found


class _Places:
    """Offsets of a text as line and column."""

    def __init__(self, text: str, first_line: int) -> None:
        self._starts = [0, *(m.end() for m in re.finditer("\n", text))]
        self._first_line = first_line

    def at(self, offset: int) -> tuple[int, int]:
        n = bisect_right(self._starts, offset) - 1
        return n + self._first_line, offset - self._starts[n] + 1


def _blank(pattern: re.Pattern[str], text: str) -> str:
    """``text`` with every match turned to spaces, so that places stay what they were."""
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def _without_code(
    path: str, lines: list[str], first_line: int, problems: list[Problem]
) -> list[str]:
    plain: list[str] = []
    fence: tuple[str, int, int] | None = None
    marks = ("```", "~~~")
    for n, line in enumerate(lines):
        if fence:
            if line.strip(" \t>") == fence[0]:
                fence = None
            plain.append("")
        elif any(mark in line for mark in marks) and (m := _FENCE.match(line)):
            fence = (m["marks"], n, len(m["lead"]) + 1)
            plain.append("")
        else:
            plain.append(line)
    if fence:
        problems.append(
            Problem(
                path,
                fence[1] + first_line,
                fence[2],
                f"コードの囲み {fence[0]} が閉じられていません",
            )
        )
    text = "\n".join(plain)
    if "<!--" not in text:
        return plain
    text = _blank(_COMMENT, text)
    if (at := _blank(_CODE_SPAN, text).find("<!--")) >= 0:
        line_number, column = _Places(text, first_line).at(at)
        problems.append(
            Problem(path, line_number, column, "コメント <!-- が --> で閉じられていません")
        )
    return text.split("\n")


def _blocks(path: str, plain: list[str], first_line: int, found: Scan) -> set[int]:
    """Collect the blocks; returns the indexes of the lines that are their options.

    pymdownx publishes a block it cannot read as text and closes an open one silently, so each
    deviation is told here.
    """
    option_lines: set[int] = set()
    open_block: tuple[Block, str] | None = None

    def tell(n: int, message: str) -> None:
        column = len(plain[n]) - len(plain[n].lstrip(" \t　")) + 1
        found.problems.append(Problem(path, n + first_line, column, message))

    def unclosed() -> None:
        if open_block:
            block = open_block[0]
            found.problems.append(
                Problem(
                    path,
                    block.line,
                    block.column,
                    f"/// {block.name} が閉じられていません（/// だけの行で閉じます）",
                )
            )

    body: list[int] = []
    for n, line in enumerate(plain):
        if n in option_lines:
            continue
        if "/" not in line and "／" not in line:
            if open_block:
                body.append(n)
        elif end := _BLOCK_END.match(line):
            if open_block is None:
                tell(n, "閉じる /// に対応する始まりがありません")
            else:
                block, marks = open_block
                if len(end["marks"]) != len(marks):
                    tell(n, f"/ の数が始まり（{marks}、{block.line}行目）と違います")
                found.blocks.append(
                    Block(
                        block.name,
                        block.argument,
                        block.line,
                        block.column,
                        block.options,
                        block.options_line,
                        any(plain[b].strip() for b in body),
                    )
                )
            open_block, body = None, []
        elif start := _BLOCK_START.match(line):
            unclosed()
            name = start["name"].lower()
            if name not in BLOCKS:
                message = unknown("ブロック", start["name"], BLOCKS)
                tell(n, message.replace("使える値", "使えるブロック"))
            options: list[str] = []
            while n + 1 + len(options) < len(plain):
                following = plain[n + 1 + len(options)].expandtabs(4)
                if not re.match(r" {4,}\S", following):
                    break
                options.append(following)
            option_lines.update(range(n + 1, n + 1 + len(options)))
            after = n + 1 + len(options)
            if after < len(plain) and name == "cta" and _OPTION_LIKE.match(plain[after]):
                tell(
                    after,
                    "オプションの行は /// のすぐ下に、半角の空白4つで字下げし、"
                    "キーのあとは半角の「: 」で書きます",
                )
            open_block = (
                Block(
                    name,
                    start["argument"] or "",
                    n + first_line,
                    start.start("marks") + 1,
                    "\n".join(option[4:] for option in options),
                    n + 1 + first_line,
                    False,
                ),
                start["marks"],
            )
            body = []
        elif _BLOCK_LIKE.match(line):
            tell(
                n,
                "ブロックとして読めない行です（行頭から半角で /// 名前 | 引数、または /// だけ。"
                "文章として見せるなら ``` で囲みます）",
            )
        elif open_block:
            body.append(n)
    unclosed()
    if open_block:
        found.blocks.append(open_block[0])
    return option_lines


def _ids(prose: str, found: Scan) -> None:
    found.ids.update(m["id"] for m in _RAW_ID.finditer(prose))
    found.ids.update(m["id"] for m in _ATTR_ID.finditer(prose))
    found.ids.update(f"fn:{m['id']}" for m in _FOOTNOTE.finditer(prose))
    if any(block.name in _FORMS for block in found.blocks):
        found.ids.add(FORM_ID)


FORM_ID = "form"
"""The anchor of the form on a page that has one: ``/resources/foo.md#form``."""


def _headings(
    lines: list[str], plain: list[str], option_lines: set[int], first_line: int, found: Scan
) -> None:
    used = set(found.ids)
    chunk_begins = True
    skip = False
    for n, line in enumerate(plain):
        begins, chunk_begins = chunk_begins, not line.strip()
        if skip or n in option_lines:
            skip, chunk_begins = False, True
            continue
        level, text = 0, ""
        if "///" in line and (_BLOCK_START.match(line) or _BLOCK_END.match(line)):
            chunk_begins = True
        elif line.startswith("#") and (m := _HASH.match(line)):
            level, text = len(m["level"]), _HASH.match(lines[n])["text"]  # type: ignore[index]
        elif begins and line.strip() and n + 1 < len(plain) and _SETEXT.match(plain[n + 1]):
            level, text, skip = (1 if plain[n + 1].startswith("=") else 2), lines[n], True
        if level and text.strip():
            chunk_begins = True
            name, own_id = _heading_name(text.strip())
            id_ = own_id or unique(slugify_unicode(name, "-"), used)
            found.headings.append(Heading(level, id_, name, n + first_line))
            found.ids.add(id_)


def _heading_name(text: str) -> tuple[str, str | None]:
    """The text of a heading as its reader sees it, and the id in ``{#id}`` if it has one."""
    if not _MARKUP.search(text):
        return " ".join(text.split()), None
    own_id = None
    if m := AttrListTreeprocessor.HEADER_RE.search(text):
        attrs, remainder = get_attrs_and_remainder(m[1])
        if not remainder:
            own_id = dict(attrs).get("id")
    md = _renderer()
    md.reset()
    md.convert("# " + re.sub(r"\[\^[^\]]*\]", "", text))
    tokens: list[dict[str, str]] = getattr(md, "toc_tokens", [])
    return (html.unescape(tokens[0]["name"]) if tokens else text), own_id


@cache
def _renderer() -> markdown.Markdown:
    return markdown.Markdown(
        extensions=[*INLINE_EXTENSIONS, "toc"],
        extension_configs={"toc": {"slugify": slugify_unicode}},
    )


def _links(prose: str, places: _Places) -> Iterator[Link]:
    for m in _LINK.finditer(prose):
        inner = m["text"]
        yield Link(
            m["target"].strip("<>"),
            *places.at(m.start()),
            image=bool(m["image"]),
            empty_text=not inner.strip(),
        )
        # An image inside a link is a link of its own, which the outer match has swallowed.
        for image in _LINK.finditer(inner):
            yield Link(
                image["target"].strip("<>"),
                *places.at(m.start("text") + image.start()),
                image=bool(image["image"]),
                empty_text=not image["text"].strip(),
            )
    for m in _REFERENCE.finditer(prose):
        yield Link(m["target"], *places.at(m.start("target")))
    for m in _NAMELESS_IMAGE.finditer(prose):
        yield Link(m["target"], *places.at(m.start()), image=True, empty_text=True)
    for m in _RAW_LINK.finditer(prose):
        picture = m["tag"].lower() == "img"
        tag = prose[m.start() : prose.find(">", m.start()) + 1 or None]
        yield Link(
            m["target"],
            *places.at(m.start()),
            image=picture,
            raw=True,
            empty_text=picture and not _RAW_ALT.search(tag),
        )


def _placeholders(prose: str, places: _Places) -> Iterator[Placeholder]:
    for m in _PLACEHOLDER.finditer(prose):
        before = prose[: m.start()].rstrip(" \t")
        after = prose[m.end() :].lstrip(" \t")
        alone = (not before.strip() or before.endswith("\n\n")) and (
            not after.strip() or after.startswith("\n\n")
        )
        yield Placeholder(m["name"], *places.at(m.start()), alone=alone)
