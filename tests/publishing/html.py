"""Built pages, read back."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

_LOADS = {"script": "src", "img": "src", "source": "src", "iframe": "src", "video": "src"}
_LINK_RELS = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "preconnect"}


@dataclass
class Parsed(HTMLParser):
    """What a page loads, and the ids of its h2 and h3 within the article, in order."""

    loads: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    ctas: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._in_article = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "article":
            self._in_article = True
        if tag in _LOADS and _LOADS[tag] in given:
            self.loads.append(given[_LOADS[tag]])
        if tag == "link" and _LINK_RELS & set(given.get("rel", "").split()):
            self.loads.append(given["href"])
        self.loads += re.findall(r"url\(['\"]?([^'\")]+)", given.get("style", ""))
        if "id" in given:
            self.ids.append(given["id"])
        if self._in_article:
            if tag in ("h2", "h3") and "id" in given:
                self.sections.append(given["id"])
            if "data-cta" in given:
                self.ctas.append(given["data-cta"])
            if tag == "a":
                self.links.append(given.get("href", ""))
            if tag == "form":
                self.forms.append(given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "article":
            self._in_article = False


def read(page: Path) -> Parsed:
    parsed = Parsed()
    parsed.feed(page.read_text(encoding="utf-8"))
    return parsed
