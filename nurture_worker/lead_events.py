"""Reader traffic from files of the exchange format ``lead-events/1``: a site file, and events as
JSON Lines, plain or gzipped."""

import gzip
import json
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

from nurture_worker.diagnosis.report import diagnose
from nurture_worker.diagnosis.structure import CtaPlace, FormPlace, PageStructure, Site
from tracker.counts import Counts, FactError, Tally
from tracker.diagnosis import DiagnosisReport
from tracker.words import PageKind, Stage

FORMAT = "lead-events/1"
_LONGEST_LINE = 1_000_000
_MOST_TOLD = 20


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


@dataclass
class Lines:
    """What became of the lines of an events file. ``bad`` are (line number, what is wrong), the
    first few; ``bad_count`` is how many there were."""

    read: int = 0
    bad_count: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)
    unknown_kinds: int = 0
    out_of_period: int = 0
    unknown_pages: dict[str, int] = field(default_factory=dict)
    cut_short: bool = False

    def spoilt(self, number: int, why: str) -> None:
        self.bad_count += 1
        if len(self.bad) < _MOST_TOLD:
            self.bad.append((number, why))

    def told(self) -> list[str]:
        """Sentences for the person who made the file; none where all was well."""
        said = [f"{number}行目: {why}" for number, why in self.bad]
        if self.bad_count > len(self.bad):
            said.append(f"ほかに{self.bad_count - len(self.bad):,}行を読めませんでした")
        if self.bad_count:
            said.append(f"読めない{self.bad_count:,}行を除いて、{self.read:,}行を数えました")
        if self.cut_short:
            said.append("ファイルが途中で切れています。そこまでの行で診断します")
        if self.unknown_pages:
            views = sum(self.unknown_pages.values())
            most = sorted(self.unknown_pages, key=lambda page: (-self.unknown_pages[page], page))
            named = "、".join(most[:3]) + ("など" if len(most) > 3 else "")
            said.append(
                f"サイトのファイルにないページの閲覧が{views:,}回あり、除きました（{named}）"
            )
        if self.out_of_period:
            said.append(f"期間の外の出来事が{self.out_of_period:,}件あり、除きました")
        return said


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
    decode = json.JSONDecoder(parse_constant=_no_constant).decode
    for number, line in _numbered(path, lines):
        try:
            fact = decode(line.decode())
            if type(fact) is not dict:
                raise FactError("JSON の {…} ではありません")
            tally.add(fact)
            lines.read += 1
        except FactError as error:
            lines.spoilt(number, str(error))
        except UnicodeDecodeError:
            lines.spoilt(number, "UTF-8 ではない文字があります")
        except (ValueError, RecursionError):
            lines.spoilt(number, "JSON として読めません")
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


def _numbered(path: Path, lines: Lines) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        number = 0
        while True:
            try:
                line = stream.readline(_LONGEST_LINE)
            except (EOFError, zlib.error, gzip.BadGzipFile):
                lines.cut_short = True
                return
            if not line:
                return
            number += 1
            if len(line) >= _LONGEST_LINE and not line.endswith(b"\n"):
                lines.spoilt(number, "1行が長すぎます")
                while line and not line.endswith(b"\n"):
                    line = stream.readline(_LONGEST_LINE)
                continue
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield number, line


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


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
