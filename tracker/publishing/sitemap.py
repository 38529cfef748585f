"""What search engines may fetch: ``sitemap.xml`` and ``robots.txt``."""

import xml.etree.ElementTree as etree
from collections.abc import Iterable

from tracker.catalogue.pages import Page

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NOT_PAGES = ("/c/", "/d/", "/confirm/", "/unsubscribe/", "/preferences/", "/desk/", "/inbox/")


def sitemap(pages: Iterable[Page], site: str) -> bytes:
    """Every page of the catalogue with its absolute address, and its day where it has one.

    Material's instant navigation reads it too: a page that is missing here is loaded whole.
    """
    etree.register_namespace("", _SITEMAP)
    root = etree.Element(f"{{{_SITEMAP}}}urlset")
    for page in sorted(pages, key=lambda page: page.url):
        url = etree.SubElement(root, f"{{{_SITEMAP}}}url")
        etree.SubElement(url, f"{{{_SITEMAP}}}loc").text = site + page.url
        if page.published:
            etree.SubElement(url, f"{{{_SITEMAP}}}lastmod").text = page.published.isoformat()
    etree.indent(root)
    told: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return told + b"\n"


def robots(site: str) -> str:
    """Everything but the tracker's doors behind personal links."""
    doors = "".join(f"Disallow: {path}\n" for path in _NOT_PAGES)
    return f"User-agent: *\n{doors}\nSitemap: {site}sitemap.xml\n"
