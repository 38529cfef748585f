"""The addresses that pages had before: a small page at each leads to where the page is now."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from urllib.parse import quote

from mkdocs.utils import get_relative_url

from tracker.catalogue import Catalogue

_PAGE = """<!doctype html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>{title}</title>
{canonical}<script>{script}</script>
<noscript><meta http-equiv="refresh" content="0; url={to}"></noscript>
</head>
<body>
<p>このページは移りました：<a href="{to}">{title}</a></p>
</body>
</html>
"""
_SCRIPT = (
    'addEventListener("DOMContentLoaded",()=>'
    'location.replace(document.querySelector("a").href+location.search+location.hash))'
)
"""Keeps what the address asks for; the same in every page, so that the site's policy has one more
script to allow. Without scripts the ``refresh`` leads on."""


def pages(catalogue: Catalogue, site: str | None) -> Iterator[tuple[str, str]]:
    """The path below the built site's root, and the text, of each. ``site`` is the address of the
    home page, where it is known."""
    by_url = {page.url: page for page in catalogue.pages}
    for before, now in sorted(catalogue.moved.items()):
        to = escape(quote(get_relative_url(now or ".", before)))
        canonical = f'<link rel="canonical" href="{escape(site + quote(now))}">\n' if site else ""
        text = _PAGE.format(
            title=escape(by_url[now].title), canonical=canonical, script=_SCRIPT, to=to
        )
        yield f"{before}index.html" if before.endswith("/") else before, text


def write(catalogue: Catalogue, site: str | None, folder: Path) -> list[str]:
    """Write them all below ``folder``; returns those in whose place something was built already,
    which stays."""
    taken = []
    for name, text in pages(catalogue, site):
        path = folder / name
        if path.exists():
            taken.append(f"/{name.removesuffix('index.html')}")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return taken
