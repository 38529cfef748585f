"""One reader's time line: all they did, what they were sent, and what came of it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from tracker.bounces import SMTP
from tracker.catalogue import Catalogue
from tracker.clicks.counting import counts_for_reader, forwardedness
from tracker.clicks.weights import FORWARDED_LABELS, LABELS, PERHAPS_FORWARDED_FROM
from tracker.desk import sentences
from tracker.desk.worth import rule_in_words
from tracker.events import Event
from tracker.store.histories import Mail, ScoreEntry, StageChange
from tracker.store.reports import Cause
from tracker.words import (
    BounceReason,
    DeliveryState,
    EndReason,
    EventKind,
    LostReason,
    SetFor,
    SkipReason,
    Stage,
    Verdict,
)

Look = Literal["read", "click", "form", "mail", "stage", "quiet", "stop"]

_OF_A_VIEW = frozenset(
    {
        EventKind.PAGE_VIEW,
        EventKind.SECTION,
        EventKind.CTA_SEEN,
        EventKind.PAGE_END,
        EventKind.GATE_OPEN,
        EventKind.GATE_FIELD,
        EventKind.VIDEO_PROGRESS,
    }
)
_CAME_BY = {
    "search": "検索から",
    "social": "SNSから",
    "referral": "ほかのサイトから",
    "internal": "サイト内から",
    "mail": "メールから",
}
_LOOKS: dict[EventKind, Look] = {
    EventKind.CTA_CLICK: "click",
    EventKind.MAIL_CLICK: "click",
    EventKind.MAIL_UNSUB: "stop",
    EventKind.MAIL_BOUNCE: "stop",
    EventKind.MAIL_COMPLAINT: "stop",
    EventKind.GATE_SUBMIT: "form",
    EventKind.GATE_DOWNLOAD: "form",
    EventKind.CONFIRM: "form",
    EventKind.DIAGNOSIS: "form",
    EventKind.INQUIRY: "form",
    EventKind.SEMINAR_REGISTER: "form",
    EventKind.SEMINAR_ATTEND: "form",
    EventKind.DEAL_WON: "stage",
    EventKind.DEAL_LOST: "stop",
    EventKind.STAGE_SET: "stage",
}


@dataclass(frozen=True)
class Points:
    """Points a moment gave, and why."""

    points: int
    reason: str


@dataclass
class Moment:
    """One entry of the time line. ``at`` is UTC; ``mail`` is the delivery it tells of."""

    at: datetime
    look: Look
    text: str
    details: list[str] = field(default_factory=list)
    points: list[Points] = field(default_factory=list)
    quote: str = ""
    mail: str = ""


def moments(
    catalogue: Catalogue,
    events: Sequence[Event],
    changes: Iterable[StageChange],
    entries: Iterable[ScoreEntry],
    mails: Sequence[Mail],
    messages: Mapping[str, str],
) -> list[Moment]:
    """The time line, newest first. ``messages`` are the words of inquiries, by event id."""
    found: list[Moment] = []
    of_event: dict[str, Moment] = {}
    steps = {mail.id: mail for mail in mails}
    returns = {e.delivery_id: e.data or {} for e in events if e.kind is EventKind.MAIL_BOUNCE}
    views: dict[str, list[Event]] = {}
    for event in events:
        if event.view and event.kind in _OF_A_VIEW:
            views.setdefault(event.view, []).append(event)
        else:
            of_event[event.id] = _of_event(catalogue, event, steps, messages)
            found.append(of_event[event.id])
    for seen in views.values():
        moment = _of_view(catalogue, seen)
        found.append(moment)
        of_event.update({event.id: moment for event in seen})
    for entry in entries:
        points = Points(entry.points, rule_in_words(catalogue, entry.rule))
        if entry.event_id in of_event:
            of_event[entry.event_id].points.append(points)
        else:
            found.append(Moment(entry.at, "quiet", "点数", points=[points]))
    for mail in mails:
        if mail.settled_at and mail.state is DeliveryState.BOUNCED and mail.id in returns:
            if returns[mail.id].get("source") != SMTP:  # else it never left
                name = sentences.delivery_name(catalogue, mail)
                found.append(Moment(mail.settled_at, "mail", f"{name}を送った", mail=mail.id))
        elif mail.settled_at:
            moment = _of_mail(catalogue, mail)
            moment.mail = mail.id
            found.append(moment)
    for change in changes:
        before = f"{change.from_stage.label} → " if change.from_stage else ""
        moment = Moment(change.at, "stage", f"段階が動いた: {before}{change.to_stage.label}")
        cause = of_event.get(change.event_id or "")
        if cause:
            moment.details.append(f"きっかけ: {cause.text}")
        found.append(moment)
    # A move stands above the act that made it, though both bear the same time.
    return sorted(found, key=lambda m: (m.at, m.look == "stage"), reverse=True)


def _of_event(
    catalogue: Catalogue, event: Event, mails: Mapping[str, Mail], messages: Mapping[str, str]
) -> Moment:
    mail = mails.get(event.delivery_id or "")
    cause = Cause(
        event.kind,
        event.page,
        event.cta,
        event.gate,
        event.section,
        mail.scenario if mail else None,
        mail.step if mail else None,
    )
    text = sentences.told(catalogue, cause)
    look = _LOOKS.get(event.kind, "quiet")
    moment = Moment(event.at, look, text, quote=messages.get(event.id, ""))
    if event.kind is EventKind.MAIL_CLICK:
        _add_verdict(moment, event.data or {})
    elif event.kind in (EventKind.DEAL_WON, EventKind.DEAL_LOST):
        _add_deal(moment, event.data or {})
    elif event.kind is EventKind.STAGE_SET:
        _add_reason(moment, event.data or {})
    elif event.kind is EventKind.MAIL_BOUNCE:
        _add_bounce(catalogue, moment, mail, event.data or {})
    return moment


def _add_bounce(
    catalogue: Catalogue, moment: Moment, mail: Mail | None, data: Mapping[str, Any]
) -> None:
    name = sentences.delivery_name(catalogue, mail) if mail else "メール"
    reason = data.get("reason")
    why = f"（{BounceReason(reason).label}）" if reason in list(BounceReason) else ""
    moment.text = f"{name}が届きませんでした{why}"
    if said := data.get("diagnostic"):
        moment.details.append(str(said))


def _add_deal(moment: Moment, data: Mapping[str, Any]) -> None:
    amount, reason = data.get("amount"), data.get("reason")
    if isinstance(amount, int):
        moment.details.append(f"{amount:,}円")
    if reason in list(LostReason):
        moment.details.append(LostReason(reason).label)


def _add_reason(moment: Moment, data: Mapping[str, Any]) -> None:
    for words in (Stage, SetFor):
        moment.details.extend(word.label for word in words if word.value in data.values())


def _add_verdict(moment: Moment, data: Mapping[str, Any]) -> None:
    verdict = data.get("verdict")
    if data.get("late"):
        moment.details.append("期限を過ぎたリンクのため、数えていません")
    elif verdict is None:
        moment.details.append("人か機械かを確かめています（15秒から1分）")
    elif verdict != Verdict.HUMAN:
        moment.look = "quiet"
        held = "機械によるアクセスとみて" if verdict == Verdict.MACHINE else "人か機械か決められず"
        moment.details.append(f"{held}、数えていません")
        moment.details.extend(
            f"{LABELS.get(name, name)}（{weight:+.1f}）"
            for name, weight in data.get("signs", [])[:3]
        )
    elif forwardedness(data) >= PERHAPS_FORWARDED_FROM:
        moment.details.extend(
            f"転送？ {FORWARDED_LABELS.get(name, name)}" for name, _ in data["forwarded"]
        )
        if not counts_for_reader(data):
            moment.details.append("この読者の点数には入れていません")


def _of_view(catalogue: Catalogue, seen: Sequence[Event]) -> Moment:
    first = seen[0]
    ends = [event for event in seen if event.kind is EventKind.PAGE_END]
    end = ends[-1] if ends else None  # each tells the whole view up to then
    reached = max((event.section or 0 for event in seen), default=0)
    page = sentences.page_at(catalogue, first.page)
    total = len(page.sections) if page else 0
    data = (end.data if end else None) or {}
    done = bool(data.get("done"))
    read = done or reached > 0
    kind = EventKind.PAGE_END if read else EventKind.PAGE_VIEW
    moment = Moment(first.at, "read", sentences.told(catalogue, Cause(kind, first.page)))
    for event in seen:
        if event.kind is EventKind.PAGE_VIEW and event.data:
            came = _CAME_BY.get(str(event.data.get("ref")))
            moment.details.extend([came] if came else [])
    if done:
        moment.details.append("最後まで")
    elif reached and total:
        moment.details.append(f"見出し{min(reached, total)}/{total}まで")
    if fields := sum(event.kind is EventKind.GATE_FIELD for event in seen):
        moment.details.append(f"フォームの{fields}項目に入力")
    watched = [
        e.data.get("percent", 0) for e in seen if e.kind is EventKind.VIDEO_PROGRESS and e.data
    ]
    if watched:
        moment.details.append(f"動画を{max(watched)}%まで")
    active = data.get("active_ms")
    if isinstance(active, int) and active >= 1000:
        moment.details.append(duration(active / 1000))
    return moment


def duration(seconds: float) -> str:
    """``2分40秒``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}分{rest:02d}秒" if minutes else f"{rest}秒"


def _of_mail(catalogue: Catalogue, mail: Mail) -> Moment:
    name = sentences.delivery_name(catalogue, mail)
    assert mail.settled_at is not None
    match mail.state:
        case DeliveryState.SENT:
            return Moment(mail.settled_at, "mail", f"{name}を送った")
        case DeliveryState.UNCERTAIN:
            return Moment(mail.settled_at, "stop", f"{name}が届いたかどうか分からない")
        case DeliveryState.FAILED | DeliveryState.BOUNCED:
            moment = Moment(mail.settled_at, "stop", f"{name}が届かなかった")
        case _:
            moment = Moment(mail.settled_at, "quiet", f"{name}を送らなかった")
    if mail.reason:
        labels = {
            word.value: word.label
            for words in (EndReason, BounceReason, SkipReason)
            for word in words
        }
        moment.details.append(labels.get(mail.reason, mail.reason))
    return moment
