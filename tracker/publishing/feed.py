"""The site's feed: an Atom document (RFC 4287) of the newest things to read."""

import xml.etree.ElementTree as etree
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from tracker.catalogue.catalogue import Catalogue
from tracker.publishing.related import newest_first
from tracker.words import PageKind

NAME = "feed.xml"
LONGEST = 20
FED = (PageKind.ARTICLE, PageKind.CASE)

_ATOM = "http://www.w3.org/2005/Atom"


def feed(
    catalogue: Catalogue, *, site: str, title: str, about: str, zone: ZoneInfo
) -> bytes | None:
    """The newest ``LONGEST`` dated articles and cases; ``None`` while there are none.

    ``site`` is the address of the home page, with its final slash. A page appears at 9 o'clock
    of its day in ``zone``.
    """
    pages = newest_first(p for p in catalogue.pages if p.kind in FED and p.published)[:LONGEST]
    if not pages:
        return None
    etree.register_namespace("", _ATOM)
    root = etree.Element(_name("feed"), {"{http://www.w3.org/XML/1998/namespace}lang": "ja"})
    _put(root, "id", site)
    _put(root, "title", title)
    _put(root, "subtitle", about)
    _put(root, "link", rel="self", type="application/atom+xml", href=site + NAME)
    _put(root, "link", rel="alternate", type="text/html", href=site)
    _put(etree.SubElement(root, _name("author")), "name", catalogue.firm.name)
    for page in pages:
        assert page.published is not None
        moment = _moment(page.published, zone)
        if page is pages[0]:
            _put(root, "updated", moment)
        entry = etree.SubElement(root, _name("entry"))
        _put(entry, "id", site + page.url)
        _put(entry, "title", page.title)
        _put(entry, "link", rel="alternate", type="text/html", href=site + page.url)
        _put(entry, "published", moment)
        _put(entry, "updated", moment)
        _put(entry, "summary", page.description or page.title)
        for tag in page.tags:
            _put(entry, "category", term=tag)
    etree.indent(root)
    told: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return told + b"\n"


def _moment(day: date, zone: ZoneInfo) -> str:
    return datetime.combine(day, time(9), zone).isoformat()


def _name(tag: str) -> str:
    return f"{{{_ATOM}}}{tag}"


def _put(parent: etree.Element, tag: str, text: str | None = None, **attributes: str) -> None:
    etree.SubElement(parent, _name(tag), attributes).text = text
