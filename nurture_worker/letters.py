"""From a step and a reader to a message. Pure: the same values give the same letter."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol

import css_inline
from jinja2 import Environment, PackageLoader
from markdown import Markdown
from markupsafe import escape

from tracker.catalogue import Catalogue
from tracker.catalogue.diagnoses import Result
from tracker.catalogue.firm import Firm
from tracker.catalogue.scenarios import Step
from tracker.inputs import clean

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)(\{[^}]*\})?")
_PLACEHOLDER = re.compile(r"\{\{\s*(name|company)\s*\}\}")
_DIAGNOSIS = re.compile(r"^\{\{\s*diagnosis\s*\}\}\s*$", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s+(.*)$", re.MULTILINE)
_MARKS = re.compile(r"\*\*(.+?)\*\*|`(.+?)`")
_BAR = re.compile(r"<li>([^<]*)　([■□]{10})　(\d[\d,]*[点人件])</li>")
_BARS = re.compile(rf"<ul>\n(?:{_BAR.pattern}\n)+</ul>")
_CELLS = {"■": ("full", "#1f5a42"), "□": ("empty", "#e8e2d2")}
_ATTRIBUTES = re.compile(r"\{\s*[.#:][^}]*\}")

_templates = Environment(
    loader=PackageLoader("nurture_worker"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_inliner = css_inline.CSSInliner(
    keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False
)

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


class Addressee(Protocol):
    """Whose name and company a letter fills in."""

    @property
    def name(self) -> str | None: ...

    @property
    def company(self) -> str | None: ...


@dataclass(frozen=True)
class Envelope:
    """How a letter travels. ``unsubscribe`` is the address of RFC 8058's header and of the
    footer's link, or ``None`` for a mail that is no step (no opt-out applies to it);
    ``preferences`` leads to where its reader chooses their mails, or ``None``."""

    recipient: str
    message_id: str
    list_name: str
    feedback: str
    at: datetime
    unsubscribe: str | None = None
    preferences: str | None = None


def of_step(
    step: Step, catalogue: Catalogue, result: Result | None, link_for: LinkFor, reader: Addressee
) -> Letter:
    """The letter of a scenario's step. ``result`` is the reader's own diagnosis, if they took it.

    Raises ``KeyError`` for a link to a page that is not in the catalogue.
    """
    page = catalogue.diagnosis_page()
    markdown = with_diagnosis(step.body, result, f"/{page.path}") if page else step.body
    return Letter(
        subject=step.subject,
        preview=step.preview,
        markdown=with_links(markdown, catalogue, link_for),
        name=reader.name or "",
        company=reader.company or "",
    )


def with_links(markdown: str, catalogue: Catalogue, link_for: LinkFor) -> str:
    """``markdown`` with each link leading through ``link_for``.

    Raises ``KeyError`` for a link to a page that is not in the catalogue.
    """
    places = iter(range(1_000_000))

    def put(match: re.Match[str]) -> str:
        text, target, attributes = match.groups()
        if not target.startswith(("http://", "https://")):
            found = catalogue.url_of(target)
            if found is None:
                raise KeyError(target)
            target = found
        return f"[{text}]({link_for(next(places), target)}){attributes or ''}"

    return _LINK.sub(put, markdown)


def count_links(markdown: str) -> int:
    """How many links a step's letter holds; its ``{{ diagnosis }}`` is one."""
    return len(_LINK.findall(markdown)) + len(_DIAGNOSIS.findall(markdown))


def with_diagnosis(markdown: str, result: Result | None, page: str) -> str:
    """``markdown`` with ``{{ diagnosis }}`` replaced: by the reader's own report, or by the
    invitation to take it at ``page`` (an editor's link)."""
    block = _report(result) if result else _invitation(page)
    return _DIAGNOSIS.sub(lambda _: block, markdown)


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


def as_text(letter: Letter) -> str:
    """The letter for who reads plain text. An address stands on a line of its own: below its
    words where these stand alone, below its paragraph where they are in the middle of it."""
    blocks = [_text_block(block) for block in re.split(r"\n{2,}", letter.markdown.strip())]
    return _fill("\n\n".join(blocks), letter, lambda value: value)


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


def as_html(letter: Letter) -> str:
    """The letter's Markdown as HTML, the reader's own words escaped."""
    html = Markdown(extensions=["attr_list", "tables", "sane_lists", "nl2br"]).convert(
        letter.markdown
    )
    html = _BARS.sub(_drawn, html)
    return _fill(html, letter, lambda value: str(escape(value)))


def _fill(text: str, letter: Letter, safe: Callable[[str], str]) -> str:
    values = {"name": letter.name or "ご担当者", "company": letter.company}
    return _PLACEHOLDER.sub(lambda m: safe(clean(values[m[1]])), text)


def compose(letter: Letter, envelope: Envelope, firm: Firm) -> EmailMessage:
    """The whole message: multipart/alternative, UTF-8 in base64 (Japanese grows 1.3-fold in it,
    3-fold in quoted-printable), with the headers of RFC 8058, RFC 2919 and RFC 3834.

    The sender's name, postal address and contact stand in the body (特定電子メール法 第4条).
    """
    domain = firm.sender_address.partition("@")[2]
    frame = {
        "firm": firm,
        "unsubscribe": envelope.unsubscribe,
        "preferences": envelope.preferences,
    }
    html = _inliner.inline(
        _templates.get_template("mail.html").render(
            subject=letter.subject, preview=letter.preview, body=as_html(letter), **frame
        )
    )
    text = _templates.get_template("mail.txt").render(body=as_text(letter), **frame)

    message = EmailMessage(policy=SMTP)
    message["From"] = Address(clean(firm.sender_name), addr_spec=firm.sender_address)
    message["To"] = Address(addr_spec=envelope.recipient)
    message["Reply-To"] = Address(addr_spec=firm.reply_to)
    message["Subject"] = clean(_fill(letter.subject, letter, lambda value: value))
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = envelope.message_id
    message["List-Id"] = f"<{envelope.list_name}.{domain}>"
    if envelope.unsubscribe:
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Feedback-ID"] = envelope.feedback
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="base64")
    message.add_alternative(html, subtype="html", cte="base64")
    return message
