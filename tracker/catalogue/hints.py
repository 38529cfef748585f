"""What is not wrong, but worth an editor's look: it never stands in the way of publishing."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.coverage import coverage
from tracker.catalogue.folder import TO_BE_WRITTEN
from tracker.catalogue.history import STALE_AFTER, last_changes
from tracker.catalogue.load import Reading
from tracker.catalogue.markdown import scan
from tracker.catalogue.pages import Page
from tracker.catalogue.problems import Problem, in_order
from tracker.catalogue.ways import Ways

_QUOTED = re.compile(r"""["']/?([a-z0-9_/-]*/)["'#?]""")


def hints(root: Path, reading: Reading, today: date) -> list[Problem]:
    """The hints on what was read below ``root``; asks git for the age of pages."""
    found = list(_drafts(reading))
    found += _unused_files(root, reading.catalogue)
    if reading.catalogue:
        catalogue = reading.catalogue
        found += _ways(catalogue, entrances(root, reading))
        found += _stale(stale(catalogue, ages(root, catalogue, today), today))
        found += _gaps(catalogue)
    return in_order(found)


def _drafts(reading: Reading) -> Iterator[Problem]:
    for file in reading.drafts:
        own = [problem for problem in reading.draft_problems if problem.path == file]
        places = [problem for problem in own if problem.message.startswith(TO_BE_WRITTEN)]
        first = min((problem.line for problem in places), default=1)
        left = f"。書きかけが{len(places)}か所あります" if places else ""
        yield Problem(
            file, first, None, f"下書きです（公開するなら draft: true の行を消します{left}）"
        )
        for problem in own:
            if problem not in places:
                yield Problem(
                    problem.path, problem.line, problem.column, f"下書き: {problem.message}"
                )


def entrances(root: Path, reading: Reading) -> set[str]:
    """The paths of the pages that the menu, or a link in the theme, leads to."""
    if reading.catalogue is None:
        return set()
    if reading.nav is None:
        return {page.path for page in reading.catalogue.pages}
    urls = {
        url
        for template in (root / "site/theme").glob("**/*.html")
        for url in _QUOTED.findall(template.read_text(encoding="utf-8", errors="replace"))
    }
    return {*reading.nav} | {page.path for page in reading.catalogue.pages if page.url in urls}


def ages(root: Path, catalogue: Catalogue, today: date) -> dict[str, date]:
    """The day each page was last touched, by its path: ``published`` or the last commit, whichever
    is later. What has neither is missing."""
    days = {page.path: page.published for page in catalogue.pages if page.published}
    asked = [
        f"site/pages/{page.path}"
        for page in catalogue.pages
        if page.path not in days or today - days[page.path] > STALE_AFTER
    ]
    for file, day in last_changes(root, asked, today).items():
        path = file.removeprefix("site/pages/")
        days[path] = max(day, days.get(path, day))
    return days


def stale(
    catalogue: Catalogue, touched: Mapping[str, date], today: date
) -> list[tuple[Page, date]]:
    """The pages not touched for more than twelve months, the oldest first."""
    old = [
        (page, touched[page.path])
        for page in catalogue.pages
        if page.path in touched and today - touched[page.path] > STALE_AFTER
    ]
    return sorted(old, key=lambda found: (found[1], found[0].path))


def _stale(old: list[tuple[Page, date]]) -> Iterator[Problem]:
    for page, day in old:
        yield _of_page(
            page,
            f"{day}から1年以上、手が入っていません（読み直し、正しければ published を今日にします）",
        )


def _ways(catalogue: Catalogue, entrances: Collection[str]) -> Iterator[Problem]:
    ways = Ways(catalogue)
    lost = ways.unreachable(entrances)
    mailed = _linked_in_mails(catalogue) if lost else set()
    for page in lost:
        yield _of_page(
            page,
            "ステップメールからしか開けません"
            if page.path in mailed
            else "どこからもたどり着けません（記事、next、CTA、mkdocs.yml の nav のどれかから道をつなぎます）",
        )
    for page in ways.dead_ends():
        yield _of_page(
            page, "行き止まりです（next、CTA、本文のリンクのどれかで、次の一歩を置きます）"
        )


def _linked_in_mails(catalogue: Catalogue) -> set[str]:
    return {
        link.target.removeprefix("/").partition("#")[0]
        for scenario in catalogue.scenarios
        for step in scenario.steps
        for link in scan(step.path, step.body).links
    }


def _gaps(catalogue: Catalogue) -> Iterator[Problem]:
    for cell in coverage(catalogue).gaps:
        kinds = "・".join(kind.label for kind in cell.missing)
        what = f"{kinds}がありません" if cell.pages else "ページが1つもありません"
        yield Problem(
            f"site/personas/{cell.persona.id}.md",
            1,
            None,
            f"{cell.stage.label}（{cell.stage}）の「{cell.persona.name}」に向けた{what}",
        )


def _unused_files(root: Path, catalogue: Catalogue | None) -> Iterator[Problem]:
    used = {page.gate.file for page in catalogue.pages if page.gate} if catalogue else set()
    for path in sorted((root / "site/whitepapers").glob("*.pdf")):
        if catalogue and path.name not in used:
            yield Problem(
                f"site/whitepapers/{path.name}", 1, None, "この資料を渡すフォームがありません"
            )


def _of_page(page: Page, message: str) -> Problem:
    return Problem(f"site/pages/{page.path}", 1, None, message)
