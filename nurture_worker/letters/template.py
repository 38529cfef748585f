"""A letter rendered once, and filled for each reader. Pure.

Markdown and the inlining of styles take milliseconds: they are done once for a draft and a frame
(a firm's, with or without the ways out), and kept while they are used. What is filled in is the
reader's own: names (escaped), links, their diagnosis.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Protocol

import css_inline
from jinja2 import Environment, PackageLoader
from markupsafe import escape

from nurture_worker.letters import bodies
from nurture_worker.letters.bodies import Draft, Letter, LinkFor
from nurture_worker.letters.message import Written
from tracker.catalogue import Catalogue
from tracker.catalogue.diagnoses import Result
from tracker.catalogue.firm import Firm
from tracker.inputs import clean
from tracker.slots import Slotted, slot

_templates = Environment(
    loader=PackageLoader("nurture_worker"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_inliner = css_inline.CSSInliner(
    keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False
)
_CUT = slot("cut")
_ALONE = re.compile(r"<p\b[^>]*>\s*(" + slot(r"(?:diagnosis|body)\d+") + r")\s*</p>")

UNSUBSCRIBE, PREFERENCES, TRAP = "unsubscribe", "preferences", "trap"


class Addressee(Protocol):
    """Whose name and company a letter fills in."""

    @property
    def name(self) -> str | None: ...

    @property
    def company(self) -> str | None: ...


@dataclass(frozen=True)
class Frame:
    """What stands around a letter: the sender, and which ways out there are. An issue of the
    newsletter can be read in a ``browser`` too, at the last of its links. A ``trap`` is a link that
    no person sees."""

    firm: Firm
    unsubscribe: bool = False
    preferences: bool = False
    browser: bool = False
    trap: bool = False


@dataclass(frozen=True)
class Template:
    """A letter with its places open. ``targets`` as in ``Draft``."""

    subject: Slotted
    text: Slotted
    html: Slotted
    targets: tuple[str | None, ...]

    @property
    def has_diagnosis(self) -> bool:
        return None in self.targets

    @cached_property
    def hash(self) -> str:
        """Names the letter by all that its readers have in common."""
        words = [self.subject.text, self.text.text, self.html.text, self.targets]
        return sha256(json.dumps(words, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Fill:
    """What is one reader's own, by the name of its place: plain ``values`` (names, addresses), and
    parts of the bodies, plain text and HTML, that are whole."""

    values: Mapping[str, str]
    parts: Mapping[str, tuple[str, str]]


@lru_cache(maxsize=256)
def template_of(draft: Draft, frame: Frame) -> Template:
    """The template of ``draft``, rendered when it is asked for first."""
    return _rendered(draft, frame)


def _rendered(draft: Draft, frame: Frame) -> Template:
    html, text = _framed(draft, frame, bodies.as_html(draft.markdown))
    return Template(
        subject=Slotted.of(draft.subject),
        text=Slotted.of(text),
        html=Slotted.of(_ALONE.sub(r"\1", html)),
        targets=draft.targets,
    )


def written(template: Template, fill: Fill) -> Written:
    """The letter of one reader."""
    plain = {**fill.values, **{name: text for name, (text, _) in fill.parts.items()}}
    safe = {name: str(escape(value)) for name, value in fill.values.items()}
    safe |= {name: html for name, (_, html) in fill.parts.items()}
    return Written(
        subject=template.subject.filled(plain),
        text=template.text.filled(plain),
        html=template.html.filled(safe),
    )


def fill_of(
    template: Template,
    reader: Addressee,
    link_for: LinkFor,
    diagnosis: str | None = None,
    catalogue: Catalogue | None = None,
    **ways: str | None,
) -> Fill:
    """What ``reader`` gets in the open places of ``template``: ``diagnosis`` is the Markdown of
    theirs, whose links lead to pages of ``catalogue``; ``ways`` are the addresses of the frame.

    Raises ``KeyError`` for a link to a page that is not in the catalogue.
    """
    values = named(reader)
    values |= {name: address for name, address in ways.items() if address is not None}
    parts = {}
    for place, target in enumerate(template.targets):
        if target is not None:
            values[f"link{place}"] = link_for(place, target)
        elif diagnosis is not None and catalogue is not None:
            own = bodies.drafted("", "", diagnosis, catalogue)
            parts[f"diagnosis{place}"] = _part(own, place, template, link_for, values)
    return Fill(values, parts)


def named(reader: Addressee) -> dict[str, str]:
    """How a letter calls its reader."""
    return {"name": clean(reader.name or "ご担当者"), "company": clean(reader.company or "")}


def once(letter: Letter, firm: Firm, **ways: str | None) -> Written:
    """A letter that no other reader gets, with its links in place; ``ways`` are the addresses of
    the frame."""
    frame = Frame(firm, bool(ways.get(UNSUBSCRIBE)), bool(ways.get(PREFERENCES)))
    subject, preview, markdown = map(
        bodies.opened, (letter.subject, letter.preview, letter.markdown)
    )
    made = _rendered(Draft(subject, preview, markdown), frame)
    given = {name: address for name, address in ways.items() if address is not None}
    return written(made, Fill({**named(letter), **given}, {}))


BODY = "body0"
NOWHERE = "#"
"""Where links lead that are one reader's alone, when somebody else looks."""


def bare(letter: Letter, frame: Frame) -> tuple[Template, Fill]:
    """A letter that no other reader gets, as what all such letters have in common, and what is
    this one's: its words, with links to nowhere."""
    made = template_of(Draft(slot("subject"), slot("preview"), slot(BODY)), frame)
    draft = bodies.parted(letter)
    text, html = _rendered_part(draft)
    values = named(letter)
    plain = {name: NOWHERE for name in text.names if name.startswith("link")} | values
    part = text.filled(plain), html.filled({n: str(escape(v)) for n, v in plain.items()})
    subject, preview = (Slotted.of(line).filled(values) for line in (draft.subject, draft.preview))
    return made, Fill({"subject": subject, "preview": preview}, {BODY: part})


def diagnosis_of(catalogue: Catalogue, result: Result | None) -> str | None:
    """The Markdown of ``{{ diagnosis }}``; ``None`` for a site that has none."""
    page = catalogue.diagnosis_page()
    return bodies.diagnosis_block(result, f"/{page.path}") if page else None


def _part(
    draft: Draft, place: int, template: Template, link_for: LinkFor, values: Mapping[str, str]
) -> tuple[str, str]:
    """A part with its own links: the first has the place of the part, more of them those behind
    all others."""
    text, html = _rendered_part(draft)
    places = [place, *range(len(template.targets), len(template.targets) + len(draft.targets))]
    links = {
        f"link{n}": link_for(places[n], target)
        for n, target in enumerate(draft.targets)
        if target is not None
    }
    plain = {**values, **links}
    return text.filled(plain), html.filled({n: str(escape(to)) for n, to in plain.items()})


@lru_cache(maxsize=256)
def _rendered_part(draft: Draft) -> tuple[Slotted, Slotted]:
    """Plain text and HTML of a part, with the styles it has in a whole mail."""
    page = _templates.get_template("mail.html").render(
        firm={}, body=_CUT + bodies.as_html(draft.markdown) + _CUT
    )
    html = _inliner.inline(page).split(_CUT)[1]
    return Slotted.of(bodies.as_text(draft.markdown)), Slotted.of(html)


def _framed(draft: Draft, frame: Frame, body: str) -> Sequence[str]:
    about = {
        "firm": frame.firm,
        UNSUBSCRIBE: slot(UNSUBSCRIBE) if frame.unsubscribe else None,
        PREFERENCES: slot(PREFERENCES) if frame.preferences else None,
        TRAP: slot(TRAP) if frame.trap else None,
        "browser": slot(f"link{len(draft.targets) - 1}") if frame.browser else None,
    }
    html = _inliner.inline(
        _templates.get_template("mail.html").render(
            subject=draft.subject, preview=draft.preview, body=body, **about
        )
    )
    text = _templates.get_template("mail.txt").render(body=bodies.as_text(draft.markdown), **about)
    return html, text
