"""From the editors' folder to the catalogue, with every mistake on the way, all at once."""

from collections.abc import Iterator
from pathlib import Path

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.firm import Firm
from tracker.catalogue.folder import Folder
from tracker.catalogue.page_files import PageFiles
from tracker.catalogue.personas import Persona, PersonaFront
from tracker.catalogue.problems import Problem, in_order
from tracker.catalogue.scenario_files import ScenarioFiles
from tracker.catalogue.scoring import Scoring


def load(root: Path) -> tuple[Catalogue | None, list[Problem]]:
    """Read what editors wrote below ``root`` (the folder with ``mkdocs.yml`` and ``site/``).

    Never raises for bad content. The catalogue holds what was right, enough for a preview; it is
    fit to publish only if there are no problems. It is ``None`` if ``site/firm.yml`` or
    ``site/scoring.yml`` cannot be used.
    """
    folder = Folder(root)
    firm = folder.settings("site/firm.yml", Firm)
    scoring = folder.settings("site/scoring.yml", Scoring)
    personas = tuple(_personas(folder))
    page_files = PageFiles(folder)
    pages = tuple(page_files.read([path.stem for path in folder.files("site/personas", "*.md")]))
    scenarios = tuple(ScenarioFiles(folder, page_files.site).read())
    catalogue = None
    if firm and scoring:
        catalogue = Catalogue(
            firm=firm, scoring=scoring, personas=personas, pages=pages, scenarios=scenarios
        )
    return catalogue, in_order(folder.problems)


def _personas(folder: Folder) -> Iterator[Persona]:
    for path in folder.files("site/personas", "*.md"):
        document, _, _ = folder.front(f"site/personas/{path.name}")
        if front := folder.valid(PersonaFront, document):
            yield Persona(id=path.stem, **dict(front))
