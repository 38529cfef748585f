"""Why a reader is hot: the score, or an act that says enough by itself. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from nurture_worker.scoring.dormancy import last_act
from nurture_worker.scoring.points import StageOf, evidence
from tracker.catalogue.scoring import BY_SCORE, Happening, HotAct, Scoring
from tracker.events import Event


@dataclass(frozen=True)
class Reason:
    """Why a reader is hot: the id of the act, or ``BY_SCORE``; the events it took, oldest first
    (none for the score, which has its entries), and since when it is so (UTC; for the score, the
    time of asking)."""

    rule: str
    at: datetime
    events: tuple[str, ...] = ()


def why_hot(
    events: Sequence[Event],
    score: float,
    rules: Scoring,
    now: datetime,
    *,
    stage_of: StageOf,
    zone: tzinfo,
) -> list[Reason]:
    """Every reason there is at ``now``, the score first; none for who is not hot.

    Acts count for as long as their ``within_days`` reach back to them. Who has done nothing for
    ``idle_days`` is not hot whatever they did before. A day is a calendar day of ``zone``.
    """
    hot = rules.hot
    if hot.idle_days is not None:
        acted = last_act(events)
        if acted is None or now >= acted + timedelta(days=hot.idle_days):
            return []
    found = [Reason(BY_SCORE, now)] if score >= hot.at else []
    if hot.acts:
        done = [event for event in evidence(events) if event.at <= now]
        for act in hot.acts:
            if reason := _done(act, done, now, stage_of, zone):
                found.append(reason)
    return found


def _done(
    act: HotAct, done: Sequence[Event], now: datetime, stage_of: StageOf, zone: tzinfo
) -> Reason | None:
    since = now - timedelta(days=act.within_days)
    recent = [event for event in done if event.at > since]
    taken: dict[str, datetime] = {}
    for part in (act, *act.also):
        enough = _enough(part, recent, stage_of, zone)
        if enough is None:
            return None
        taken.update((event.id, event.at) for event in enough)
    in_order = sorted(taken, key=lambda event_id: taken[event_id])
    return Reason(act.id, max(taken.values()), tuple(in_order))


def _enough(
    part: Happening, recent: Sequence[Event], stage_of: StageOf, zone: tzinfo
) -> list[Event] | None:
    """The first events that were enough; ``None`` where there are not as many."""
    found: list[Event] = []
    days = set()
    for event in recent:
        if event.kind is not part.event:
            continue
        if not part.covers(event.page, event.cta, stage_of(event)):
            continue
        found.append(event)
        days.add(event.at.astimezone(zone).date())
        if len(found) >= part.times and len(days) >= part.days:
            return found
    return None
