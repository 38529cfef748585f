"""A page of the site, as its front matter and its Markdown tell it."""

from datetime import date

from pydantic import Field, model_validator

from tracker.catalogue.ctas import Cta
from tracker.catalogue.diagnoses import Diagnosis
from tracker.catalogue.gates import Gate
from tracker.catalogue.values import Gap, Value, refuse
from tracker.words import PageKind, Stage

STAGED = frozenset(
    {PageKind.ARTICLE, PageKind.CASE, PageKind.VOICE, PageKind.RESOURCE, PageKind.SEMINAR}
)


class PageFront(Value):
    """The front matter an editor writes at the top of ``site/pages/**/*.md``."""

    title: str = Field(min_length=1)
    description: str = ""
    kind: PageKind
    stage: Stage | None = None
    personas: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    published: date | None = None
    next: tuple[str, ...] = ()
    gate: Gate | None = None
    diagnosis: Diagnosis | None = None

    @model_validator(mode="after")
    def _complete(self) -> "PageFront":
        refuse(page_gaps(self.kind, self.stage, self.gate, self.diagnosis))
        return self


def page_gaps(kind: object, stage: object, gate: object, diagnosis: object) -> list[Gap]:
    """What a page of ``kind`` lacks, or must not have; takes raw front matter too."""
    gaps = []
    if kind in STAGED and stage is None:
        gaps.append(
            Gap(
                ("kind",),
                f"kind: {kind} のページには stage が必要です（使える値: {', '.join(Stage)}）",
            )
        )
    for key, owner, value in (
        ("gate", PageKind.RESOURCE, gate),
        ("diagnosis", PageKind.DIAGNOSIS, diagnosis),
    ):
        if kind == owner and value is None:
            gaps.append(Gap(("kind",), f"kind: {owner} のページには {key} が必要です"))
        if kind != owner and value is not None:
            gaps.append(
                Gap(
                    (key,),
                    f"{key} は kind: {owner} のページだけに書けます（このページは kind: {kind}）",
                )
            )
    return gaps


class Section(Value):
    """One heading (h2 or h3) of a page. ``index`` counts from 1; 0 is what stands above the first."""

    index: int
    id: str
    text: str
    line: int


class Page(PageFront):
    """A page with what its text holds.

    ``path`` is the source below ``site/pages`` (``articles/foo.md``), ``url`` the address below
    the site's root (``articles/foo/``; the home page is ``""``). ``characters`` counts what is
    read: without spaces, markup and code.
    """

    path: str
    url: str
    sections: tuple[Section, ...] = ()
    ctas: tuple[Cta, ...] = ()
    characters: int = 0

    @property
    def minutes(self) -> int:
        """How long it takes to read, at 500 characters a minute; at least 1."""
        return max(1, round(self.characters / 500))
