"""``/// cta``, ``gate``, ``diagnosis``, ``inquiry`` and ``stage-pages`` in Markdown.

A Markdown extension like any other: list ``tracker.publishing.blocks`` in ``mkdocs.yml``. The
plugin ``sodate`` hands it the catalogue; where no plugin runs it reads ``root`` itself.
"""

import xml.etree.ElementTree as etree
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from markdown import Markdown
from markdown.util import AtomicString
from markupsafe import Markup
from pymdownx.blocks import BlocksExtension, BlocksProcessor  # type: ignore[import-untyped]
from pymdownx.blocks.block import Block, type_string  # type: ignore[import-untyped]

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.load import load
from tracker.catalogue.markdown import FORM_ID
from tracker.catalogue.pages import Page
from tracker.forms import diagnosis_form, gate_form, inquiry_form
from tracker.words import PageKind

_KINDS = list(PageKind)


class _SodateBlock(Block):  # type: ignore[misc]
    """Knows the catalogue, which is ``None`` while the site has no usable firm or scoring."""

    ARGUMENT = True

    @property
    def catalogue(self) -> Catalogue | None:
        found = self.config["catalogue"]
        return found if isinstance(found, Catalogue) else None

    def on_markdown(self) -> str:
        return "block"


class CtaBlock(_SodateBlock):
    """Its body, and a button that leads to the page ``to``."""

    NAME = "cta"
    OPTIONS: ClassVar[dict[str, Any]] = {
        "to": ["", type_string],
        "label": ["", type_string],
        "aim": ["", type_string],
    }

    def on_create(self, parent: etree.Element) -> etree.Element:
        attributes = {"class": "sodate-cta", "data-cta": self.argument}
        return etree.SubElement(parent, "aside", attributes)

    def on_end(self, block: etree.Element) -> None:
        line = etree.SubElement(block, "p", {"class": "sodate-cta__go"})
        link = etree.SubElement(
            line, "a", {"class": "md-button md-button--primary", "href": self.options["to"]}
        )
        link.text = AtomicString(self.options["label"])


class _FormBlock(_SodateBlock):
    """A form in a div with the anchor ``#form``: an id on the form itself breaks Material's
    script where a field is called ``name``."""

    def on_create(self, parent: etree.Element) -> etree.Element:
        return etree.SubElement(
            parent, "div", {"class": "sodate-form-box", "id": FORM_ID, "data-search-exclude": ""}
        )

    def on_end(self, block: etree.Element) -> None:
        form = self.form()
        if form is not None:
            block.text = AtomicString(self.md.htmlStash.store(str(form)))

    def form(self) -> Markup | None:
        """The form's HTML; ``None`` where the catalogue does not know it."""
        raise NotImplementedError


class GateBlock(_FormBlock):
    NAME = "gate"

    def form(self) -> Markup | None:
        page = self.catalogue.gate_page(self.argument) if self.catalogue else None
        if page is None or page.gate is None or self.catalogue is None:
            return None
        return gate_form(page.gate, self.catalogue.firm.consent, page=page.url)


class InquiryBlock(_FormBlock):
    NAME = "inquiry"

    def form(self) -> Markup | None:
        page = self.catalogue.inquiry_page if self.catalogue else None
        if page is None or self.catalogue is None:
            return None
        return inquiry_form(self.catalogue.firm.consent, page=page.url)


class DiagnosisBlock(_FormBlock):
    NAME = "diagnosis"

    def form(self) -> Markup | None:
        page = self.catalogue.diagnosis_page(self.argument) if self.catalogue else None
        if page is None or page.diagnosis is None:
            return None
        return diagnosis_form(page.diagnosis, page=page.url)


class StagePagesBlock(_SodateBlock):
    """The pages of a stage as cards: by kind, the newest first."""

    NAME = "stage-pages"

    def on_create(self, parent: etree.Element) -> etree.Element:
        return etree.SubElement(parent, "ul", {"class": "sodate-cards"})

    def on_end(self, block: etree.Element) -> None:
        if self.catalogue:
            for page in pages_of(self.argument, self.catalogue.pages):
                _card(block, page)


def pages_of(stage: str, pages: Iterable[Page]) -> list[Page]:
    """What a reader of ``stage`` may read: articles first, within a kind the newest first."""
    there = [page for page in pages if page.stage == stage and page.kind is not PageKind.PAGE]
    there.sort(key=lambda page: page.published.toordinal() if page.published else 0, reverse=True)
    return sorted(there, key=lambda page: _KINDS.index(page.kind))


def _card(parent: etree.Element, page: Page) -> None:
    card = etree.SubElement(parent, "li", {"class": "sodate-card"})
    meta = etree.SubElement(card, "p", {"class": "sodate-card__meta"})
    _text(meta, "span", page.kind.label, f"sodate-kind sodate-kind--{page.kind}")
    if page.kind in (PageKind.ARTICLE, PageKind.CASE, PageKind.VOICE):
        _text(meta, "span", f"約{page.minutes}分", "sodate-minutes")
    title = etree.SubElement(card, "p", {"class": "sodate-card__title"})
    _text(title, "a", page.title).set("href", f"/{page.path}")
    _text(card, "p", page.description, "sodate-card__about")


def _text(parent: etree.Element, tag: str, text: str, class_: str = "") -> etree.Element:
    element = etree.SubElement(parent, tag, {"class": class_} if class_ else {})
    element.text = AtomicString(text)
    return element


class SodateBlocks(BlocksExtension):  # type: ignore[misc]
    """Options: ``catalogue`` (a ``Catalogue``) or ``root`` (the folder to read it from)."""

    def __init__(self, **kwargs: Any) -> None:
        self.config = {
            "catalogue": ["", "the catalogue; read from root if it is not given"],
            "root": [".", "the folder with mkdocs.yml and site/"],
        }
        super().__init__(**kwargs)

    def extendMarkdownBlocks(self, md: Markdown, block_mgr: BlocksProcessor) -> None:
        config = self.getConfigs()
        if config["catalogue"] == "":
            config["catalogue"] = _read(Path(config["root"]).resolve())
        for block in (CtaBlock, GateBlock, DiagnosisBlock, InquiryBlock, StagePagesBlock):
            block_mgr.register(block, config)


@cache
def _read(root: Path) -> Catalogue | None:
    return load(root)[0]


def makeExtension(**kwargs: Any) -> SodateBlocks:
    return SodateBlocks(**kwargs)
