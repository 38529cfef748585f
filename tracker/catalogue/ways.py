"""The ways through the site: which pages nothing leads to, and which lead nowhere. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.pages import Page
from tracker.words import PageKind

HOME = "index.md"


class Ways:
    """The links, CTAs and lists that editors laid; what a theme adds by itself is none of them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._listed: defaultdict[str, list[str]] = defaultdict(list)
        for page in catalogue.pages:
            if page.kind is not PageKind.PAGE:
                for key in (f"stage {page.stage}", *(f"persona {who}" for who in page.personas)):
                    self._listed[key].append(page.path)
                if page.kind is PageKind.SEMINAR:
                    self._listed["seminars"].append(page.path)

    def on(self, page: Page) -> Iterator[str]:
        """The paths of the pages that ``page`` leads to; some may come twice."""
        yield from page.links
        for link in page.next:
            yield _path(link)
        for cta in page.ctas:
            yield _path(cta.to)
        if page.diagnosis:
            for band in page.diagnosis.bands:
                yield _path(band.to)
        if page.seminar and page.seminar.recording:
            yield _path(page.seminar.recording)
        for stage in page.lists:
            yield from self._listed[f"stage {stage}"]
        for persona in page.persona_lists:
            yield from self._listed[f"persona {persona}"]
        if page.seminar_lists:
            yield from self._listed["seminars"]

    def unreachable(self, entrances: Collection[str]) -> list[Page]:
        """The pages to which no way leads from the home page or one of ``entrances``."""
        reached: set[str] = set()
        waiting = [HOME, *entrances]
        while waiting:
            path = waiting.pop()
            page = self._catalogue.page_of(path)
            if path not in reached and page is not None:
                reached.add(path)
                waiting.extend(self.on(page))
        return [page for page in self._catalogue.pages if page.path not in reached]

    def dead_ends(self) -> list[Page]:
        """The pages that offer neither a link, nor a CTA, nor a next page, nor a form."""
        return [
            page
            for page in self._catalogue.pages
            if not _has_form(page) and not any(path != page.path for path in self.on(page))
        ]


def _path(link: str) -> str:
    return link.removeprefix("/").partition("#")[0]


def _has_form(page: Page) -> bool:
    """Something to fill in is a way on."""
    forms = (page.gate, page.diagnosis, page.seminar, page.newsletter)
    return page.kind is PageKind.INQUIRY or any(forms)
