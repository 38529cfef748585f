"""What can be said of a page without any figures: how it is built."""

from collections.abc import Iterable, Sequence

from nurture_worker.diagnosis.structure import CtaPlace, PageStructure
from tracker.diagnosis import Note, NoteKind
from tracker.said import Said, joined
from tracker.words import Stage

_LATE = 0.6
_FAR_APART = 2


def notes(pages: Iterable[PageStructure]) -> list[Note]:
    """Remarks on pages that are there to be read, page by page in their order."""
    return [note for page in pages if page.is_reading for note in _of_page(page)]


def gaps(pages: Sequence[PageStructure]) -> list[Note]:
    """Remarks on stages that no page serves."""
    served = {page.stage for page in pages if page.is_reading}
    return [
        Note(
            kind="no_content",
            page="",
            title=Said("「%(stage)s」の段階", stage=Said(stage.label)),
            where=Said("サイト全体"),
            what=Said("この段階の読者に向けた記事や事例が1本もありません"),
            how=Said("この段階の問いに答える記事を1本書く"),
        )
        for stage in Stage
        if served and stage not in served
    ]


def _of_page(page: PageStructure) -> list[Note]:
    def note(kind: NoteKind, what: Said, how: Said, cta: CtaPlace | None = None) -> Note:
        where = Said("ページの終わり")
        if cta is not None:
            where = Said("CTA「%(label)s」", label=cta.label) if cta.label else Said("CTA")
        return Note(
            kind=kind,
            page=page.url,
            title=page.title,
            where=where,
            what=what,
            how=how,
            cta=cta.id if cta else None,
        )

    if not page.ctas and not page.next:
        return [
            note(
                "no_way_on",
                Said("CTAも次に読むページもなく、読み終えた人の行き先がありません"),
                Said("次の段階の資料へのCTAを1つ置き、next に次の記事を書く"),
            )
        ]
    found = []
    if not page.ctas:
        found.append(note("no_cta", Said("CTAが1つもありません"), Said("次の段階へのCTAを1つ置く")))
    if not page.next:
        found.append(
            note("no_next", Said("次に読むページがありません"), Said("next に次の段階の記事を書く"))
        )
    length = len(page.headings)
    if page.ctas and length >= 3 and all(c.section > _LATE * length for c in page.ctas):
        found.append(
            note(
                "late_cta",
                Said("CTAが後ろの4割にしかありません"),
                Said("答えを書いた見出しの終わりにも置く"),
            )
        )
    for cta in page.ctas:
        distance = cta.distance(page.stage)
        if page.stage and distance is not None and distance >= _FAR_APART:
            found.append(
                note(
                    "stage_gap",
                    leads_to(page.stage, cta.aims),
                    Said("間の段階の資料や事例へのCTAを先に置く"),
                    cta,
                )
            )
    by_section: dict[int, list[CtaPlace]] = {}
    for cta in page.ctas:
        by_section.setdefault(cta.section, []).append(cta)
    for section, ctas in by_section.items():
        if len(ctas) > 1:
            found.append(
                note(
                    "shared_section",
                    Said(
                        "「%(heading)s」に%(ctas)sつのCTAが並んでいます",
                        heading=page.called(section),
                        ctas=str(len(ctas)),
                    ),
                    Said("1つに絞るか、別の見出しへ移す"),
                    ctas[0],
                )
            )
    return found


def leads_to(stage: Stage | None, aims: Sequence[Stage]) -> Said:
    """That a page for ``stage`` has a CTA for other stages."""
    return Said(
        "「%(stage)s」のページから「%(aims)s」へ誘っています",
        stage=Said(stage.label) if stage else "",
        aims=joined("%(first)s・%(next)s", [Said(aim.label) for aim in aims]),
    )
