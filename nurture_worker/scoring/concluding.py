"""What a reader's events come to: score entries, score, stages, last act. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from nurture_worker.scoring.dormancy import last_act
from nurture_worker.scoring.fitting import who_of
from nurture_worker.scoring.points import ScoreEntry, StageOf, evidence, score, total
from nurture_worker.scoring.stages import Reached, reached
from tracker.catalogue.pages import Page
from tracker.catalogue.scoring import Scoring
from tracker.events import Event


@dataclass(frozen=True)
class Conclusion:
    """All that is kept of a reader's log beside it; from nothing, it comes out the same again.

    ``score`` is that of the moment it was asked for.
    """

    entries: list[ScoreEntry]
    score: float
    stages: list[Reached]
    acted_at: datetime | None


@dataclass(frozen=True)
class Rules:
    """What conclusions are drawn by. ``moved`` says of an address that a page had before which it
    has now."""

    scoring: Scoring
    stage_of: StageOf
    page_at: Callable[[str], Page | None]
    zone: tzinfo
    moved: Mapping[str, str] = field(default_factory=dict)


def conclude(
    events: Sequence[Event],
    rules: Rules,
    now: datetime,
    *,
    address: str | None = None,
    company: str | None = None,
) -> Conclusion:
    """The conclusion from one reader's ``events`` (with the addresses of today), who has this
    ``address`` and ``company``."""
    done = evidence(events)
    scoring = rules.scoring
    who = who_of(scoring, address, company, done, rules.page_at)
    entries = score(done, scoring, rules.stage_of, rules.zone, who)
    return Conclusion(
        entries=entries,
        score=total(entries, now, scoring),
        stages=reached(done, scoring.stages, rules.stage_of),
        acted_at=last_act(done),
    )
