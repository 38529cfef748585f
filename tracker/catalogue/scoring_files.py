"""``site/scoring.yml`` against the site it is for: the pages, CTAs and personas its rules name."""

from collections.abc import Iterator, Sequence

from tracker.catalogue.folder import Folder
from tracker.catalogue.pages import Page
from tracker.catalogue.problems import unknown
from tracker.catalogue.scoring import Scoring, Where, address_of, is_literal

FILE = "site/scoring.yml"

_Loc = tuple[str | int, ...]


def read_scoring(folder: Folder) -> Scoring | None:
    """The rules; ``None`` where they cannot be used, with the reasons told."""
    return folder.settings(FILE, Scoring)


def check_scoring(
    folder: Folder, scoring: Scoring, pages: Sequence[Page], personas: Sequence[str]
) -> None:
    """Tell of every name that is not there. A pattern with ``*`` may mean what is yet to come."""
    document = folder.mapping(FILE)
    assert document is not None  # the rules were read from it
    urls = sorted(f"/{page.url}" for page in pages)
    ctas = sorted(cta.id for page in pages for cta in page.ctas)
    wrong: list[tuple[_Loc, str]] = []
    for loc, where in _wheres(scoring):
        for n, pattern in enumerate(where.pages):
            if is_literal(pattern) and f"/{address_of(pattern)}" not in urls:
                wrong.append(((*loc, "pages", n), unknown("ページ", pattern, urls)))
        for n, pattern in enumerate(where.ctas):
            if is_literal(pattern) and pattern not in ctas:
                wrong.append(((*loc, "ctas", n), unknown("CTA", pattern, ctas)))
    for k, fit in enumerate(scoring.fits):
        for n, persona in enumerate(fit.personas):
            if persona not in personas:
                told = unknown("persona", persona, sorted(personas))
                wrong.append((("fits", k, "personas", n), told))
    folder.problems += [document.problem(loc, told) for loc, told in wrong]


def _wheres(scoring: Scoring) -> Iterator[tuple[_Loc, Where]]:
    for n, rule in enumerate(scoring.points):
        yield ("points", n), rule
    for n, act in enumerate(scoring.hot.acts):
        yield ("hot", "acts", n), act
        for k, part in enumerate(act.also):
            yield ("hot", "acts", n, "also", k), part
