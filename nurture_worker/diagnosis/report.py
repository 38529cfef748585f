"""The whole diagnosis of a period."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from nurture_worker.diagnosis.beyond import Beyond
from nurture_worker.diagnosis.chance import for_half_width
from nurture_worker.diagnosis.figures import FEWEST_SECTIONS, Figures, Read
from nurture_worker.diagnosis.findings import Answer, judge
from nurture_worker.diagnosis.gains import Forecaster
from nurture_worker.diagnosis.notes import gaps, notes
from nurture_worker.diagnosis.questions import ask
from nurture_worker.diagnosis.structure import CtaPlace, PageStructure, Site
from nurture_worker.diagnosis.unserved import unserved
from nurture_worker.diagnosis.way import mail_steps, way
from nurture_worker.diagnosis.words import about, beside, how, place, sureness, what
from tracker.chance import wilson
from tracker.counts import Counts, CtaCounts, PageCounts
from tracker.diagnosis import (
    Cleared,
    CtaReading,
    DiagnosisReport,
    Finding,
    Note,
    PageReading,
    Point,
    Undecided,
)

ENOUGH_VIEWS = for_half_width(0.06)
"""Views of known course that make any point of a curve good to ± 6 in a hundred."""


def diagnose(
    counts: Counts, site: Site, since: datetime, until: datetime, beyond: Beyond | None = None
) -> DiagnosisReport:
    """The diagnosis of ``counts``, made of the period from ``since`` to before ``until``; with what
    is known ``beyond`` them.

    Pages of ``counts`` that ``site`` does not have are gone from it and left out.
    """
    days = max((until - since) / timedelta(days=1), 1.0)
    beyond = beyond or Beyond()
    figures = Figures(counts, site, beyond.mails)
    answers = judge(ask(figures, days))
    lacking = list(unserved(beyond.served))
    found = _ranked([*_found(answers, figures, days), *_only(Finding, lacking)])
    undecided = _in_order([*_undecided(answers, figures, days), *_only(Undecided, lacking)])
    remarks = _only(Note, lacking) if beyond.served else gaps(site.pages)
    usual = {read.structure.url: _usual_curve(figures, read) for read in figures.articles}
    readings = sorted(
        (_reading(read, usual.get(read.structure.url, [])) for read in figures.reads),
        key=lambda reading: (-reading.views, reading.url),
    )
    not_yet_read = [
        _reading(Read(page, PageCounts(page.url, 0, 0, (0,), (0,), (0,)), ()), [])
        for page in site.pages
        if page.url not in counts.pages and page.is_reading
    ]
    pages = (*readings, *not_yet_read)
    return DiagnosisReport(
        since=since,
        until=until,
        views=counts.views,
        visitors=counts.visitors,
        sessions=counts.sessions,
        machines=counts.machines,
        inquiries=counts.inquiries,
        summary=summary(counts, days, found, undecided, pages),
        findings=tuple(found),
        cleared=tuple(
            Cleared(kind=a.question.kind, **place(a.question))
            for a in answers
            if a.status == "clear"
        ),
        undecided=tuple(undecided),
        notes=(*notes(site.pages), *remarks),
        pages=pages,
        way=tuple(way(figures, beyond, answers)),
        mails=tuple(mail_steps(figures, answers)),
    )


def _found(answers: Sequence[Answer], figures: Figures, days: float) -> list[Finding]:
    forecaster = Forecaster(figures, days)
    findings = []
    for answer in answers:
        if answer.status == "found":
            question = answer.question
            if question.step is None:
                forecast = forecaster.forecast(question)
                brings = {"gain": forecast.gain, "sureness": sureness(forecast.sure)}
            else:
                brings = beside(question, forecaster.kept(question))
            findings.append(
                Finding(
                    kind=question.kind,
                    what=what(question, figures),
                    how=how(question, figures),
                    **brings,
                    **place(question),
                )
            )
    return findings


def _ranked(findings: Iterable[Finding]) -> list[Finding]:
    """The largest gain first; before those that cost some, what no number can be said of (in the
    order of the scenarios and stages)."""
    return sorted(
        findings,
        key=lambda f: (-f.gain.mean, f.kind, f.page or "", f.where) if f.gain else (0, f.kind),
    )


Kind = TypeVar("Kind")


def _only(kind: type[Kind], told: Iterable[object]) -> list[Kind]:
    return [one for one in told if isinstance(one, kind)]


def _undecided(answers: Sequence[Answer], figures: Figures, days: float) -> list[Undecided]:
    sessions = figures.counts.sessions or figures.counts.views
    waiting = []
    for answer in answers:
        if answer.status != "insufficient":
            continue
        question = answer.question
        step = question.step is not None
        unit = question.n if step else sessions
        more = None if answer.more is None else about(answer.more * unit)
        nobody = "まだ1通も届いていません" if step else "まだ誰も来ていません"
        waiting.append(
            Undecided(
                kind=question.kind,
                what=what(question, figures) if question.n else nobody,
                people=round(question.n),
                more_sessions=None if step else more,
                months=None if not more or not unit else round(more / unit * days / 30, 1),
                odd=answer.odd and not (step and question.hits < _FEWEST_STOPPED),
                needs=_needs(more) if step else "",
                **place(question),
            )
        )
    return waiting


_FEWEST_STOPPED = 2
"""One reader who stops by a mail is nothing odd."""


def _needs(mails: int | None) -> str:
    return f"あと約{mails:,}通" if mails else "届くメールが増えるだけでは分かりません"


def _in_order(waiting: Iterable[Undecided]) -> list[Undecided]:
    return sorted(
        waiting,
        key=lambda u: (not u.odd, u.more_sessions is None, u.more_sessions or 0, u.title, u.where),
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
    visits = f"{counts.sessions:,}回の訪問" if counts.sessions else f"閲覧{counts.views:,}回"
    start = f"{round(days)}日間の{visits}から、{inquiries}。"
    articles = [page for page in pages if page.points or page.views == 0]
    early = sum(page.more_views > 0 for page in articles)
    if found:
        first = found[0]
        said = f"いちばんの取りこぼしは『{first.title}』の{first.where}です。"
        said += first.what.partition("。")[0] + "。"
        if first.gain is not None and first.brings_more:
            said += f"直すと{first.gain.words}増える見込みです（8割の確からしさ）。"
        elif first.gain is not None:
            said += "ただし、直しても問い合わせは増えない可能性もあります。"
    elif early == len(articles):
        said = "直すべき所があるかどうかは、読者がまだ少なく判断できません。"
    else:
        said = "直すべき所は見つかりませんでした。"
        odd = sum(item.odd for item in undecided)
        if early:
            said += f"ただし{len(articles)}本中{early}本は、まだ読者が足りず判断できません。"
        elif odd:
            said += f"気になる所が{odd}か所ありますが、まだ偶然かもしれません。"
    return start + said


def _reading(read: Read, usual: Sequence[float | None]) -> PageReading:
    page, counts, points = read.structure, read.counts, read.points
    short = max(0, ENOUGH_VIEWS - counts.known)
    has_curve = read.last >= FEWEST_SECTIONS and points
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
        more_views=about(more),
        points=tuple(
            Point(
                section=point.section,
                heading=_heading(page, point.section),
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
        ctas=tuple(_cta(cta, counts.ctas.get(cta.id, CtaCounts())) for cta in page.ctas),
    )


def _heading(page: PageStructure, section: int) -> str:
    return page.heading(section) or f"見出し{section}"


def _cta(cta: CtaPlace, figures: CtaCounts) -> CtaReading:
    low, high = (
        wilson(figures.clicked / figures.seen, figures.seen) if figures.seen else (None, None)
    )
    return CtaReading(
        id=cta.id,
        label=cta.label,
        section=cta.section,
        aim=cta.aims[0] if cta.aims else None,
        seen=figures.seen,
        clicked=figures.clicked,
        low=_rounded(low, 4),
        high=_rounded(high, 4),
    )


def _usual_curve(figures: Figures, page: Read) -> list[float | None]:
    """How the other pages' readers would have gone down ``page``."""
    top = figures.at_top(page)
    share = 1 - top.share if top.peers >= _FEWEST else None
    line: list[float | None] = [1.0, share]
    for section in range(1, page.last):
        usual = figures.leaves(page, section)
        known = share is not None and usual.peers >= _FEWEST
        share = share * (1 - usual.share) if known and share is not None else None
        line.append(share)
    return line


_FEWEST = 2.0
"""So many other pages (in effect) tell what is usual at a place."""


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)
