"""Lists of pages, as cards or by title, as they stand in a page's text."""

import xml.etree.ElementTree as etree
from collections.abc import Iterable

from markdown.util import AtomicString

from tracker.catalogue.pages import Page
from tracker.publishing.related import READING, newest_first
from tracker.words import PageKind, Stage

_KINDS = list(PageKind)


def pages_of(stage: str, pages: Iterable[Page]) -> list[Page]:
    """What a reader of ``stage`` may read: articles first, within a kind the newest first."""
    there = [page for page in pages if page.stage == stage and page.kind is not PageKind.PAGE]
    return sorted(newest_first(there), key=lambda page: _KINDS.index(page.kind))


def pages_for(persona: str, stage: Stage, pages: Iterable[Page]) -> list[Page]:
    """What a reader like ``persona`` may read in ``stage``, in the order of ``pages_of``."""
    return [page for page in pages_of(stage, pages) if persona in page.personas]


WHOLE_CARDS = 60
"""How many pages of one list are shown with what they are about; further ones by title alone, as
a list of hundreds is looked through, not read."""


def cards(parent: etree.Element, pages: Iterable[Page]) -> None:
    """``pages`` as the items of the list ``parent``."""
    for n, page in enumerate(pages):
        if n < WHOLE_CARDS:
            _card(parent, page)
        else:
            card = etree.SubElement(parent, "li", {"class": "sodate-card"})
            title = etree.SubElement(card, "p", {"class": "sodate-card__title"})
            _text(title, "a", page.title).set("href", f"/{page.path}")


def by_stage(parent: etree.Element, persona: str, pages: Iterable[Page]) -> None:
    """What is written for ``persona``, as cards under each stage that has any."""
    pages = tuple(pages)
    for stage in Stage:
        found = pages_for(persona, stage, pages)
        if not found:
            continue
        name = f"{persona}-{stage}"
        title = etree.SubElement(parent, "p", {"class": "sodate-by-stage__title", "id": name})
        _text(title, "span", stage.label, f"sodate-stage sodate-stage--{stage}")
        attributes = {"class": "sodate-cards", "aria-labelledby": name}
        cards(etree.SubElement(parent, "ul", attributes), found)


def newest(parent: etree.Element, most: int, pages: Iterable[Page]) -> None:
    """At most ``most`` of what is read for its own sake and has a day, each with it."""
    dated = newest_first(p for p in pages if p.kind in READING and p.published)
    for page in dated[:most]:
        assert page.published is not None
        item = etree.SubElement(parent, "li")
        _text(item, "a", page.title).set("href", f"/{page.path}")
        day = page.published
        time = _text(item, "time", f"{day.year}年{day.month}月{day.day}日")
        time.set("datetime", day.isoformat())


def _card(parent: etree.Element, page: Page) -> None:
    card = etree.SubElement(parent, "li", {"class": "sodate-card"})
    meta = etree.SubElement(card, "p", {"class": "sodate-card__meta"})
    _text(meta, "span", page.kind.label, f"sodate-kind sodate-kind--{page.kind}")
    if page.kind in READING:
        _text(meta, "span", f"約{page.minutes}分", "sodate-minutes")
    title = etree.SubElement(card, "p", {"class": "sodate-card__title"})
    _text(title, "a", page.title).set("href", f"/{page.path}")
    _text(card, "p", page.description, "sodate-card__about")


def _text(parent: etree.Element, tag: str, text: str, class_: str = "") -> etree.Element:
    element = etree.SubElement(parent, tag, {"class": class_} if class_ else {})
    element.text = AtomicString(text)
    return element
