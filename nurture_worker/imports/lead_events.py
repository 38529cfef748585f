"""A site and its traffic from files of the exchange format ``lead-events/1``, counted and diagnosed."""

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nurture_worker.diagnosis.report import diagnose
from nurture_worker.diagnosis.structure import CtaPlace, FormPlace, PageStructure, Site
from nurture_worker.imports.fact_files import Lines, facts
from tracker.counts import Counts, FactError, Tally
from tracker.diagnosis import DiagnosisReport
from tracker.words import PageKind, Stage

FORMAT = "lead-events/1"


class SiteFileError(Exception):
    """A site file that cannot be used; the message says where and why, in Japanese."""


@dataclass(frozen=True)
class Case:
    """A site as its file tells it, with the period of its traffic (ms since 1970, UTC).

    ``moved`` maps addresses that pages had before to those they have now.
    """

    name: str
    site: Site
    since_ms: int
    until_ms: int
    follow_ms: int
    moved: dict[str, str] = field(default_factory=dict)

    @property
    def since(self) -> datetime:
        return datetime.fromtimestamp(self.since_ms / 1000, UTC)

    @property
    def until(self) -> datetime:
        return datetime.fromtimestamp(self.until_ms / 1000, UTC)


def read_site(path: Path) -> Case:
    """The site told by the file at ``path``. Raises ``SiteFileError`` and ``OSError``."""
    try:
        raw = json.loads(path.read_bytes())
    except ValueError as error:
        raise SiteFileError(f"{path}: JSON として読めません（{error}）") from None
    if not isinstance(raw, dict) or raw.get("format", FORMAT) != FORMAT:
        raise SiteFileError(f"{path}: format が {FORMAT} のサイトのファイルではありません")
    try:
        return _case(raw)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        missing = f"{error} がありません" if isinstance(error, KeyError) else str(error)
        raise SiteFileError(f"{path}: {missing}") from None


def count(case: Case, path: Path) -> tuple[Counts, Lines]:
    """Count the events of the file at ``path``, line by line. A line that cannot be read is
    remembered and passed over. Raises ``OSError``."""
    lines = Lines()
    tally = Tally(case.since_ms, case.until_ms, case.follow_ms, moved=case.moved)
    for number, fact in facts(path, lines):
        try:
            tally.add(fact)
            lines.read += 1
        except FactError as error:
            lines.spoilt(number, str(error))
    counts = tally.counts()
    known = {page.url for page in case.site.pages}
    lines.unknown_kinds = tally.unknown_kinds
    lines.out_of_period = tally.out_of_period
    lines.unknown_pages = {
        url: page.views for url, page in counts.pages.items() if url not in known
    }
    return counts, lines


def diagnosed(site: Path, events: Path) -> tuple[str, DiagnosisReport, list[str]]:
    """The case's name, its diagnosis, and what there is to say of the files. Raises
    ``SiteFileError`` and ``OSError``."""
    case = read_site(site)
    counts, lines = count(case, events)
    return case.name, diagnose(counts, case.site, case.since, case.until), lines.told()


def _case(raw: dict[str, Any]) -> Case:
    window = raw["window"]
    since, until = _whole(window, "start_ms"), _whole(window, "end_ms")
    if until <= since:
        raise ValueError("window の end_ms が start_ms より後ではありません")
    follow = window.get("follow_up_end_ms")
    datetime.fromtimestamp(until / 1000, UTC)  # a time there is
    forms = tuple(
        FormPlace(str(gate["id"]), str(gate["id"]), str(gate["kind"]),
                  tuple((str(name), str(name)) for name in gate.get("fields", ())))
        for gate in raw.get("gates", ())
    )  # fmt: skip
    by_page: dict[str, list[CtaPlace]] = {}
    for cta in raw.get("ctas", ()):
        place = CtaPlace(
            id=str(cta["id"]),
            label=str(cta["id"]),
            section=max(0, _whole(cta, "section")),
            aims=tuple(_stage(aim, f"CTA {cta['id']} の aim") for aim in cta.get("aim", ())),
            target=str(cta.get("gate") or cta["id"]),
            kind=str(cta["kind"]),
            form=str(cta["gate"]) if cta.get("gate") else None,
        )
        by_page.setdefault(str(cta["page"]), []).append(place)
    pages = []
    for article in raw.get("articles", ()):
        slug = str(article["slug"])
        sections = _whole(article, "sections")
        if not 1 <= sections <= 500:
            raise ValueError(f"記事 {slug} の sections が1から500の間ではありません")
        stage = article.get("stage")
        pages.append(
            PageStructure(
                url=slug,
                title=slug,
                kind=PageKind.ARTICLE,
                stage=None if stage is None else _stage(stage, f"記事 {slug} の stage"),
                headings=("",) * (sections - 1),
                ctas=tuple(by_page.get(slug, ())),
                next=tuple(str(slug) for slug in article.get("next", ())),
            )
        )
    if len({page.url for page in pages}) < len(pages):
        raise ValueError("同じ slug の記事が2つあります")
    ids = [cta.id for page in pages for cta in page.ctas]
    if len(set(ids)) < len(ids):
        raise ValueError("同じ id の CTA が2つあります")
    return Case(
        name=str(raw.get("case", "")),
        site=Site(tuple(pages), forms),
        since_ms=since,
        until_ms=until,
        follow_ms=until if follow is None else max(until, _whole(window, "follow_up_end_ms")),
        moved={str(old): str(new) for old, new in raw.get("redirects", {}).items()},
    )


def _whole(values: dict[str, Any], key: str) -> int:
    value = values[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{key} が数ではありません")
    return int(value)


def _stage(word: object, of: str) -> Stage:
    try:
        return Stage(str(word))
    except ValueError:
        raise ValueError(
            f"{of} の {word} は知られていません（使える値: {', '.join(Stage)}）"
        ) from None
