"""``/desk/clicks``: what the hits on mails' links are held for, and why."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from tracker.catalogue import Catalogue
from tracker.clicks.weights import (
    FORWARDED_FROM,
    FORWARDED_LABELS,
    LABELS,
    PERHAPS_FORWARDED_FROM,
    WEIGHTS,
)
from tracker.context import context
from tracker.desk import sentences
from tracker.desk.period import LABELS as SPANS
from tracker.desk.period import period
from tracker.store import hits
from tracker.store.engine import reading
from tracker.store.hits import Listed, MailHits
from tracker.words import MailKind, Verdict

pages = Blueprint("clicks", __name__)

MOST_HITS = 30
MOST_SIGNED = 5000
MOST_COLUMNS = 92
_OTHERS = {
    MailKind.DELIVERY: "資料のお届けなど、申し込みへの返信",
    MailKind.REMINDER: "セミナーのお知らせ",
    MailKind.NEWSLETTER: "メールマガジン",
    MailKind.REPORT: "担当者への知らせ",
}


@dataclass(frozen=True)
class Column:
    """The hits from one midnight of the firm's zone on; heights are shares of the highest."""

    first: date
    counts: dict[Verdict, int]
    heights: dict[Verdict, float]
    feet: dict[Verdict, float]


@pages.get("/clicks")
def show() -> ResponseReturnValue:
    here = context()
    zone = here.settings.zone
    span = period(request.args.get("days"), here.now(), zone)
    verdict = next((v for v in Verdict if v.value == request.args.get("verdict")), None)
    with reading(here.engine) as connection:
        mails = hits.by_mail(connection, span.since, MOST_SIGNED)
        times = hits.times(connection, span.since)
        listed = hits.newest(connection, span.since, verdict, MOST_HITS)
    totals = Counter(held for _, held in times)
    reasons: Counter[str] = Counter()
    for mail in mails:
        reasons.update(mail.signs)
    return render_template(
        "desk/clicks.html",
        span=span,
        spans=SPANS,
        verdicts=tuple(Verdict),
        verdict=verdict,
        totals=totals,
        total=sum(totals.values()),
        columns=columns(times, zone, here.now()),
        rows=in_order(here.catalogue, mails),
        reasons=[
            (reason(name), WEIGHTS.get(name), count) for name, count in reasons.most_common(12)
        ],
        filtered=totals[Verdict.MACHINE] + totals[Verdict.UNSURE],
        listed=[(hit, told(hit), handed_on(hit)) for hit in listed],
        most_hits=MOST_HITS,
        reason=reason,
        catalogue=here.catalogue,
        say=sentences,
    )


def reason(sign: str) -> str:
    """A sign in words; the sign itself where the rules know it no more."""
    return LABELS.get(sign, sign)


def told(hit: Listed) -> str:
    """``機械: メールの全リンク（+1.8）、言語の指定がない（+2.5）``"""
    if hit.verdict is None:
        return "人か機械かを確かめています（15秒から1分）"
    signs = "、".join(f"{reason(name)}（{weight:+.1f}）" for name, weight in hit.signs)
    return f"{signs}　計 {hit.total:+.1f}" if signs else "印の記録はありません"


def handed_on(hit: Listed) -> str:
    """What says that it was somebody whom the mail was handed on to."""
    weight = sum(weight for _, weight in hit.forwarded)
    if weight < PERHAPS_FORWARDED_FROM:
        return ""
    signs = "、".join(FORWARDED_LABELS.get(name, name) for name, _ in hit.forwarded)
    rest = "読者の点数には入れていません" if weight >= FORWARDED_FROM else "点数に入れています"
    return f"転送？ {signs}。{rest}"


def in_order(catalogue: Catalogue, mails: Iterable[MailHits]) -> list[tuple[str, MailHits]]:
    """Step mails by stage and day, then those that editors have taken away, then all others."""

    def place(mail: MailHits) -> tuple[int, int, int, str]:
        scenario = catalogue.scenario(mail.scenario) if mail.scenario else None
        step = sentences.step_of(catalogue, mail.scenario, mail.step)
        if scenario and step:
            return 0, scenario.rank, step.day, step.id
        return (1 if mail.scenario else 2), 0, 0, f"{mail.scenario}/{mail.step}/{mail.kind}"

    return [
        (
            sentences.mail_name(catalogue, mail.scenario, mail.step)
            if mail.scenario
            else _OTHERS.get(mail.kind or MailKind.DELIVERY, "ほかのメール"),
            mail,
        )
        for mail in sorted(mails, key=place)
    ]


def columns(
    times: Sequence[tuple[datetime, Verdict | None]], zone: ZoneInfo, now: datetime
) -> list[Column]:
    """The hits day by day up to today, or in so many days a column that there are not too many."""
    judged = [(at.astimezone(zone).date(), verdict) for at, verdict in times if verdict]
    if not judged:
        return []
    today = now.astimezone(zone).date()
    days = (today - judged[0][0]).days + 1
    wide = -(-days // MOST_COLUMNS)
    first = today - timedelta(days=wide * -(-days // wide) - 1)
    counted = [dict.fromkeys(Verdict, 0) for _ in range(-(-days // wide))]
    for day, verdict in judged:
        counted[min((day - first).days // wide, len(counted) - 1)][verdict] += 1
    highest = max(sum(counts.values()) for counts in counted)
    found = []
    for number, counts in enumerate(counted):
        foot, feet, heights = 0.0, {}, {}
        for verdict in Verdict:
            heights[verdict] = counts[verdict] / highest
            feet[verdict] = foot
            foot += heights[verdict]
        found.append(Column(first + timedelta(days=wide * number), counts, heights, feet))
    return found
