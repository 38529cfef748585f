"""The diagnosis as a weekly mail: one sentence, up to three things to change, the pages."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from nurture_worker.letters.bodies import bar
from tracker.diagnosis import DiagnosisReport, Finding, Note, PageReading
from tracker.reports.week import Week
from tracker.words import Stage

MOST_PAGES = 8
_MARKS = str.maketrans({**{c: f"\\{c}" for c in "\\`*_[]#|{}"}, "<": "&lt;"})


def weekly_mail(
    report: Mapping[str, Any], desk_url: str, zone: ZoneInfo, week: Week | None = None
) -> tuple[str, str]:
    """Subject and Markdown body of the mail that tells ``report`` (a stored ``DiagnosisReport``),
    and ``week``, in bars that stand where no picture can.

    ``desk_url`` is the address of the desk, without a trailing slash. Raises
    ``pydantic.ValidationError`` for a report of another shape.
    """
    told = DiagnosisReport.model_validate(report)
    since = told.since.astimezone(zone)
    until = told.until.astimezone(zone)
    span = f"{since.month}月{since.day}日〜{until.month}月{until.day}日"
    changes = told.to_change
    if changes:
        subject = f"今週直す{len(changes)}つ（{span}の診断）"
    elif told.views and all(page.more_views for page in told.pages if page.views):
        subject = f"直す所はまだ分かりません（{span}の診断）"
    elif told.views:
        subject = f"今週は直す所なし（{span}の診断）"
    else:
        subject = f"まだ記録がありません（{span}の診断）"
    parts = [f"## 今月のひとこと\n\n{_plain(told.summary)}"]
    if changes:
        parts.append(f"## 今週直す{len(changes)}つ")
        for number, change in enumerate(changes, start=1):
            parts.append(
                f"**{number}. 『{_plain(change.title)}』の{_plain(change.where)}**\n\n"
                f"{_plain(change.what)}。\n\n"
                f"直し方：{_plain(change.how)}\n\n"
                f"{_prospect(change)}"
            )
        if len(changes) > 1:
            parts.append("それぞれの見込みは、足し算にはなりません。")
    read = [page for page in told.pages if page.views][:MOST_PAGES]
    if read:
        rows = [
            "| ページ | 閲覧 | 最後まで | CTA（見た→押した） |",
            "|---|---:|---:|---:|",
            *(_row(page) for page in read),
        ]
        parts.append("## よく読まれているページ\n\n" + "\n".join(rows))
    if week is not None and any((*week.moves, *week.before, week.sent)):
        parts.append(_of_week(week, desk_url))
    parts.append(f"[くわしく見る]({desk_url}/diagnosis){{ .button }}")
    return subject, "\n\n".join(parts) + "\n"


def _of_week(week: Week, desk_url: str) -> str:
    """Who moved this week, as bars on one scale with the week before."""
    units = [*((f"{stage.label}に来た人", "人") for stage in Stage), ("問い合わせた人", "人")]
    most = max(*week.moves, *week.before, 1)
    bars = [
        f"- {label}　{bar(round(100 * count / most))}　{count:,}{unit}"
        for (label, unit), count in zip(units, week.moves, strict=True)
    ]
    earlier = "、".join(
        f"{label}{count:,}{unit}" for (label, unit), count in zip(units, week.before, strict=True)
    )
    return (
        "## この1週間の動き\n\n"
        + "\n".join(bars)
        + f"\n\n前の週は、{earlier}でした。この1週間に送ったステップメールは{week.sent:,}通、"
        f"押した人は{week.clicked:,}人です。\n\n"
        f"[何のあとに進んだかを見る]({desk_url}/reports/clicks?days=28)"
    )


def _prospect(change: Finding | Note) -> str:
    if isinstance(change, Note):
        return "しくみ上の注意（数字では確かめていません）"
    return change.prospect if change.gain is None else f"増える見込み：{change.prospect}"


def _row(page: PageReading) -> str:
    end = page.points[-1].share if page.points else None
    if page.more_views:
        read = f"あと約{page.more_views:,}回で分かります" if page.points else "—"
    else:
        read = "—" if end is None else f"{round(100 * end)}%"
    seen = sum(cta.seen for cta in page.ctas)
    clicked = sum(cta.clicked for cta in page.ctas)
    ctas = f"{seen:,}→{clicked:,}" if page.ctas else "なし"
    return f"| {_plain(page.title)} | {page.views:,} | {read} | {ctas} |"


def _plain(text: str) -> str:
    return " ".join(text.split()).translate(_MARKS)
