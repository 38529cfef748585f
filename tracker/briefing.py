"""What sales should know of a reader before they call: why now, what was read, what to say. Pure.

The sentences are Japanese; times are told in the firm's zone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from tracker.catalogue import Catalogue
from tracker.catalogue.affinity import persona_of
from tracker.catalogue.diagnoses import Result
from tracker.catalogue.pages import Page
from tracker.clicks.counting import counts_for_reader
from tracker.events import Event
from tracker.words import EventKind, FormOf, HandoffCause, Stage

MOST_READ = 8
"""Pages told of."""

_BY_SCORE = "score"
_OPENED = frozenset({EventKind.PAGE_VIEW, EventKind.MAIL_CLICK})
_APPROACH = {
    Stage.AWARENESS: "まだ困りごとを言葉にしている段階です。売り込まず、いま何に困っているかを聞きます。",
    Stage.INTEREST: "直し方を調べている段階です。自社の説明より先に、いまのやり方と、試したことを聞きます。",
    Stage.UNDERSTANDING: "自分たちにもできるかを確かめている段階です。規模の近い事例を1つ用意し、かかる手間と期間を具体的に話します。",
    Stage.TRUST: "頼む相手を選んでいる段階です。費用・期間・始め方・やめ方を、聞かれる前に伝えます。",
}


@dataclass(frozen=True)
class Read:
    """One page, how often it was opened, when last (UTC), and whether to its end."""

    title: str
    kind: str
    stage: Stage | None
    times: int
    last_at: datetime
    to_end: bool


@dataclass(frozen=True)
class Briefing:
    """``read`` are the pages, the newest first; ``say`` what to begin with."""

    read: tuple[Read, ...]
    say: tuple[str, ...]


def fact_of(event: Event) -> dict[str, Any]:
    """What is kept of an event as a reason: nothing personal, plain JSON."""
    told = {
        "id": event.id,
        "at": event.at.isoformat(),
        "kind": event.kind.value,
        "page": event.page,
        "cta": event.cta,
        "gate": event.gate,
    }
    return {name: value for name, value in told.items() if value is not None}


def why(
    catalogue: Catalogue,
    cause: HandoffCause,
    score: float,
    reasons: Sequence[Mapping[str, Any]],
    zone: tzinfo,
) -> list[str]:
    """The reasons of a hand-off as sentences, one each. ``reasons`` name a rule and the facts
    (``fact_of``) that it took."""
    if cause is HandoffCause.INQUIRY:
        return ["問い合わせがありました。"]
    if cause is HandoffCause.BY_HAND:
        return ["担当者が引き渡しました。理由は、デスクの記録にあります。"]
    told = []
    for reason in reasons:
        if reason.get("rule") == _BY_SCORE:
            told.append(
                f"行動の点数が{score:.0f}点になりました（{catalogue.scoring.hot_at}点で引き渡し）。"
            )
        else:
            told.append(_by_act(catalogue, reason.get("facts") or (), zone))
    return told


def brief(
    catalogue: Catalogue,
    events: Sequence[Event],
    *,
    stage: Stage | None,
    cause: HandoffCause,
    mail_stopped: bool = False,
) -> Briefing:
    """What a reader's ``events`` and ``stage`` give to talk about. ``mail_stopped`` says that no
    mail may be sent to them unasked."""
    read = _read(catalogue, events)
    say = []
    if cause is HandoffCause.INQUIRY:
        say.append("はじめに、問い合わせの内容に答えます。話を広げるのはそのあとです。")
    if mail_stopped:
        say.append(
            "案内メールを止めている方です。営業のメールは送らず、電話か、いただいた連絡への返事にします。"
        )
    if stage is not None:
        say.append(f"段階は「{stage.label}」。{_APPROACH[stage]}")
    pages = [_page(catalogue, e) for e in events if e.kind is EventKind.PAGE_VIEW]
    persona_id = persona_of(pages)
    persona = next((p for p in catalogue.personas if p.id == persona_id), None)
    if persona:
        say.append(f"読んだページは「{persona.name}」向けが中心です。困りごと：{persona.worry}")
    result = result_of(catalogue, events)
    if result:
        say.append(_about(result))
    if gates := _received(catalogue, events):
        say.append(f"{gates}を受け取っています。どこを使えそうか、どこで止まったかを聞けます。")
    if read:
        first = read[0]
        say.append(
            f"最後に読んだのは{first.kind}『{first.title}』です。"
            "「どのあたりが、御社に近いと感じましたか」から始められます。"
        )
    return Briefing(tuple(read[:MOST_READ]), tuple(say))


def result_of(catalogue: Catalogue, events: Sequence[Event]) -> Result | None:
    """The newest diagnosis that was taken, judged by today's questions; ``None`` without one."""
    for event in sorted(events, key=lambda e: e.at, reverse=True):
        if event.kind is not EventKind.DIAGNOSIS:
            continue
        data = event.data or {}
        diagnosis = catalogue.diagnosis(str(data.get("diagnosis", "")))
        answers = data.get("answers")
        if diagnosis is None or not isinstance(answers, Mapping):
            return None
        try:
            return diagnosis.result(answers)
        except (KeyError, IndexError, TypeError):
            return None
    return None


def _about(result: Result) -> str:
    told = f"3分診断は{result.percent}点（{result.band.label}）。"
    if not result.changes:
        return told
    weak = result.changes[0]
    return f"{told}いちばん弱いのは「{weak.theme.label}」で、まず勧める手は「{weak.theme.change}」です。"


def _read(catalogue: Catalogue, events: Sequence[Event]) -> list[Read]:
    opened: dict[str, list[datetime]] = {}
    ended: set[str] = set()
    pages: dict[str, Page] = {}
    for event in events:
        page = _page(catalogue, event)
        if page is None or page.url == "":
            continue
        if event.kind is EventKind.MAIL_CLICK and not counts_for_reader(event.data):
            continue
        if event.kind in _OPENED:
            pages[page.path] = page
            opened.setdefault(page.path, []).append(event.at)
        elif event.kind is EventKind.PAGE_END and (event.data or {}).get("done"):
            pages[page.path] = page
            opened.setdefault(page.path, [])
            ended.add(page.path)
    found = [
        Read(
            pages[path].title,
            pages[path].kind.label,
            pages[path].stage,
            len({at.replace(minute=0, second=0, microsecond=0) for at in times}),
            max(times),
            path in ended,
        )
        for path, times in opened.items()
        if times
    ]
    return sorted(found, key=lambda r: r.last_at, reverse=True)


def _received(catalogue: Catalogue, events: Sequence[Event]) -> str:
    gates = dict.fromkeys(
        e.gate for e in events if e.kind is EventKind.GATE_DOWNLOAD and e.gate is not None
    )
    pages = [page for gate in gates if (page := catalogue.gate_page(gate))]
    return "".join(f"資料『{page.title}』" for page in pages)


def _page(catalogue: Catalogue, event: Event) -> Page | None:
    target = (event.page or "").partition("#")[0].partition("?")[0]
    return catalogue.page_at(target) if event.page is not None else None


def _by_act(catalogue: Catalogue, facts: Sequence[Mapping[str, Any]], zone: tzinfo) -> str:
    """What was done, each act once with its days."""
    acts: dict[str, list[str]] = {}
    for fact in facts:
        day = datetime.fromisoformat(fact["at"]).astimezone(zone)
        days = acts.setdefault(_did(catalogue, fact), [])
        told = f"{day.month}月{day.day}日"
        if told not in days:
            days.append(told)
    told = "、".join(f"{act}（{'・'.join(days)}）" for act, days in acts.items())
    return f"{told}。" if told else "引き渡しの決まりに当てはまりました。"


def _did(catalogue: Catalogue, fact: Mapping[str, Any]) -> str:
    kind = EventKind(fact["kind"])
    url = str(fact.get("page") or "").partition("#")[0].partition("?")[0]
    page = catalogue.page_at(url) if fact.get("page") is not None else None
    name = f"{page.kind.label}『{page.title}』" if page else ""
    match kind:
        case EventKind.CTA_CLICK:
            cta = catalogue.cta(str(fact.get("cta")))
            return f"{name}{'の' if name else ''}CTA「{cta.label if cta else fact.get('cta')}」を押した"
        case EventKind.PAGE_VIEW if name:
            return f"{name}を開いた"
        case EventKind.PAGE_END if name:
            return f"{name}を最後まで読んだ"
        case EventKind.MAIL_CLICK if name:
            return f"メールから{name}を開いた"
        case EventKind.GATE_DOWNLOAD if own := catalogue.gate_page(str(fact.get("gate"))):
            return f"資料『{own.title}』を受け取った"
        case EventKind.SEMINAR_REGISTER | EventKind.SEMINAR_ATTEND:
            seminar = catalogue.seminar_page(FormOf.SEMINAR.id_in(fact.get("gate")) or "")
            return f"『{seminar.title}』：{kind.label}" if seminar else kind.label
        case _:
            return f"{name}で{kind.label}" if name else kind.label
