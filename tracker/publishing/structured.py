"""What a page says of itself to search engines: schema.org, as the values of JSON-LD."""

from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from typing import Any, NamedTuple

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.firm import Firm
from tracker.catalogue.pages import Page
from tracker.catalogue.seminars import Seminar
from tracker.catalogue.videos import Video, address
from tracker.words import PageKind

Thing = dict[str, Any]

_CONTEXT = "https://schema.org"


class Question(NamedTuple):
    question: str
    answer: str


def organization(firm: Firm, site: str) -> Thing:
    """The firm; ``site`` is the address of the home page, with its final slash."""
    return {
        "@type": "Organization",
        "@id": f"{site}#firm",
        "name": firm.name,
        "url": site,
        "email": firm.reply_to,
        "address": firm.postal_address,
    }


def article(page: Page, firm: Firm, site: str, image: str) -> Thing:
    """An article, a case or a voice."""
    dates = {"datePublished": page.published.isoformat()} if page.published else {}
    return {
        "@context": _CONTEXT,
        "@type": "Article",
        "headline": page.title,
        "description": page.description,
        **dates,
        "image": image,
        "inLanguage": "ja",
        "keywords": list(page.tags),
        "mainEntityOfPage": site + page.url,
        "author": organization(firm, site),
        "publisher": organization(firm, site),
    }


def breadcrumbs(trail: Sequence[tuple[str, str]]) -> Thing:
    """``trail`` leads from the home page to the page itself, as names and addresses."""
    return {
        "@context": _CONTEXT,
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": n, "name": name, "item": address}
            for n, (name, address) in enumerate(trail, start=1)
        ],
    }


def collection(page: Page, listed: Iterable[Page], site: str) -> Thing:
    """A page that lists others: those of a stage or for a persona."""
    return {
        "@context": _CONTEXT,
        "@type": "CollectionPage",
        "name": page.title,
        "description": page.description,
        "url": site + page.url,
        "mainEntity": {
            "@type": "ItemList",
            "itemListElement": [
                {"@type": "ListItem", "position": n, "name": one.title, "url": site + one.url}
                for n, one in enumerate(listed, start=1)
            ],
        },
    }


def faq(questions: Iterable[Question]) -> Thing:
    return {
        "@context": _CONTEXT,
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": one.question,
                "acceptedAnswer": {"@type": "Answer", "text": one.answer},
            }
            for one in questions
        ],
    }


def event(page: Page, seminar: Seminar, firm: Firm, site: str) -> Thing:
    """A seminar; one whose place speaks of オンライン is held there."""
    place, online = seminar.place, "オンライン" in seminar.place
    where: Thing = (
        {"@type": "VirtualLocation", "name": place, "url": site + page.url}
        if online
        else {"@type": "Place", "name": place, "address": place}
    )
    mode = "Online" if online else "Offline"
    return {
        "@context": _CONTEXT,
        "@type": "Event",
        "name": page.title,
        "description": page.description,
        "url": site + page.url,
        "startDate": seminar.begins.isoformat(),
        "endDate": seminar.ends.isoformat(),
        "maximumAttendeeCapacity": seminar.capacity,
        "eventStatus": f"{_CONTEXT}/EventScheduled",
        "eventAttendanceMode": f"{_CONTEXT}/{mode}EventAttendanceMode",
        "location": where,
        "organizer": organization(firm, site),
        "isAccessibleForFree": True,
    }


def video(page: Page, shown: Video, firm: Firm, site: str) -> Thing:
    """A video that is there; one still to come is no video yet."""
    dates = {"uploadDate": page.published.isoformat()} if page.published else {}
    return {
        "@context": _CONTEXT,
        "@type": "VideoObject",
        "name": page.title,
        "description": page.description,
        **dates,
        "duration": f"PT{shown.minutes}M",
        "inLanguage": "ja",
        **({"thumbnailUrl": site + address(shown.poster)[1:]} if shown.poster else {}),
        **({"contentUrl": site + address(shown.file)[1:]} if shown.file else {}),
        "publisher": organization(firm, site),
    }


def trail(page: Page, catalogue: Catalogue, site: str) -> list[tuple[str, str]]:
    """From the home page over the page's stage to the page, as names and addresses."""
    steps = [page]
    if page.stage and (over := catalogue.page_of(f"stages/{page.stage}.md")) and over != page:
        steps.insert(0, over)
    return [("ホーム", site), *((step.title, site + step.url) for step in steps)]


def things(
    page: Page, catalogue: Catalogue, site: str, *, image: str, html: str, listed: Sequence[Page]
) -> list[Thing]:
    """All that ``page`` says of itself.

    ``html`` is its built text, ``listed`` the pages its blocks list.
    """
    found: list[Thing] = []
    if page.url == "":
        found.append(
            {
                "@context": _CONTEXT,
                "@type": "WebSite",
                "name": page.title,
                "url": site,
                "inLanguage": "ja",
                "publisher": organization(catalogue.firm, site),
            }
        )
    else:
        found.append(breadcrumbs(trail(page, catalogue, site)))
    if page.url in ("", "about/"):
        found.append({"@context": _CONTEXT, **organization(catalogue.firm, site)})
    if page.kind in (PageKind.ARTICLE, PageKind.CASE, PageKind.VOICE):
        found.append(article(page, catalogue.firm, site, image))
    if page.kind is PageKind.PAGE and listed:
        found.append(collection(page, listed, site))
    if page.seminar:
        found.append(event(page, page.seminar, catalogue.firm, site))
    if page.video and page.video.file:
        found.append(video(page, page.video, catalogue.firm, site))
    if asked := questions(html):
        found.append(faq(asked))
    return found


def questions(html: str) -> list[Question]:
    """The questions and answers that ``/// faq`` blocks have become, as plain text."""
    if "sodate-faq" not in html:
        return []
    reader = _Questions()
    reader.feed(html)
    return reader.found


class _Questions(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Question] = []
        self._inside = 0
        self._in_summary = False
        self._question: list[str] = []
        self._answer: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "details":
            classes = (dict(attrs).get("class") or "").split()
            if self._inside or "sodate-faq" in classes:
                self._inside += 1
        elif tag == "summary" and self._inside == 1:
            self._in_summary = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "summary":
            self._in_summary = False
        elif tag == "details" and self._inside:
            self._inside -= 1
            if not self._inside:
                self.found.append(Question(_line(self._question), _line(self._answer)))
                self._question, self._answer = [], []

    def handle_data(self, data: str) -> None:
        if self._inside:
            (self._question if self._in_summary else self._answer).append(data)


def _line(parts: list[str]) -> str:
    return " ".join("".join(parts).split())
