"""All that editors wrote, as frozen values: read by the site build, the tracker and the worker."""

import json
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tracker.catalogue.ctas import Cta
from tracker.catalogue.diagnoses import Diagnosis
from tracker.catalogue.firm import Firm
from tracker.catalogue.gates import Gate
from tracker.catalogue.issues import Issue
from tracker.catalogue.pages import Page
from tracker.catalogue.personas import Persona
from tracker.catalogue.scenarios import Scenario
from tracker.catalogue.scoring import Scoring
from tracker.events import Event
from tracker.words import Entry, PageKind, Stage, Topic

FORMAT = "sodate-catalogue/1"


class CatalogueUnreadableError(Exception):
    """The catalogue's JSON is missing or of another version: `sodate build` makes it anew."""


class Catalogue(BaseModel):
    """The content at one moment. Look-ups return ``None`` for what is not there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    firm: Firm
    scoring: Scoring
    personas: tuple[Persona, ...]
    pages: tuple[Page, ...]
    scenarios: tuple[Scenario, ...]
    issues: tuple[Issue, ...] = ()

    @cached_property
    def hash(self) -> str:
        """Names this content: another word anywhere gives another."""
        return sha256(self.model_dump_json().encode()).hexdigest()

    @cached_property
    def _by_path(self) -> dict[str, Page]:
        return {page.path: page for page in self.pages}

    @cached_property
    def _by_url(self) -> dict[str, Page]:
        return {page.url: page for page in self.pages}

    @cached_property
    def moved(self) -> dict[str, str]:
        """The addresses that pages had before, each with the one its page has now; both below the
        site's root."""
        return {alias.removeprefix("/"): page.url for page in self.pages for alias in page.aliases}

    @cached_property
    def _by_gate(self) -> dict[str, Page]:
        return {page.gate.id: page for page in self.pages if page.gate}

    @cached_property
    def _by_cta(self) -> dict[str, Cta]:
        return {cta.id: cta for page in self.pages for cta in page.ctas}

    def page_at(self, url: str) -> Page | None:
        """The page at ``url`` below the site's root, with or without the leading slash; under an
        address it had before as well."""
        return self._by_url.get(self.now_at(url))

    def now_at(self, url: str) -> str:
        """``url`` without a leading slash; where a page had it before, the one it has now."""
        own = url.removeprefix("/")
        return self.moved.get(own, own)

    def stage_of(self, event: Event) -> Stage | None:
        """The stage of the page an event happened on; ``None`` where there is none."""
        page = None if event.page is None else self.page_at(event.page)
        return page.stage if page else None

    def page_of(self, link: str) -> Page | None:
        """The page an editor's link (``/cases/foo.md#part``) names."""
        return self._by_path.get(link.removeprefix("/").partition("#")[0])

    def url_of(self, link: str) -> str | None:
        """Address below the site's root of an editor's link, its fragment kept."""
        page = self.page_of(link)
        _, hash_, fragment = link.partition("#")
        return None if page is None else page.url + hash_ + fragment

    def gate_page(self, gate_id: str) -> Page | None:
        """The resource page whose gate is ``gate_id``."""
        return self._by_gate.get(gate_id)

    def gate(self, gate_id: str) -> Gate | None:
        page = self.gate_page(gate_id)
        return page.gate if page else None

    def cta(self, cta_id: str) -> Cta | None:
        return self._by_cta.get(cta_id)

    def diagnosis_page(self, diagnosis_id: str | None = None) -> Page | None:
        """The page of that diagnosis; without an id, of the first there is."""
        for page in self.pages:
            if page.diagnosis and diagnosis_id in (None, page.diagnosis.id):
                return page
        return None

    def diagnosis(self, diagnosis_id: str) -> Diagnosis | None:
        page = self.diagnosis_page(diagnosis_id)
        return page.diagnosis if page else None

    def seminar_page(self, seminar_id: str) -> Page | None:
        """The page of that seminar, to come or over."""
        return next((p for p in self.pages if p.seminar and p.seminar.id == seminar_id), None)

    def video_page(self, video_id: str) -> Page | None:
        return next((p for p in self.pages if p.video and p.video.id == video_id), None)

    @property
    def newsletter_page(self) -> Page | None:
        return next((page for page in self.pages if page.newsletter), None)

    @property
    def inquiry_page(self) -> Page | None:
        return next((page for page in self.pages if page.kind is PageKind.INQUIRY), None)

    def issue(self, issue_id: str | None) -> Issue | None:
        return next((issue for issue in self.issues if issue.id == issue_id), None)

    def issue_at(self, url: str) -> Issue | None:
        """The issue that can be read at ``url``, as ``page_at``."""
        return next((one for one in self.issues if one.url == url.removeprefix("/")), None)

    def scenario(self, scenario_id: str) -> Scenario | None:
        return next((s for s in self.scenarios if s.id == scenario_id), None)

    @cached_property
    def newsletter_scenarios(self) -> tuple[str, ...]:
        """The scenarios of who agreed to the newsletter alone."""
        return tuple(s.id for s in self.scenarios if s.topic is Topic.NEWSLETTER)

    def entered_by(self, entry: Entry) -> Scenario | None:
        """The scenario of an occasion."""
        return next((s for s in self.scenarios if s.enter is entry and s.stage is None), None)

    def scenario_for(self, stage: Stage) -> Scenario | None:
        return next((s for s in self.scenarios if s.stage is stage), None)

    def write(self, path: Path) -> None:
        """Write as JSON, in one move, so that a reader never sees half a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        # On one line: with an indent json is written by Python code, ten times as slow.
        text = json.dumps({"format": FORMAT, **self.model_dump(mode="json")}, ensure_ascii=False)
        part.write_text(text, encoding="utf-8")
        part.replace(path)

    @classmethod
    def read(cls, path: Path) -> "Catalogue":
        """Read what ``write`` wrote. Raises ``CatalogueUnreadableError``."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            found = data.pop("format", None)
            if found != FORMAT:
                raise CatalogueUnreadableError(
                    f"{path}: 形式が {found} です（読めるのは {FORMAT}）。sodate build で作り直してください"
                )
            return cls.model_validate(data)
        except FileNotFoundError:
            raise CatalogueUnreadableError(
                f"{path} がありません。sodate build で作ってください"
            ) from None
        except (ValueError, ValidationError) as error:
            raise CatalogueUnreadableError(
                f"{path} を読めません。sodate build で作り直してください（{type(error).__name__}）"
            ) from error
