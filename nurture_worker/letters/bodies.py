"""From Markdown to the two bodies of a letter. Pure: the same words give the same letter."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from markdown import Markdown

from tracker.catalogue import Catalogue
from tracker.catalogue.diagnoses import Result
from tracker.catalogue.issues import Issue
from tracker.catalogue.scenarios import Step
from tracker.slots import slot, without_slots

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)(\{[^}]*\})?")
_PLACEHOLDER = re.compile(r"\{\{\s*(name|company)\s*\}\}")
_DIAGNOSIS = re.compile(r"^\{\{\s*diagnosis\s*\}\}\s*$", re.MULTILINE)
_PLACES = re.compile(f"(?m:{_DIAGNOSIS.pattern})|{_LINK.pattern}")
_HEADING = re.compile(r"^#{1,6}\s+(.*)$", re.MULTILINE)
_MARKS = re.compile(r"\*\*(.+?)\*\*|`(.+?)`")
_BAR = re.compile(r"<li>([^<]*)　([■□]{10})　(\d[\d,]*[点人件])</li>")
_BARS = re.compile(rf"<ul>\n(?:{_BAR.pattern}\n)+</ul>")
_CELLS = {"■": ("full", "#1f5a42"), "□": ("empty", "#e8e2d2")}
_ATTRIBUTES = re.compile(r"\{\s*[.#:][^}]*\}")

LinkFor = Callable[[int, str], str]
"""The address to put for the ``n``-th link of a letter (from 0) that leads to a target: an
address below the site's root, or a whole URL."""


@dataclass(frozen=True)
class Letter:
    """What a person gets: subject, preheader, Markdown with its links in place."""

    subject: str
    preview: str
    markdown: str
    name: str = ""
    company: str = ""


@dataclass(frozen=True)
class Draft:
    """A letter before it is anybody's: open places for the reader's name and company, for each
    link, and for their own diagnosis.

    ``targets`` are where the links lead, by their place: an address below the site's root, or a
    whole URL. The place of a diagnosis is that of its one link, and its target is ``None``.
    """

    subject: str
    preview: str
    markdown: str
    targets: tuple[str | None, ...] = ()


def drafted(subject: str, preview: str, markdown: str, catalogue: Catalogue) -> Draft:
    """The draft of what an editor wrote.

    Raises ``KeyError`` for a link to a page that is not in the catalogue.
    """
    targets: list[str | None] = []
    diagnosed = catalogue.diagnosis_page() is not None

    def put(match: re.Match[str]) -> str:
        if match[1] is None:
            if not diagnosed:
                return match[0]
            targets.append(None)
            return slot(f"diagnosis{len(targets) - 1}")
        targets.append(_resolved(match[2], catalogue))
        return f"[{match[1]}]({slot(f'link{len(targets) - 1}')}){match[3] or ''}"

    marked = _PLACES.sub(put, without_slots(markdown))
    return Draft(opened(subject), opened(preview), named(marked), tuple(targets))


def of_issue(issue: Issue, catalogue: Catalogue) -> Draft:
    """The draft of an issue of the newsletter; its last link leads to where it can be read in a
    browser. Raises as ``drafted``."""
    found = drafted(issue.subject, issue.preview, issue.body, catalogue)
    return replace(found, targets=(*found.targets, issue.url))


def of_step(step: Step, catalogue: Catalogue) -> Draft:
    """The draft of a scenario's step. Raises as ``drafted``."""
    return drafted(step.subject, step.preview, step.body, catalogue)


def parted(letter: Letter) -> Draft:
    """The draft of a letter whose links are in place, without them: what many such letters have in
    common."""
    places = iter(range(1_000_000))

    def put(match: re.Match[str]) -> str:
        return f"[{match[1]}]({slot(f'link{next(places)}')}){match[3] or ''}"

    marked = _LINK.sub(put, without_slots(letter.markdown))
    return Draft(opened(letter.subject), opened(letter.preview), named(marked))


def opened(text: str) -> str:
    """A line an editor wrote, with places for the reader's name and company."""
    return named(without_slots(text))


def named(text: str) -> str:
    return _PLACEHOLDER.sub(lambda match: slot(match[1]), text)


def _resolved(target: str, catalogue: Catalogue) -> str:
    if target.startswith(("http://", "https://")):
        return target
    found = catalogue.url_of(target)
    if found is None:
        raise KeyError(target)
    return found


def with_links(markdown: str, catalogue: Catalogue, link_for: LinkFor) -> str:
    """``markdown`` with each link leading through ``link_for``.

    Raises ``KeyError`` for a link to a page that is not in the catalogue.
    """
    places = iter(range(1_000_000))

    def put(match: re.Match[str]) -> str:
        text, target, attributes = match.groups()
        return f"[{text}]({link_for(next(places), _resolved(target, catalogue))}){attributes or ''}"

    return _LINK.sub(put, markdown)


def count_links(markdown: str) -> int:
    """How many links a step's letter holds; its ``{{ diagnosis }}`` is one."""
    return len(_LINK.findall(markdown)) + len(_DIAGNOSIS.findall(markdown))


def with_diagnosis(markdown: str, result: Result | None, page: str) -> str:
    """``markdown`` with ``{{ diagnosis }}`` replaced: by the reader's own report, or by the
    invitation to take it at ``page`` (an editor's link)."""
    return _DIAGNOSIS.sub(lambda _: diagnosis_block(result, page), markdown)


def diagnosis_block(result: Result | None, page: str) -> str:
    """The Markdown that stands for ``{{ diagnosis }}``."""
    return _report(result) if result else _invitation(page)


def _report(result: Result) -> str:
    lines = [
        f"## あなたの3分診断の結果：{result.percent}点（100点満点）",
        "",
        f"**{result.band.label}**。{result.band.text}",
        "",
    ]
    lines += [f"- {row.theme.label}　{bar(row.percent)}　{row.percent}点" for row in result.themes]
    if result.changes:
        lines += ["", f"### まず変える{'一二三'[len(result.changes) - 1]}つのこと", ""]
        lines += [
            f"{n}. **{row.theme.label}**：{row.theme.change}"
            for n, row in enumerate(result.changes, 1)
        ]
    lines += [
        "",
        f"いまの段階（{result.band.stage.label}）に合う、次の一歩はこちらです。",
        "",
        f"[{result.band.button}]({result.band.to}){{ .button }}",
    ]
    return "\n".join(lines)


def _invitation(page: str) -> str:
    return (
        "まだお試しでなければ、3分で終わる診断をご用意しています。質問に答えると、"
        "御社のサイトの弱いところと、まず変える3つのことが分かります。\n\n"
        f"[3分診断をはじめる]({page}){{ .button }}"
    )


def _drawn(bars: re.Match[str]) -> str:
    """A list of bars as a table of coloured cells, which mail programs show that know neither
    pictures nor styles. Where the colours are taken away too, ■ and □ come to light."""
    rows = []
    for label, cells, points in _BAR.findall(bars[0]):
        drawn = "".join(
            f'<td class="{_CELLS[cell][0]}" bgcolor="{_CELLS[cell][1]}">{cell}</td>'
            for cell in cells
        )
        rows.append(
            f'<tr><th scope="row">{label}</th><td class="bar"><table class="cells"'
            ' role="presentation" aria-hidden="true" cellpadding="0" cellspacing="0" border="0">'
            f'<tr>{drawn}</tr></table></td><td class="points">{points}</td></tr>'
        )
    return f'<table class="bars">{"".join(rows)}</table>'


def bar(percent: int) -> str:
    """``percent`` as a bar of ten cells, for where no picture can stand."""
    full = max(0, min(10, round(percent / 10)))
    return "■" * full + "□" * (10 - full)


def as_text(markdown: str) -> str:
    """The letter for who reads plain text. An address stands on a line of its own: below its
    words where these stand alone, below its paragraph where they are in the middle of it."""
    return "\n\n".join(_text_block(block) for block in re.split(r"\n{2,}", markdown.strip()))


def _text_block(block: str) -> str:
    if block.startswith("|"):
        return _text_table(block)
    addresses: list[str] = []

    def put(link: re.Match[str]) -> str:
        if block.strip() == link[0]:
            return f"{link[1]}\n{link[2]}"
        addresses.append(f"→ {link[1]}\n{link[2]}")
        return link[1]

    text = _LINK.sub(put, block)
    text = _ATTRIBUTES.sub("", text)
    text = _HEADING.sub(lambda m: f"■ {m[1]}", text)
    text = _MARKS.sub(lambda m: m[1] or m[2], text)
    return "\n".join([text.rstrip(), *addresses])


def _text_table(block: str) -> str:
    """A table as a list: mail programs show plain text in letters of different widths."""
    rows = [
        [
            _MARKS.sub(lambda m: m[1] or m[2], cell.strip())
            for cell in line.strip().strip("|").split("|")
        ]
        for line in block.splitlines()
    ]
    head, *body = [row for row in rows if set("".join(row)) - set("-: ")]
    return "\n".join(
        "\n".join(
            [
                f"・{row[0]}",
                *(f"　{name}：{cell}" for name, cell in zip(head[1:], row[1:], strict=False)),
            ]
        )
        for row in body
    )


def as_html(markdown: str) -> str:
    html = Markdown(extensions=["attr_list", "tables", "sane_lists", "nl2br"]).convert(markdown)
    return _BARS.sub(_drawn, html)
