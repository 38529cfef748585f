"""``/// cta``, ``gate``, ``diagnosis``, ``inquiry``, ``seminar``, ``newsletter``, ``video``, ``faq``
and the lists ``stage-pages``, ``persona-pages`` and ``seminars`` in Markdown.

A Markdown extension like any other: list ``tracker.publishing.blocks`` in ``mkdocs.yml``. The
plugin ``sodate`` hands it the catalogue; where no plugin runs it reads ``root`` itself.
"""

import xml.etree.ElementTree as etree
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pymdownx.blocks  # type: ignore[import-untyped]
import yaml
from markdown import Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from markupsafe import Markup
from pymdownx.blocks import BlocksExtension, BlocksProcessor
from pymdownx.blocks.block import Block, type_string  # type: ignore[import-untyped]

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.documents import Loader
from tracker.catalogue.load import load
from tracker.catalogue.markdown import FORM_ID
from tracker.catalogue.pages import Page
from tracker.forms import contact_form, diagnosis_form
from tracker.publishing.assets import address_of_forms_script
from tracker.publishing.players import player
from tracker.publishing.related import READING, newest_first
from tracker.publishing.seminars import seminar_box, seminar_list
from tracker.words import PageKind, Stage

_KINDS = list(PageKind)


def _options(text: str) -> dict[str, Any] | None:
    """A block's option lines, ``None`` where they are none."""
    try:
        found = yaml.load(text, Loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError):
        return None
    return {} if found is None else found if isinstance(found, dict) else None


# PyMdown's own reads them with PyYAML's slow parser: six times the time, on every CTA.
pymdownx.blocks.get_frontmatter = _options


class _SodateBlock(Block):  # type: ignore[misc]
    """Knows the catalogue, which is ``None`` while the site has no usable firm or scoring."""

    ARGUMENT = True

    @property
    def catalogue(self) -> Catalogue | None:
        found = self.config["catalogue"]
        if found == "":  # only now, as MkDocs makes the extension once to see whether it can
            found = _read(Path(self.config["root"]).resolve())
        return found if isinstance(found, Catalogue) else None

    @property
    def now(self) -> datetime:
        """When the site is built: decides what is over."""
        told = self.config["now"]
        return told if isinstance(told, datetime) else datetime.now(UTC)

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
        return etree.SubElement(parent, "div", {"class": "sodate-form-box", "id": FORM_ID})

    def on_end(self, block: etree.Element) -> None:
        form = self.form()
        if form is not None:
            # Beside the form, and not in every page's head: instant navigation runs it too.
            script = Markup('<script src="{}" defer></script>').format(address_of_forms_script())
            block.text = AtomicString(self.md.htmlStash.store(str(form + script)))

    def form(self) -> Markup | None:
        """The form's HTML; ``None`` where the catalogue does not know it."""
        raise NotImplementedError


class _ContactBlock(_FormBlock):
    def form(self) -> Markup | None:
        page = self.page(self.catalogue) if self.catalogue else None
        form = contact_form(page) if page else None
        return form.html(self.catalogue.firm.consent) if form and self.catalogue else None

    def page(self, catalogue: Catalogue) -> Page | None:
        """The page whose form this is."""
        raise NotImplementedError


class GateBlock(_ContactBlock):
    NAME = "gate"

    def page(self, catalogue: Catalogue) -> Page | None:
        return catalogue.gate_page(self.argument)


class InquiryBlock(_ContactBlock):
    NAME = "inquiry"

    def page(self, catalogue: Catalogue) -> Page | None:
        return catalogue.inquiry_page


class DiagnosisBlock(_FormBlock):
    NAME = "diagnosis"

    def form(self) -> Markup | None:
        page = self.catalogue.diagnosis_page(self.argument) if self.catalogue else None
        if page is None or page.diagnosis is None:
            return None
        steps = f"/diagnoses/{page.diagnosis.id}/steps/1"
        return diagnosis_form(page.diagnosis, page=page.url, steps=steps)


class NewsletterBlock(_ContactBlock):
    NAME = "newsletter"

    def page(self, catalogue: Catalogue) -> Page | None:
        return catalogue.newsletter_page


class SeminarBlock(_SodateBlock):
    """When and where, and the form for a place, the recording, or that it is over."""

    NAME = "seminar"

    def on_create(self, parent: etree.Element) -> etree.Element:
        return etree.SubElement(parent, "div", {"class": "sodate-seminar"})

    def on_end(self, block: etree.Element) -> None:
        page = self.catalogue.seminar_page(self.argument) if self.catalogue else None
        if page is None or page.seminar is None or self.catalogue is None:
            return
        seminar = page.seminar
        recording = self.catalogue.page_of(seminar.recording) if seminar.recording else None
        form = contact_form(page)
        assert form is not None
        shown = form.html(self.catalogue.firm.consent)
        seminar_box(block, seminar, shown, recording, self.now, self.md.htmlStash.store)


class SeminarsBlock(_SodateBlock):
    """The seminars to come, or those that were, as cards."""

    NAME = "seminars"

    def on_create(self, parent: etree.Element) -> etree.Element:
        return etree.SubElement(parent, "div", {"class": "sodate-seminars"})

    def on_end(self, block: etree.Element) -> None:
        if self.catalogue:
            seminar_list(block, self.argument, self.catalogue.pages, self.now)


class VideoBlock(_SodateBlock):
    """The player, and the block's body as the transcript that unfolds below it."""

    NAME = "video"

    def on_create(self, parent: etree.Element) -> etree.Element:
        return etree.SubElement(parent, "div", {"class": "sodate-video"})

    def on_end(self, block: etree.Element) -> None:
        said = list(block)
        for part in said:
            block.remove(part)
        block.text = None
        page = self.catalogue.video_page(self.argument) if self.catalogue else None
        if page is None or page.video is None:
            return
        block.text = AtomicString(self.md.htmlStash.store(str(player(page.video, page.title))))
        if said:
            transcript = etree.SubElement(block, "details", {"class": "sodate-transcript"})
            etree.SubElement(transcript, "summary").text = AtomicString("動画の内容を文章で読む")
            transcript.extend(said)


class FaqBlock(_SodateBlock):
    """A question, and its body as the answer that unfolds below it."""

    NAME = "faq"

    def on_create(self, parent: etree.Element) -> etree.Element:
        block = etree.SubElement(parent, "details", {"class": "sodate-faq"})
        etree.SubElement(block, "summary").text = AtomicString(self.argument)
        return block


class StagePagesBlock(_SodateBlock):
    """The pages of a stage as cards: by kind, the newest first."""

    NAME = "stage-pages"

    def on_create(self, parent: etree.Element) -> etree.Element:
        return etree.SubElement(parent, "ul", {"class": "sodate-cards"})

    def on_end(self, block: etree.Element) -> None:
        if self.catalogue:
            _cards(block, pages_of(self.argument, self.catalogue.pages))


class PersonaPagesBlock(_SodateBlock):
    """What is written for a persona, as cards under each stage."""

    NAME = "persona-pages"

    def on_create(self, parent: etree.Element) -> etree.Element:
        return etree.SubElement(parent, "div", {"class": "sodate-by-stage"})

    def on_end(self, block: etree.Element) -> None:
        if not self.catalogue:
            return
        for stage in Stage:
            found = pages_for(self.argument, stage, self.catalogue.pages)
            if not found:
                continue
            name = f"{self.argument}-{stage}"
            title = etree.SubElement(block, "p", {"class": "sodate-by-stage__title", "id": name})
            _text(title, "span", stage.label, f"sodate-stage sodate-stage--{stage}")
            cards = {"class": "sodate-cards", "aria-labelledby": name}
            cards_list = etree.SubElement(block, "ul", cards)
            _cards(cards_list, found)


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


def _cards(parent: etree.Element, pages: Iterable[Page]) -> None:
    for n, page in enumerate(pages):
        if n < WHOLE_CARDS:
            _card(parent, page)
        else:
            card = etree.SubElement(parent, "li", {"class": "sodate-card"})
            title = etree.SubElement(card, "p", {"class": "sodate-card__title"})
            _text(title, "a", page.title).set("href", f"/{page.path}")


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


class _Cells(Treeprocessor):
    """The cells of tables as the site can show them.

    Their alignment becomes a class: a style attribute would be refused by the site's
    Content-Security-Policy. The empty corner of a table heads nothing.
    """

    def run(self, root: etree.Element) -> None:
        for cell in root.iter():
            if cell.tag not in ("td", "th"):
                continue
            if cell.tag == "th" and not len(cell) and not (cell.text or "").strip():
                cell.tag = "td"
            style = cell.get("style", "")
            if style.startswith("text-align: "):
                del cell.attrib["style"]
                cell.set("class", f"sodate-{style.removeprefix('text-align: ').rstrip(';')}")


class SodateBlocks(BlocksExtension):  # type: ignore[misc]
    """Options: ``catalogue`` (a ``Catalogue``) or ``root`` (the folder to read it from)."""

    def __init__(self, **kwargs: Any) -> None:
        self.config = {
            "catalogue": ["", "the catalogue; read from root if it is not given"],
            "root": [".", "the folder with mkdocs.yml and site/"],
            "now": ["", "when the site is built (a datetime); now if it is not given"],
        }
        super().__init__(**kwargs)

    def extendMarkdownBlocks(self, md: Markdown, block_mgr: BlocksProcessor) -> None:
        config = self.getConfigs()
        for block in (
            CtaBlock,
            GateBlock,
            DiagnosisBlock,
            InquiryBlock,
            NewsletterBlock,
            SeminarBlock,
            SeminarsBlock,
            VideoBlock,
            FaqBlock,
            StagePagesBlock,
            PersonaPagesBlock,
        ):
            block_mgr.register(block, config)
        md.treeprocessors.register(_Cells(md), "sodate-cells", 1)


@cache
def _read(root: Path) -> Catalogue | None:
    return load(root)[0]


def makeExtension(**kwargs: Any) -> SodateBlocks:
    return SodateBlocks(**kwargs)
