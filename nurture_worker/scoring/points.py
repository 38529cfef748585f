"""What a reader did, in points: which event gave how many by which rule. Pure."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from operator import attrgetter

from tracker.catalogue.scoring import FitRule, Scoring
from tracker.clicks.counting import counts_for_reader
from tracker.events import Event
from tracker.words import EventKind, Stage

StageOf = Callable[[Event], Stage | None]
"""The stage of the content an event happened on; ``None`` for content of no stage."""


DETAILS = frozenset(
    {EventKind.SECTION, EventKind.CTA_SEEN, EventKind.GATE_OPEN, EventKind.GATE_FIELD}
)
"""What a page tells of one view of it; half of the log, and nothing is concluded from them where
the rules don't name them."""


@dataclass(frozen=True)
class ScoreEntry:
    """Points with their reason."""

    event_id: str
    rule: str
    at: datetime
    points: int


@dataclass(frozen=True)
class Who:
    """What the rules may ask of a reader besides what they did: the domain of their address, their
    company, and the persona their reading speaks for."""

    domain: str | None = None
    company: str | None = None
    persona: str | None = None


NOBODY = Who()

_BY_TIME = attrgetter("at", "seq")


class Evidence(list[Event]):
    """Events that were sifted already."""


def evidence(events: Sequence[Event]) -> Evidence:
    """The events that say something about the reader, oldest first.

    Left out: hits that are not held for a person's (yet), that came after the link's time or from
    somebody the mail was handed on to, a link of one mail followed again, a page left before its
    end, and the end of one view told again.
    """
    if isinstance(events, Evidence):
        return events
    kept = Evidence()
    followed: set[tuple[str | None, str | None]] = set()
    ended: set[str] = set()
    for event in sorted(events, key=_BY_TIME):
        if event.kind is EventKind.MAIL_CLICK:
            if not counts_for_reader(event.data or {}):
                continue
            if (event.delivery_id, event.page) in followed:
                continue
            followed.add((event.delivery_id, event.page))
        elif event.kind is EventKind.PAGE_END:
            if not (event.data or {}).get("done") or event.view in ended:
                continue
            if event.view is not None:
                ended.add(event.view)
        kept.append(event)
    return kept


def score(
    events: Sequence[Event],
    rules: Scoring,
    stage_of: StageOf,
    zone: tzinfo,
    who: Who = NOBODY,
) -> list[ScoreEntry]:
    """The score entries of one reader's events, in order. A day is a calendar day of ``zone``.

    What ``who`` is gives its points with the first confirmation of the address: before that,
    anybody can have typed it.
    """
    entries: list[ScoreEntry] = []
    given: defaultdict[tuple[str, object], int] = defaultdict(int)
    rules_of = rules.rules_of
    confirmed = False
    for event in evidence(events):
        if event.kind is EventKind.CONFIRM and not confirmed:
            confirmed = True
            entries += [
                ScoreEntry(event.id, fit.id, event.at, fit.points)
                for fit in rules.fits
                if fit.points and _fits(fit, who)
            ]
        if event.kind not in rules_of:
            continue
        stage = stage_of(event)
        for rule in rules.rules_at(event.kind, stage):
            if (rule.pages or rule.ctas) and not rule.covers(event.page, event.cta, stage):
                continue
            points = rule.points
            if rule.cap_per_day is not None:
                day = (rule.id, event.at.astimezone(zone).date())
                room = rule.cap_per_day - abs(given[day])
                points = max(-room, min(room, points))
                given[day] += points
            if points:
                entries.append(ScoreEntry(event.id, rule.id, event.at, points))
    return entries


def untold_by(rules: Scoring) -> frozenset[EventKind]:
    """The kinds of events that nothing is concluded from by these rules."""
    return DETAILS - rules.rules_of.keys() - rules.stages.weights.keys() - rules.hot.kinds


def total(entries: Sequence[ScoreEntry], now: datetime, rules: Scoring) -> float:
    """The sum at ``now`` of what is left of each entry; never below 0."""
    worth = sum(rules.left(entry.rule, entry.points, entry.at, now) for entry in entries)
    return round(max(0.0, worth), 1)


def _fits(rule: FitRule, who: Who) -> bool:
    if who.domain and any(f".{who.domain}".endswith(f".{domain}") for domain in rule.domains):
        return True
    if who.company and rule.companies:
        company = _plain(who.company)
        if any(_plain(name) in company for name in rule.companies):
            return True
    return who.persona is not None and who.persona in rule.personas


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
