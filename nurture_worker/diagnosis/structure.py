"""How a page is built, as far as its diagnosis asks."""

from dataclasses import dataclass

from tracker.catalogue import Catalogue
from tracker.diagnosis import READING
from tracker.words import PageKind, Stage


@dataclass(frozen=True)
class CtaPlace:
    """A CTA in its section. ``target`` is the address it leads to."""

    id: str
    label: str
    section: int
    aim: Stage | None
    target: str


@dataclass(frozen=True)
class PageStructure:
    """``headings`` are those of the sections 1, 2, …; ``next_pages`` how many pages are named as
    what to read next."""

    url: str
    title: str
    kind: PageKind
    stage: Stage | None
    headings: tuple[str, ...]
    ctas: tuple[CtaPlace, ...]
    next_pages: int

    @property
    def is_reading(self) -> bool:
        """Whether the page is there to be read, and so to lead on."""
        return self.kind in READING

    def heading(self, section: int) -> str:
        """What stands at ``section``: the top, a heading, or the end."""
        if section <= 0:
            return "冒頭"
        return self.headings[section - 1] if section <= len(self.headings) else "読み終わり"


def structures(catalogue: Catalogue) -> list[PageStructure]:
    """The pages of ``catalogue``, in its order."""
    return [
        PageStructure(
            url=page.url,
            title=page.title,
            kind=page.kind,
            stage=page.stage,
            headings=tuple(section.text for section in page.sections),
            ctas=tuple(
                CtaPlace(
                    cta.id,
                    cta.label,
                    min(cta.section, len(page.sections)),
                    cta.aim,
                    catalogue.url_of(cta.to) or cta.to,
                )
                for cta in page.ctas
            ),
            next_pages=len(page.next),
        )
        for page in catalogue.pages
    ]
