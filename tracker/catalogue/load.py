"""From the editors' folder to the catalogue, with every mistake on the way, all at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.firm import Firm
from tracker.catalogue.folder import Folder
from tracker.catalogue.issue_files import IssueFiles
from tracker.catalogue.navigation import check_nav
from tracker.catalogue.page_files import PageFiles
from tracker.catalogue.personas import Persona, PersonaFront
from tracker.catalogue.problems import Problem, in_order
from tracker.catalogue.scenario_files import ScenarioFiles, Surroundings
from tracker.catalogue.scenarios import Scenario
from tracker.catalogue.scoring_files import check_scoring, read_scoring
from tracker.catalogue.sendings import Window


@dataclass(frozen=True)
class Reading:
    """What was read. ``problems`` stand in the way of publishing; those of drafts do not."""

    catalogue: Catalogue | None
    problems: list[Problem]
    draft_problems: list[Problem]
    nav: frozenset[str] | None
    """The paths of the pages in the ``nav`` of ``mkdocs.yml``; ``None`` where it has none, so that
    every page stands in the menu."""
    drafts: frozenset[str] = frozenset()
    """The files, from the root, whose front matter says ``draft: true``."""


def load(root: Path) -> tuple[Catalogue | None, list[Problem]]:
    """Read what editors wrote below ``root`` (the folder with ``mkdocs.yml`` and ``site/``).

    Never raises for bad content. The catalogue holds what was right, without drafts; it is fit to
    publish only if there are no problems. It is ``None`` if ``site/firm.yml`` or
    ``site/scoring.yml`` cannot be used.
    """
    found = read(root)
    return found.catalogue, found.problems


def read(root: Path, *, drafts: bool = False) -> Reading:
    """As ``load``, with what else there is to know; with ``drafts``, they are in the catalogue."""
    folder = Folder(root)
    firm = folder.settings("site/firm.yml", Firm)
    scoring = read_scoring(folder)
    personas = tuple(_personas(folder))
    page_files = PageFiles(folder)
    pages = tuple(page_files.read([path.stem for path in folder.files("site/personas", "*.md")]))
    around = Surroundings(
        gates=[page.gate.id for page in pages if page.gate],
        personas=[persona.id for persona in personas],
        seminars=[page.seminar.id for page in pages if page.seminar],
        window=firm.sending.window if firm else Window.model_validate({}),
    )
    steps = ScenarioFiles(folder, page_files.site, page_files.site_with_drafts, around)
    scenarios = tuple(steps.read())
    if scoring:
        check_scoring(folder, scoring, pages, [persona.id for persona in personas])
    issues = IssueFiles(
        folder,
        page_files.site,
        page_files.site_with_drafts,
        around.personas,
    )
    letters = tuple(issues.read())
    nav = check_nav(folder, page_files.site)
    catalogue = None
    if firm and scoring:
        catalogue = Catalogue(
            firm=firm,
            scoring=scoring,
            personas=personas,
            pages=tuple(sorted(pages, key=lambda page: page.path))
            if drafts
            else tuple(page for page in pages if not page.draft),
            scenarios=scenarios if drafts else tuple(_published(scenarios)),
            issues=tuple(issue for issue in letters if drafts or not issue.draft),
        )
    problems = in_order(folder.problems)
    return Reading(
        catalogue,
        [problem for problem in problems if problem.path not in folder.drafts],
        [problem for problem in problems if problem.path in folder.drafts],
        nav,
        frozenset(folder.drafts),
    )


def _published(scenarios: tuple[Scenario, ...]) -> Iterator[Scenario]:
    for scenario in scenarios:
        steps = tuple(step for step in scenario.steps if not step.draft)
        if steps:
            yield scenario.model_copy(update={"steps": steps})


def _personas(folder: Folder) -> Iterator[Persona]:
    for path in folder.files("site/personas", "*.md"):
        document, _, _ = folder.front(f"site/personas/{path.name}")
        if front := folder.valid(PersonaFront, document):
            yield Persona(id=path.stem, **dict(front))
