"""What a question's answer says to marketing: where, what is the matter, what to do. Japanese."""

import math
from typing import Any

from nurture_worker.diagnosis.chance import at_least
from nurture_worker.diagnosis.figures import Figures
from nurture_worker.diagnosis.gains import slot
from nurture_worker.diagnosis.questions import Question
from nurture_worker.diagnosis.structure import PageStructure
from tracker.diagnosis import DiagnosisReport, Gain, Sureness

_SURE, _LIKELY = 0.98, 0.9


def place(question: Question) -> dict[str, Any]:
    """The fields of a ``Place``: where the object of ``question`` is."""
    if question.step is not None:
        step = question.step
        title = f"{step.label} {step.day}日目のメール"
        return {"page": None, "title": title, "where": f"「{step.subject}」", "thing": step.thing}
    if question.form is not None:
        form = question.form
        return {"page": form.page, "title": form.title, "where": "フォーム", "form": form.id}
    assert question.page is not None
    structure = question.page.structure
    where = "読み終わり"
    if question.cta is not None:
        where = f"CTA「{question.cta.place.label}」"
    elif question.section is not None:
        where = spot(structure, question.section)
    return {
        "page": structure.url,
        "title": structure.title,
        "where": where,
        "section": question.section,
        "cta": question.cta.place.id if question.cta else None,
    }


def what(question: Question, figures: Figures) -> str:
    """What the figures show, in plain numbers."""
    share, usual = percent(question.share), percent(question.usual.share)
    n, hits = f"{round(question.n):,}", f"{round(question.hits):,}"
    match question.kind:
        case "cta_below_exit":
            assert question.page is not None
            at = spot(question.page.structure, question.section or 0)
            return f"このCTAのある{at}まで読む人は{share}です"
        case "section_cliff":
            return f"ここで{share}の人が離れます（ふつうは{usual}）"
        case "dead_end":
            said = f"読み終えた{n}回のうち、次のページへ進んだのは{hits}回（{share}）"
            return f"{said}です（ふつうは{usual}）"
        case "broken_link":
            return f"押された{n}回のうち、その先に着いたのは{hits}回（{share}）です"
        case "step_loses":
            said = f"届いた{n}通で、{hits}人が配信を止めました（{share}"
            return f"{said}、ほかの回は{usual}）"
        case "form_abandon":
            said = f"開いた{n}人のうち、送ったのは{hits}人（{share}）です（似たフォームは{usual}）"
            stopped = _stopped_at(question, figures)
            if stopped:
                said += f"。やめた人の{stopped[1]}が「{stopped[0]}」で止まっています"
            return said
        case _:
            said = f"見られた{n}回のうち、押されたのは{hits}回（{share}）"
            low = "で、低めです" if question.share < question.bound else "です"
            return f"{said}{low}（{_others(question)}は{usual}）{_beside(question)}"


def how(question: Question, figures: Figures) -> str:
    """What to do about it."""
    match question.kind:
        case "cta_below_exit":
            assert question.page is not None
            better = slot(question.page)
            reached = question.page.points[better].share or 0.0
            at = spot(question.page.structure, better)
            return f"{at}へ移す（そこまでなら{percent(reached)}の人が読んでいます）"
        case "section_cliff":
            return "長い前置き、急な専門用語、結論の先送りがないかを見て、短くするか、後ろへ回す"
        case "dead_end":
            assert question.page is not None
            if question.page.structure.next:
                return "次に読むページを、読み終わりのすぐ下に、題の分かる形で置く"
            return "next に、次の段階の記事を書く"
        case "broken_link":
            return (
                "リンク先が開くか、開くのに時間がかかりすぎないかを、スマートフォンでも確かめて直す"
            )
        case "step_loses":
            return "件名と中身が、読者が申し込んだものとここまでの回に続いているかを見て直す。前の回との間も空けてみる"
        case "form_abandon":
            stopped = _stopped_at(question, figures)
            if stopped:
                return f"「{stopped[0]}」を任意にするか、聞くのをやめる"
            return "聞く項目を減らし、何が届くのかをフォームの上に書く"
        case "cta_stage_mismatch":
            return "このページの段階に合う資料や事例へのCTAに替える。ページの stage が実際の読者とずれていないかも見る"
        case "cta_competition":
            return "1つに絞るか、別の見出しへ移す"
        case _:
            return "ボタンの言葉が前の文とつながっているか、押すと何が手に入るかが分かるかを見る。ページの stage が実際の読者とずれていないかも見る"


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
        "instead": f"止める人がほかの回より多いことは{sure}です。ほかの回なみになれば、"
        f"{kept.words_of('人')}が配信に残ります（8割の確からしさ）。"
        "残った人から問い合わせが何件増えるかは、記録からは言えません",
    }


def spot(structure: PageStructure, section: int) -> str:
    """``見出し3「…」``, or the top."""
    if section <= 0:
        return "冒頭"
    heading = structure.heading(section)
    return f"見出し{section}「{heading}」" if heading else f"見出し{section}"


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


def _others(question: Question) -> str:
    if question.kind == "cta_stage_mismatch":
        return "段階の合う所の同じ種類のCTA"
    return "同じ種類のほかのCTA"


def _beside(question: Question) -> str:
    """What of the structure goes with the figures."""
    cta = question.cta
    assert cta is not None
    if question.kind == "cta_stage_mismatch":
        stage = cta.page.structure.stage
        aims = "・".join(aim.label for aim in cta.place.aims)
        return f"。「{stage.label if stage else ''}」のページから「{aims}」へ誘っています"
    if question.kind == "cta_competition":
        labels = [c.label for c in cta.page.structure.ctas if c.id in cta.rivals]
        return f"。同じ見出しに「{'」「'.join(labels)}」が並んでいます"
    return ""


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
