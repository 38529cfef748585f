"""From an editor's Markdown to the PDF a reader receives: A4, set and printed by Chromium."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from markdown import Markdown
from pydantic import Field

from tracker.catalogue.documents import parse, split_front, validate
from tracker.catalogue.firm import Firm
from tracker.catalogue.problems import Problem
from tracker.catalogue.values import Value

PRINT_SECONDS = 120

_STYLE = Path(__file__).with_name("whitepapers.css")
_EXTENSIONS = (
    "admonition",
    "attr_list",
    "footnotes",
    "md_in_html",
    "sane_lists",
    "tables",
    "pymdownx.tasklist",
)
_QUIET = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)


class WhitepaperUnprintableError(Exception):
    """A whitepaper cannot be printed; the message says which, why, and what to do."""


class WhitepaperFront(Value):
    """The front matter of ``site/whitepapers/<name>.md``. Both are shown on the cover."""

    title: str = Field(min_length=1, max_length=80)
    subtitle: str = Field(default="", max_length=120)


@dataclass(frozen=True)
class Whitepaper:
    """A whitepaper as read. What ``body`` has above its first h2 stands on the cover."""

    front: WhitepaperFront
    body: str


def read_whitepaper(source: Path) -> Whitepaper:
    """Read an editor's file. Raises ``WhitepaperUnprintableError`` with all its mistakes."""
    split = split_front(_text(source))
    if isinstance(split, str):
        raise _told([Problem(str(source), 1, None, split)])
    yaml, body, _ = split
    document, problems = parse(str(source), yaml, first_line=2)
    if document is not None:
        front, more = validate(WhitepaperFront, document)
        if front is not None and not problems:
            return Whitepaper(front, body)
        problems = [*problems, *more]
    raise _told(problems)


def html(paper: Whitepaper, firm: Firm | None = None, folder: Path | None = None) -> str:
    """The page that is printed, complete in itself.

    ``firm`` signs the cover and the end; pictures named by a relative path lie in ``folder``.
    """
    body = Markdown(extensions=list(_EXTENSIONS), output_format="html").convert(paper.body)
    if folder is not None:
        base = folder.resolve().as_uri()
        body = re.sub(r'(<img\b[^>]*\bsrc=")(?![a-z]+:|/)', rf"\g<1>{base}/", body)
    opening, heading, rest = body.partition("<h2")
    title, subtitle = escape(paper.front.title), escape(paper.front.subtitle)
    name = escape(firm.name) if firm else ""
    imprint = f"<footer><b>{name}</b>{escape(firm.contact)}</footer>" if firm else ""
    return f"""<!doctype html>
<html lang="ja">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>{_STYLE.read_text(encoding="utf-8")}
@page {{
  @bottom-left {{ content: {_css_string(paper.front.title)} }}
  @bottom-right {{ content: counter(page) " / " counter(pages) }}
}}
@page :first {{ @bottom-left {{ content: none }} @bottom-right {{ content: none }} }}
</style>
</head>
<body>
<header class="cover">
{_SPROUTS}
<h1>{title}</h1>
<p class="subtitle">{subtitle}</p>
<div class="opening">{opening}</div>
<p class="firm">{name}</p>
</header>
<main>{heading}{rest}{imprint}</main>
</body>
</html>
"""


def print_pdf(source: Path, target: Path, chromium: str, *, firm: Firm | None = None) -> None:
    """Print the Markdown file ``source`` to the A4 PDF ``target``, in one move.

    ``chromium`` is the program's name or path. Raises ``WhitepaperUnprintableError``; ``target``
    is then as it was.
    """
    page = html(read_whitepaper(source), firm, source.parent)
    with TemporaryDirectory(prefix="sodate-print-") as folder:
        set_, printed = Path(folder, "page.html"), Path(folder, "page.pdf")
        set_.write_text(page, encoding="utf-8")
        _run(
            [
                chromium,
                *_QUIET,
                *_sandbox(),
                f"--user-data-dir={folder}/profile",
                f"--print-to-pdf={printed}",
                set_.as_uri(),
            ],
            source,
        )
        if not printed.exists():
            raise WhitepaperUnprintableError(f"{source}: {chromium} がPDFを作りませんでした")
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(printed.read_bytes())
        part.replace(target)


def print_all(folder: Path, chromium: str) -> list[Path]:
    """Print each ``*.md`` of ``folder`` whose PDF beside it is missing or out of date.

    Out of date is older than the Markdown, or than the ``firm.yml`` that signs it (beside
    ``folder``, where there is one). Returns the PDFs printed. Raises
    ``WhitepaperUnprintableError``: all mistakes of all files, before any is printed.
    """
    sheet = folder.parent / "firm.yml"
    firm = _firm(sheet) if sheet.exists() else None
    jobs = [
        (source, source.with_suffix(".pdf"))
        for source in sorted(folder.glob("*.md"))
        if _stale(source.with_suffix(".pdf"), source, sheet)
    ]
    mistakes = []
    for source, _ in jobs:
        try:
            read_whitepaper(source)
        except WhitepaperUnprintableError as error:
            mistakes.append(str(error))
    if mistakes:
        raise WhitepaperUnprintableError("\n".join(mistakes))
    for source, target in jobs:
        print_pdf(source, target, chromium, firm=firm)
    return [target for _, target in jobs]


def _stale(target: Path, *sources: Path) -> bool:
    if not target.exists():
        return True
    printed = target.stat().st_mtime
    return any(source.stat().st_mtime > printed for source in sources if source.exists())


def _firm(sheet: Path) -> Firm:
    document, problems = parse(str(sheet), _text(sheet))
    if document is not None and not problems:
        firm, problems = validate(Firm, document)
        if firm is not None:
            return firm
    raise _told(problems)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise WhitepaperUnprintableError(f"{path}: 読めません（{error.strerror}）") from None
    except UnicodeDecodeError:
        raise WhitepaperUnprintableError(f"{path}: UTF-8 で保存してください") from None


def _told(problems: Sequence[Problem]) -> WhitepaperUnprintableError:
    return WhitepaperUnprintableError("\n".join(str(problem) for problem in problems))


def _run(command: list[str], source: Path) -> None:
    program = command[0]
    try:
        done = subprocess.run(  # noqa: S603 - the operator names the program; no shell
            command, capture_output=True, timeout=PRINT_SECONDS, check=False
        )
    except OSError:
        raise WhitepaperUnprintableError(
            f"Chromium「{program}」を起動できません。インストールするか、場所を確かめてください"
        ) from None
    except subprocess.TimeoutExpired:
        raise WhitepaperUnprintableError(
            f"{source}: {program} が{PRINT_SECONDS}秒たっても印刷を終えません"
        ) from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise WhitepaperUnprintableError(
            f"{source}: {program} が失敗しました（{said[-1] if said else done.returncode}）"
        )


def _sandbox() -> list[str]:
    """Chromium refuses to run as root inside its sandbox, and in a container one often is root."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


def _css_string(text: str) -> str:
    inner = text.replace("\\", r"\\").replace('"', r"\"").replace("<", r"\3c ")
    return f'"{inner}"'


_SPROUTS = """<svg class="sprouts" viewBox="0 0 210 104" aria-hidden="true">
<path d="M0 104V79q52-9 105-4t105-6v35z" fill="#17553a"/>
<g fill="none" stroke="#f4d58a" stroke-width="1.3" stroke-linecap="round">
<path d="M38 77V66"/><path d="M84 76V53"/><path d="M130 77V36"/><path d="M176 75V22"/>
</g>
<defs><path id="leaf" d="M0 0C2-8 10-10 15-9C14-3 8 2 0 0z"/></defs>
<g fill="#f4d58a">
<use href="#leaf" x="38" y="67"/>
<use href="#leaf" x="84" y="55"/><use href="#leaf" transform="translate(84 64) scale(-1 1)"/>
<use href="#leaf" x="130" y="38"/><use href="#leaf" transform="translate(130 49) scale(-1 1)"/>
<use href="#leaf" x="130" y="62"/>
<use href="#leaf" x="176" y="45"/><use href="#leaf" transform="translate(176 54) scale(-1 1)"/>
<use href="#leaf" x="176" y="66"/>
</g>
<g fill="#e0a526">
<circle cx="176" cy="11.6" r="4.6"/><circle cx="184" cy="17.4" r="4.6"/>
<circle cx="181" cy="26.8" r="4.6"/><circle cx="171" cy="26.8" r="4.6"/>
<circle cx="168" cy="17.4" r="4.6"/>
</g>
<circle cx="176" cy="20" r="4.4" fill="#fbfaf6"/>
</svg>"""
