"""What the figures show to be worth changing, and what is too early to say.

Two questions are asked of them: does a CTA stand where most readers never come, and do readers
leave in one section as they leave nowhere else. All places are asked together, and of what is
told at most one in twenty is false (Benjamini and Hochberg over places that had enough data to
be told apart from chance at all).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nurture_worker.diagnosis.chance import at_least, at_most, needed, passing
from nurture_worker.diagnosis.curve import Reach
from nurture_worker.diagnosis.structure import CtaPlace, PageStructure
from tracker.diagnosis import Finding, FindingKind, Undecided

FALSE_RATE = 0.05
FAR = 0.35
"""A CTA that this part of the readers reaches stands too far down."""
FAR_DESIGN = 0.20
SLOT = 0.5
"""A good place for a CTA is the last section that half of the readers reach."""
CLIFF = 1.7
"""A section that loses this many times the usual part of its readers is a cliff."""
CLIFF_DESIGN = 3.0
PEER_SPREAD = 0.16
"""How far sound sections of one position lie apart: the standard deviation of the log."""
FEWEST_PEERS = 3
_PRIOR_LEFT, _PRIOR_RISK = 3.0, 20.0
_HEAVIEST = 3.0
_ODD = 0.25
_ROOM = 1.15


@dataclass(frozen=True)
class Read:
    """A page with its curve."""

    structure: PageStructure
    views: int
    points: Sequence[Reach]


@dataclass(frozen=True)
class Usual:
    """How readers leave at a like place elsewhere: the part that leaves, and its uncertainty."""

    share: float
    cv: float


@dataclass(frozen=True)
class _Question:
    kind: FindingKind
    page: Read
    section: int
    cta: CtaPlace | None
    chance: float
    lowest_chance: float
    share: float
    usual: float
    enough: int | None
    have: float


def find(pages: Sequence[Read], days: float) -> tuple[list[Finding], list[Undecided]]:
    """What was found, the most people first, and what looks odd but may be chance."""
    questions = [*_far_ctas(pages), *_cliffs(pages)]
    answerable = [q for q in questions if q.lowest_chance <= FALSE_RATE / 10]
    found = {
        id(q)
        for q, yes in zip(
            answerable, passing([q.chance for q in answerable], FALSE_RATE), strict=True
        )
        if yes
    }
    told = [_tell(q, days) for q in questions if id(q) in found]
    odd = [_wait(q) for q in questions if id(q) not in found and q.chance < _ODD]
    return (
        sorted(told, key=lambda f: (-(f.people or 0), f.page)),
        sorted(odd, key=lambda u: (u.more_views is None, u.more_views or 0, u.page)),
    )


def usual_leaving(pages: Sequence[Read], page: Read, section: int) -> Usual | None:
    """What part of readers leaves in ``section`` of a page like this one, judged by the same
    place on the other pages and by how this page holds its readers elsewhere. None: too few
    pages to compare."""
    peers = [
        point
        for other in pages
        if other is not page
        for point in _inner(other)
        if (point.section == 1) == (section == 1) and point.at_risk > 0
    ]
    if len(peers) < FEWEST_PEERS:
        return None
    exposures = sorted(point.at_risk for point in peers)
    heaviest = _HEAVIEST * exposures[len(exposures) // 2]
    weights = [min(point.at_risk, heaviest) for point in peers]
    left = sum(w * p.left / p.at_risk for w, p in zip(weights, peers, strict=True))
    share = (left + _PRIOR_LEFT) / (sum(weights) + _PRIOR_RISK)
    effective = sum(weights) ** 2 / sum(w * w for w in weights)
    share *= _hold_factor(pages, page, section)
    share = min(share, 0.9)
    cv = math.sqrt((1 - share) / (left + _PRIOR_LEFT) + PEER_SPREAD**2 / effective)
    return Usual(share, cv)


def _hold_factor(pages: Sequence[Read], page: Read, section: int) -> float:
    """How this page's other sections lose readers against those of all pages, within bounds."""
    own = [point for point in _inner(page) if point.section != section]
    expected = 0.0
    for point in own:
        peers = [
            p
            for other in pages
            if other is not page
            for p in _inner(other)
            if (p.section == 1) == (point.section == 1)
        ]
        risk = sum(p.at_risk for p in peers)
        if risk:
            expected += point.at_risk * sum(p.left for p in peers) / risk
    strength = 10.0
    return min(1.4, max(0.75, (sum(p.left for p in own) + strength) / (expected + strength)))


def _inner(page: Read) -> list[Reach]:
    """The sections in which leaving can be compared: not the top, and not the last, where a
    reader who leaves may simply have finished."""
    last = len(page.structure.headings)
    return [point for point in page.points if 1 <= point.section < last]


def _far_ctas(pages: Sequence[Read]) -> list[_Question]:
    enough = needed(FAR, 0.0, FAR_DESIGN, FALSE_RATE / 10)
    questions = []
    for page in pages:
        targets: set[str] = set()
        for cta in sorted(page.structure.ctas, key=lambda c: c.section):
            again = cta.target in targets
            targets.add(cta.target)
            point = page.points[cta.section]
            if again or cta.section == 0 or point.share is None or not point.weight:
                continue
            questions.append(
                _Question(
                    kind="cta_below_exit",
                    page=page,
                    section=cta.section,
                    cta=cta,
                    chance=at_most(point.share * point.weight, point.weight, FAR),
                    lowest_chance=(1 - FAR) ** point.weight,
                    share=point.share,
                    usual=FAR,
                    enough=enough,
                    have=point.weight,
                )
            )
    return questions


def _cliffs(pages: Sequence[Read]) -> list[_Question]:
    questions = []
    for page in pages:
        for point in _inner(page):
            usual = usual_leaving(pages, page, point.section)
            if usual is None or point.at_risk == 0:
                continue
            bound = min(0.95, CLIFF * usual.share)
            design = min(0.97, CLIFF_DESIGN * usual.share)
            questions.append(
                _Question(
                    kind="section_cliff",
                    page=page,
                    section=point.section,
                    cta=None,
                    chance=at_least(point.left, point.at_risk, bound, usual.cv),
                    lowest_chance=at_least(point.at_risk, point.at_risk, bound, usual.cv),
                    share=point.left / point.at_risk,
                    usual=usual.share,
                    enough=needed(bound, usual.cv, design, FALSE_RATE / 10),
                    have=point.at_risk,
                )
            )
    return questions


def _tell(question: _Question, days: float) -> Finding:
    page, monthly = question.page, 30 / days
    structure = page.structure
    sureness = "ほぼ確か" if question.chance <= 0.02 else "確か"
    if question.kind == "cta_below_exit":
        assert question.cta is not None
        slot = _slot(page)
        target = page.points[slot].share or 0.0
        return Finding(
            kind=question.kind,
            page=structure.url,
            title=structure.title,
            where=f"CTA「{question.cta.label}」",
            what=(
                f"このCTAのある{_place(structure, question.section)}まで読む人は"
                f"{_percent(question.share)}です"
            ),
            how=(
                f"{_place(structure, slot)}へ移す"
                f"（そこまでなら{_percent(target)}の人が読んでいます）"
            ),
            sureness=sureness,
            section=question.section,
            cta=question.cta.id,
            people=round(page.views * (target - question.share) * monthly),
        )
    risk = page.points[question.section].at_risk
    return Finding(
        kind=question.kind,
        page=structure.url,
        title=structure.title,
        where=_place(structure, question.section),
        what=(
            f"ここで{_percent(question.share)}の人が離れます（ふつうは{_percent(question.usual)}）"
        ),
        how="長い前置き、急な専門用語、結論の先送りがないかを見て、短くするか、後ろへ回す",
        sureness=sureness,
        section=question.section,
        people=round(risk * (question.share - question.usual) * monthly),
    )


def _wait(question: _Question) -> Undecided:
    structure = question.page.structure
    place = _place(structure, question.section)
    if question.cta is not None:
        where = f"CTA「{question.cta.label}」"
        what = f"{place}まで読む人はいまのところ{_percent(question.share)}"
    else:
        where = place
        what = (
            f"離れる人はいまのところ{_percent(question.share)}"
            f"（ふつうは{_percent(question.usual)}）"
        )
    return Undecided(
        kind=question.kind,
        page=structure.url,
        title=structure.title,
        where=where,
        what=what,
        more_views=_more(question),
    )


def _more(question: _Question) -> int | None:
    if question.enough is None:
        return None
    more = (question.enough * _ROOM / question.have - 1) * question.page.views
    return in_tens(max(more, 0.25 * question.page.views))


def _slot(page: Read) -> int:
    """The last section that half of the readers reach."""
    sections = len(page.structure.headings)
    return max(
        (p.section for p in page.points if p.section <= sections and (p.share or 0) >= SLOT),
        default=0,
    )


def in_tens(number: float) -> int:
    """``number`` rounded up to what can be said with "about": to tens, from 1,000 on to hundreds."""
    step = 10 if number < 1000 else 100
    return math.ceil(number / step) * step


def _place(structure: PageStructure, section: int) -> str:
    if section == 0:
        return "冒頭"
    return f"見出し{section}「{structure.heading(section)}」"


def _percent(share: float) -> str:
    return f"{round(100 * share)}%"
