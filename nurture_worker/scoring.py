"""What a reader did, in points: which event gave how many by which rule. Pure."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from tracker.catalogue.scoring import PointRule, Scoring
from tracker.clicks import counts_for_reader
from tracker.events import Event
from tracker.words import EventKind, Stage

StageOf = Callable[[Event], Stage | None]
"""The stage of the content an event happened on; ``None`` for content of no stage."""


@dataclass(frozen=True)
class ScoreEntry:
    """Points with their reason."""

    event_id: str
    rule: str
    at: datetime
    points: int


def evidence(events: Sequence[Event]) -> list[Event]:
    """The events that say something about the reader, oldest first.

    Left out: hits that are not held for a person's (yet), that came after the link's time or from
    somebody the mail was handed on to, a link of one mail followed again, a page left before its
    end, and the end of one view told again.
    """
    kept = []
    followed: set[tuple[str | None, str | None]] = set()
    ended: set[str] = set()
    for event in sorted(events, key=lambda e: (e.at, e.seq)):
        data = event.data or {}
        if event.kind is EventKind.MAIL_CLICK:
            if not counts_for_reader(data) or (event.delivery_id, event.page) in followed:
                continue
            followed.add((event.delivery_id, event.page))
        if event.kind is EventKind.PAGE_END:
            if not data.get("done") or event.view in ended:
                continue
            if event.view is not None:
                ended.add(event.view)
        kept.append(event)
    return kept


def score(
    events: Sequence[Event], rules: Scoring, stage_of: StageOf, zone: tzinfo
) -> list[ScoreEntry]:
    """The score entries of one reader's events, in order. A day is a calendar day of ``zone``."""
    entries = []
    given: defaultdict[tuple[str, object], int] = defaultdict(int)
    for event in evidence(events):
        for rule in rules.points:
            if not _applies(rule, event, stage_of):
                continue
            day = (rule.id, event.at.astimezone(zone).date())
            points = rule.points
            if rule.cap_per_day is not None:
                room = rule.cap_per_day - abs(given[day])
                points = max(-room, min(room, points))
            if points:
                given[day] += points
                entries.append(ScoreEntry(event.id, rule.id, event.at, points))
    return entries


def total(entries: Sequence[ScoreEntry], now: datetime, half_life_days: float) -> float:
    """The sum at ``now``, each entry halved every ``half_life_days``; never below 0."""
    half_life = timedelta(days=half_life_days)
    worth: float = sum(
        entry.points * 0.5 ** (max(timedelta(0), now - entry.at) / half_life) for entry in entries
    )
    return round(max(0.0, worth), 1)


def _applies(rule: PointRule, event: Event, stage_of: StageOf) -> bool:
    if rule.event is not event.kind:
        return False
    return not rule.stages or stage_of(event) in rule.stages
