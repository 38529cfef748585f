"""For whom there is something to read: pages by stage, persona and kind, and the gaps. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.pages import Page
from tracker.catalogue.personas import Persona
from tracker.words import PageKind, Stage


@dataclass(frozen=True)
class Cell:
    """What one persona finds in one stage. ``missing`` are the kinds that others find there."""

    stage: Stage
    persona: Persona
    pages: tuple[Page, ...]
    missing: tuple[PageKind, ...]

    def of(self, kind: PageKind) -> list[Page]:
        return [page for page in self.pages if page.kind is kind]


@dataclass(frozen=True)
class Coverage:
    """One cell for each stage and persona; ``kinds`` are those any of them holds."""

    cells: tuple[Cell, ...]
    kinds: tuple[PageKind, ...]

    def at(self, stage: Stage, persona: Persona) -> Cell:
        """The cell of ``stage`` and ``persona``."""
        return next(c for c in self.cells if c.stage is stage and c.persona.id == persona.id)

    @property
    def gaps(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.missing or not cell.pages]


def coverage(catalogue: Catalogue) -> Coverage:
    """Of all pages with a stage; a page that names no persona is for each."""
    staged = [page for page in catalogue.pages if page.stage and page.kind is not PageKind.PAGE]
    kinds = [kind for kind in PageKind if any(page.kind is kind for page in staged)]
    return Coverage(tuple(_cells(catalogue.personas, staged)), tuple(kinds))


def _cells(personas: tuple[Persona, ...], staged: list[Page]) -> Iterator[Cell]:
    for stage in Stage:
        here = [page for page in staged if page.stage is stage]
        for persona in personas:
            own = [page for page in here if not page.personas or persona.id in page.personas]
            missing = {page.kind for page in here} - {page.kind for page in own}
            yield Cell(stage, persona, tuple(own), tuple(k for k in PageKind if k in missing))
