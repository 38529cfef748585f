"""What a question's answer says to marketing: where, what is the matter, what to do."""

import math
from typing import Any

from nurture_worker.diagnosis.chance import at_least
from nurture_worker.diagnosis.figures import Figures
from nurture_worker.diagnosis.gains import slot
from nurture_worker.diagnosis.notes import leads_to
from nurture_worker.diagnosis.questions import Question
from nurture_worker.diagnosis.structure import PageStructure
from tracker.diagnosis import DiagnosisReport, Gain, Sureness
from tracker.said import Said, joined

_SURE, _LIKELY = 0.98, 0.9
_TWO_SENTENCES = "%(first)s。%(next)s"


def place(question: Question) -> dict[str, Any]:
    """The fields of a ``Place``: where the object of ``question`` is."""
    if question.step is not None:
        step = question.step
        title = Said("%(label)s %(day)s日目のメール", label=step.label, day=str(step.day))
        where = Said("「%(subject)s」", subject=step.subject)
        return {"page": None, "title": title, "where": where, "thing": step.thing}
    if question.form is not None:
        form = question.form
        return {"page": form.page, "title": form.title, "where": Said("フォーム"), "form": form.id}
    assert question.page is not None
    structure = question.page.structure
    where = Said("読み終わり")
    if question.cta is not None:
        where = Said("CTA「%(label)s」", label=question.cta.place.label)
    elif question.section is not None:
        where = spot(structure, question.section)
    return {
        "page": structure.url,
        "title": structure.title,
        "where": where,
        "section": question.section,
        "cta": question.cta.place.id if question.cta else None,
    }


def what(question: Question, figures: Figures) -> Said:
    """What the figures show, in plain numbers."""
    shown = {
        "share": percent(question.share),
        "usual": percent(question.usual.share),
        "n": f"{round(question.n):,}",
        "hits": f"{round(question.hits):,}",
    }
    match question.kind:
        case "cta_below_exit":
            assert question.page is not None
            at = spot(question.page.structure, question.section or 0)
            return Said("このCTAのある%(at)sまで読む人は%(share)sです", at=at, **shown)
        case "section_cliff":
            return Said("ここで%(share)sの人が離れます（ふつうは%(usual)s）", **shown)
        case "dead_end":
            return Said(
                "読み終えた%(n)s回のうち、次のページへ進んだのは%(hits)s回（%(share)s）です"
                "（ふつうは%(usual)s）",
                **shown,
            )
        case "broken_link":
            return Said(
                "押された%(n)s回のうち、その先に着いたのは%(hits)s回（%(share)s）です", **shown
            )
        case "step_loses":
            return Said(
                "届いた%(n)s通で、%(hits)s人が配信を止めました（%(share)s、ほかの回は%(usual)s）",
                **shown,
            )
        case "form_abandon":
            said = Said(
                "開いた%(n)s人のうち、送ったのは%(hits)s人（%(share)s）です（似たフォームは%(usual)s）",
                **shown,
            )
            return _and(said, _where_stopped(question, figures))
        case _:
            others = _others(question)
            said = (
                Said(
                    "見られた%(n)s回のうち、押されたのは%(hits)s回（%(share)s）で、低めです"
                    "（%(others)sは%(usual)s）",
                    others=others,
                    **shown,
                )
                if question.share < question.bound
                else Said(
                    "見られた%(n)s回のうち、押されたのは%(hits)s回（%(share)s）です"
                    "（%(others)sは%(usual)s）",
                    others=others,
                    **shown,
                )
            )
            return _and(said, _beside(question))


def opening(what: str) -> str:
    """The first sentence of ``what`` was told."""
    if isinstance(what, Said) and what.message == _TWO_SENTENCES:
        return what.values["first"]
    return what


def how(question: Question, figures: Figures) -> Said:
    """What to do about it."""
    match question.kind:
        case "cta_below_exit":
            assert question.page is not None
            better = slot(question.page)
            reached = question.page.points[better].share or 0.0
            at = spot(question.page.structure, better)
            return Said(
                "%(at)sへ移す（そこまでなら%(share)sの人が読んでいます）",
                at=at,
                share=percent(reached),
            )
        case "section_cliff":
            return Said(
                "長い前置き、急な専門用語、結論の先送りがないかを見て、短くするか、後ろへ回す"
            )
        case "dead_end":
            assert question.page is not None
            if question.page.structure.next:
                return Said("次に読むページを、読み終わりのすぐ下に、題の分かる形で置く")
            return Said("next に、次の段階の記事を書く")
        case "broken_link":
            return Said(
                "リンク先が開くか、開くのに時間がかかりすぎないかを、スマートフォンでも確かめて直す"
            )
        case "step_loses":
            return Said(
                "件名と中身が、読者が申し込んだものとここまでの回に続いているかを見て直す。"
                "前の回との間も空けてみる"
            )
        case "form_abandon":
            stopped = _stopped_at(question, figures)
            if stopped:
                return Said("「%(field)s」を任意にするか、聞くのをやめる", field=stopped[0])
            return Said("聞く項目を減らし、何が届くのかをフォームの上に書く")
        case "cta_stage_mismatch":
            return Said(
                "このページの段階に合う資料や事例へのCTAに替える。"
                "ページの stage が実際の読者とずれていないかも見る"
            )
        case "cta_competition":
            return Said("1つに絞るか、別の見出しへ移す")
        case _:
            return Said(
                "ボタンの言葉が前の文とつながっているか、押すと何が手に入るかが分かるかを見る。"
                "ページの stage が実際の読者とずれていないかも見る"
            )


def lines(report: DiagnosisReport) -> list[str]:
    """The report for a terminal: the month in a word, what was found, and how much is open."""
    said = [report.summary]
    for number, finding in enumerate(report.findings, start=1):
        said.append(f"{number}. 『{finding.title}』の{finding.where}：{finding.what}")
        said.append(f"   直し方：{finding.how}")
        head = "見込み" if finding.gain is None else "増える見込み"
        said.append(f"   {head}：{finding.prospect}")
    waiting = len(report.undecided)
    if waiting:
        said.append(
            f"まだ分からない所が{waiting:,}か所、問題は見つからない（十分な数で確認した）所が"
            f"{len(report.cleared):,}か所あります"
        )
    return said


def sureness(chance: float) -> Sureness:
    """How sure it is that a repair brings more inquiries."""
    if chance >= _SURE:
        return "ほぼ確か"
    return "確か" if chance >= _LIKELY else "増えない可能性もあります"


def beside(question: Question, kept: Gain) -> dict[str, Any]:
    """What is said of a step that loses readers in place of inquiries: how sure that is, and how
    many readers a month a repair keeps."""
    usual = question.usual
    sure = sureness(1 - at_least(question.hits, question.n, usual.share, usual.cv))
    return {
        "sureness": sure,
        "instead": Said(
            "止める人がほかの回より多いことは%(sure)sです。ほかの回なみになれば、"
            "%(kept)sが配信に残ります（8割の確からしさ）。"
            "残った人から問い合わせが何件増えるかは、記録からは言えません",
            sure=Said(sure),
            kept=kept.words_of(Said("人")),
        ),
    }


def spot(structure: PageStructure, section: int) -> Said:
    """``見出し3「…」``, or the top."""
    if section <= 0:
        return Said("冒頭")
    heading = structure.heading(section)
    if not heading:
        return Said("見出し%(section)s", section=str(section))
    return Said("見出し%(section)s「%(heading)s」", section=str(section), heading=heading)


def percent(share: float) -> str:
    """``4.5%`` below ten, else ``34%``."""
    hundredths = 100 * share
    if 0 < hundredths < 9.95:
        return f"{hundredths:.1f}%"
    return f"{round(hundredths)}%"


def about(number: float) -> int:
    """``number`` rounded up to what can be said with "about": to tens, from 1,000 on to
    hundreds."""
    step = 10 if number < 1000 else 100
    return math.ceil(number / step) * step


def _and(first: Said, more: Said | None) -> Said:
    return Said(_TWO_SENTENCES, first=first, next=more) if more else first


def _where_stopped(question: Question, figures: Figures) -> Said | None:
    stopped = _stopped_at(question, figures)
    if stopped is None:
        return None
    field, part = stopped
    return Said("やめた人の%(part)sが「%(field)s」で止まっています", field=field, part=part)


def _others(question: Question) -> Said:
    if question.kind == "cta_stage_mismatch":
        return Said("段階の合う所の同じ種類のCTA")
    return Said("同じ種類のほかのCTA")


def _beside(question: Question) -> Said | None:
    """What of the structure goes with the figures."""
    cta = question.cta
    assert cta is not None
    if question.kind == "cta_stage_mismatch":
        return leads_to(cta.page.structure.stage, cta.place.aims)
    if question.kind == "cta_competition":
        labels = [c.label for c in cta.page.structure.ctas if c.id in cta.rivals]
        return Said(
            "同じ見出しに「%(ctas)s」が並んでいます", ctas=joined("%(first)s」「%(next)s", labels)
        )
    return None


def _stopped_at(question: Question, figures: Figures) -> tuple[str, str] | None:
    """The field that took a third or more of those who gave up, with its part."""
    form = question.form
    assert form is not None
    stops, _ = figures.stops(form)
    total = sum(stops.values())
    if total < 8:
        return None
    name = max((name for name in stops if name), key=lambda name: (stops[name], name), default="")
    if not name or stops[name] < total / 3:
        return None
    return dict(form.fields).get(name, name), percent(stops[name] / total)
