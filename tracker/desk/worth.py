"""Why a reader has the points they have: each entry, and what time has left of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.catalogue import Catalogue
from tracker.catalogue.scoring import Where
from tracker.desk import sentences
from tracker.events import Event
from tracker.store.histories import Mail, ScoreEntry
from tracker.store.reports import Cause

MOST_LINES = 30


@dataclass(frozen=True)
class Line:
    """One entry: what happened, the rule in words and by its id, the points it gave then and what
    is left of them, to a tenth."""

    at: datetime
    text: str
    rule: str
    rule_id: str
    points: int
    left: float


@dataclass(frozen=True)
class Worth:
    """The newest lines, and ``rest`` the number and the sum of those before. What is left of all
    adds up to ``total`` exactly; the score is that, or 0 where it is less."""

    lines: list[Line]
    rest: tuple[int, float]
    total: float

    @property
    def score(self) -> float:
        return max(0.0, self.total)


def worth(
    catalogue: Catalogue,
    events: Sequence[Event],
    entries: Sequence[ScoreEntry],
    mails: Sequence[Mail],
    now: datetime,
) -> Worth:
    """What ``entries`` are worth at ``now``, newest first. An event that is gone is told by its
    rule alone."""
    of_id = {event.id: event for event in events}
    of_mail = {mail.id: mail for mail in mails}
    lines: list[Line] = []
    exact, told = 0.0, 0.0
    for entry in sorted(entries, key=lambda one: (one.at, one.event_id, one.rule)):
        exact += catalogue.scoring.left(entry.rule, entry.points, entry.at, now)
        # Rounding the running sum and not each part, so that the parts add up to the sum.
        left, told = round(round(exact, 1) - told, 1), round(exact, 1)
        event = of_id.get(entry.event_id)
        text = _in_words(catalogue, event, of_mail) if event else "いまは残っていない記録"
        rule = rule_in_words(catalogue, entry.rule)
        lines.append(Line(entry.at, text, rule, entry.rule, entry.points, left))
    lines.reverse()
    before = lines[MOST_LINES:]
    return Worth(
        lines[:MOST_LINES], (len(before), round(sum(line.left for line in before), 1)), told
    )


def rule_in_words(catalogue: Catalogue, rule_id: str) -> str:
    """What a scoring rule rewards, for who does not know its id."""
    if any(fit.id == rule_id for fit in catalogue.scoring.fits):
        return "どんな人か"
    rule = next((r for r in catalogue.scoring.points if r.id == rule_id), None)
    if rule is None:
        return f"以前の規則（{rule_id}）"
    where = _where(rule)
    return f"{rule.event.label}（{where}）" if where else rule.event.label


def _where(rule: Where) -> str:
    stages = "・".join(stage.label for stage in rule.stages)
    parts = [f"{stages}の内容" if stages else "", "・".join(rule.pages), "・".join(rule.ctas)]
    return "、".join(part for part in parts if part)


def _in_words(catalogue: Catalogue, event: Event, mails: Mapping[str, Mail]) -> str:
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
    return sentences.told(catalogue, cause)
