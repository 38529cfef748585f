"""The whole diagnosis of a period."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from nurture_worker.diagnosis.chance import for_half_width, wilson
from nurture_worker.diagnosis.curve import Reach, curve
from nurture_worker.diagnosis.findings import Read, find, in_tens, usual_leaving
from nurture_worker.diagnosis.notes import notes
from nurture_worker.diagnosis.structure import PageStructure
from tracker.counts import Counts, CtaCounts, PageCounts
from tracker.diagnosis import (
    CtaReading,
    DiagnosisReport,
    Finding,
    PageReading,
    Point,
    Undecided,
)

ENOUGH_VIEWS = for_half_width(0.06)
"""Views of known course that make any point of a curve good to ± 6 in a hundred."""
FEWEST_SECTIONS = 2
"""A page needs this many to have a curve."""


def diagnose(
    counts: Counts, pages: Sequence[PageStructure], since: datetime, until: datetime
) -> DiagnosisReport:
    """The diagnosis of ``counts``, made of the period from ``since`` to before ``until``.

    Pages of ``counts`` that are not among ``pages`` are gone from the site and left out.
    """
    known = [page for page in pages if page.url in counts.pages]
    reads = {
        page.url: Read(
            page,
            counts.pages[page.url].views,
            curve(counts.pages[page.url], len(page.headings)),
        )
        for page in known
    }
    comparable = [
        read
        for read in reads.values()
        if read.structure.is_reading and len(read.structure.headings) >= FEWEST_SECTIONS
    ]
    days = max((until - since) / timedelta(days=1), 1.0)
    found, undecided = find(comparable, days)
    usual = _usual_curves(comparable)
    readings = sorted(
        (
            _reading(page, counts.pages[page.url], reads[page.url].points, usual.get(page.url, []))
            for page in known
        ),
        key=lambda reading: (-reading.views, reading.url),
    )
    not_yet_read = [
        _reading(page, PageCounts(page.url, 0, 0, (0,), (0,), (0,)), [], [])
        for page in pages
        if page.url not in counts.pages and page.is_reading
    ]
    everything = (*readings, *not_yet_read)
    remarks = notes(pages)
    return DiagnosisReport(
        since=since,
        until=until,
        views=counts.views,
        visitors=counts.visitors,
        machines=counts.machines,
        inquiries=counts.inquiries,
        summary=summary(counts, days, found, undecided, everything),
        findings=tuple(found),
        undecided=tuple(undecided),
        notes=tuple(remarks),
        pages=everything,
    )


def summary(
    counts: Counts,
    days: float,
    found: Sequence[Finding],
    undecided: Sequence[Undecided],
    pages: Sequence[PageReading],
) -> str:
    """The month in one or two sentences, with few figures."""
    if counts.views == 0:
        return "まだ閲覧の記録がありません。読者が記事を開くと、ここにどこまで読まれたかが出ます。"
    inquiries = f"問い合わせは{counts.inquiries:,}件" if counts.inquiries else "問い合わせはまだ0件"
    start = f"{round(days)}日間の閲覧{counts.views:,}回から、{inquiries}。"
    articles = [page for page in pages if page.points or page.views == 0]
    early = sum(page.more_views > 0 for page in articles)
    if found:
        first = found[0]
        said = f"いちばん直したいのは『{first.title}』の{first.where}です。{first.what}。"
    elif early == len(articles):
        said = "直すべき所があるかどうかは、読者がまだ少なく判断できません。"
    else:
        said = "直すべき所は見つかりませんでした。"
        if early:
            said += f"ただし{len(articles)}本中{early}本は、まだ読者が足りず判断できません。"
        elif undecided:
            said += f"気になる所が{len(undecided)}か所ありますが、まだ偶然かもしれません。"
    return start + said


def _reading(
    page: PageStructure,
    counts: PageCounts,
    points: Sequence[Reach],
    usual: Sequence[float | None],
) -> PageReading:
    short = max(0, ENOUGH_VIEWS - counts.known)
    has_curve = len(page.headings) >= FEWEST_SECTIONS and points
    # A view is worth less than one where ends go unrecorded.
    more = short * counts.views / counts.known if counts.known else float(short)
    return PageReading(
        url=page.url,
        title=page.title,
        kind=page.kind,
        stage=page.stage,
        views=counts.views,
        known=counts.known,
        done=counts.done,
        active_seconds=None if counts.active_ms is None else round(counts.active_ms / 1000),
        more_views=in_tens(more),
        points=tuple(
            Point(
                section=point.section,
                heading=page.heading(point.section),
                reached=point.reached,
                share=_rounded(point.share),
                low=_rounded(point.low),
                high=_rounded(point.high),
                usual=_rounded(usual[n]) if n < len(usual) else None,
            )
            for n, point in enumerate(points)
        )
        if has_curve
        else (),
        ctas=tuple(
            _cta(cta.id, cta.label, cta.section, cta.aim, counts.ctas.get(cta.id, CtaCounts()))
            for cta in page.ctas
        ),
    )


def _cta(id_: str, label: str, section: int, aim: object, figures: CtaCounts) -> CtaReading:
    low, high = (
        wilson(figures.clicked / figures.seen, figures.seen) if figures.seen else (None, None)
    )
    return CtaReading.model_validate(
        {
            "id": id_,
            "label": label,
            "section": section,
            "aim": aim,
            "seen": figures.seen,
            "clicked": figures.clicked,
            "low": _rounded(low, 4),
            "high": _rounded(high, 4),
        }
    )


def _usual_curves(pages: Sequence[Read]) -> dict[str, list[float | None]]:
    """For each page, how the other pages' readers would have gone down it."""
    found: dict[str, list[float | None]] = {}
    for page in pages:
        line: list[float | None] = [1.0]
        tops = [p.points[0] for p in pages if p is not page]
        risk = sum(point.at_risk for point in tops)
        share = 1 - sum(p.left for p in tops) / risk if risk and len(tops) >= 3 else None
        line.append(share)
        for section in range(1, len(page.structure.headings)):
            usual = usual_leaving(pages, page, section)
            share = None if share is None or usual is None else share * (1 - usual.share)
            line.append(share)
        found[page.structure.url] = line
    return found


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)
