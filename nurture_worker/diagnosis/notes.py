"""What can be said of a page without any figures: how it is built."""

from collections.abc import Iterable, Sequence

from nurture_worker.diagnosis.structure import PageStructure
from tracker.diagnosis import Note, NoteKind
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
            title=f"「{stage.label}」の段階",
            where="サイト全体",
            what="この段階の読者に向けた記事や事例が1本もありません",
            how="この段階の問いに答える記事を1本書く",
        )
        for stage in Stage
        if served and stage not in served
    ]


def _of_page(page: PageStructure) -> list[Note]:
    def note(kind: NoteKind, what: str, how: str, cta: str | None = None) -> Note:
        where = "ページの終わり" if cta is None else "CTA"
        label = next((c.label for c in page.ctas if c.id == cta), None)
        return Note(
            kind=kind,
            page=page.url,
            title=page.title,
            where=f"{where}「{label}」" if label else where,
            what=what,
            how=how,
            cta=cta,
        )

    if not page.ctas and not page.next:
        return [
            note(
                "no_way_on",
                "CTAも次に読むページもなく、読み終えた人の行き先がありません",
                "次の段階の資料へのCTAを1つ置き、next に次の記事を書く",
            )
        ]
    found = []
    if not page.ctas:
        found.append(note("no_cta", "CTAが1つもありません", "次の段階へのCTAを1つ置く"))
    if not page.next:
        found.append(note("no_next", "次に読むページがありません", "next に次の段階の記事を書く"))
    length = len(page.headings)
    if page.ctas and length >= 3 and all(c.section > _LATE * length for c in page.ctas):
        found.append(
            note("late_cta", "CTAが後ろの4割にしかありません", "答えを書いた見出しの終わりにも置く")
        )
    for cta in page.ctas:
        distance = cta.distance(page.stage)
        if page.stage and distance is not None and distance >= _FAR_APART:
            aims = "・".join(aim.label for aim in cta.aims)
            found.append(
                note(
                    "stage_gap",
                    f"「{page.stage.label}」のページから「{aims}」へ誘っています",
                    "間の段階の資料や事例へのCTAを先に置く",
                    cta.id,
                )
            )
    by_section: dict[int, list[str]] = {}
    for cta in page.ctas:
        by_section.setdefault(cta.section, []).append(cta.id)
    for section, ids in by_section.items():
        if len(ids) > 1:
            found.append(
                note(
                    "shared_section",
                    f"「{page.heading(section) or f'見出し{section}'}」に{len(ids)}つのCTAが並んでいます",
                    "1つに絞るか、別の見出しへ移す",
                    ids[0],
                )
            )
    return found
