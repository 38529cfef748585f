"""Which stage a reader has reached, and by what. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nurture_worker.scoring import StageOf, evidence
from tracker.catalogue.scoring import StageRules
from tracker.events import Event
from tracker.words import EventKind, Stage


@dataclass(frozen=True)
class Reached:
    """A stage, the event that was enough for it, and when the reader was in it (UTC)."""

    stage: Stage
    event_id: str
    at: datetime


def reached(events: Sequence[Event], rules: StageRules, stage_of: StageOf) -> list[Reached]:
    """The stages one reader came to, in order; stages only go forward.

    A reader has a stage from the moment the address is confirmed, or came with its consent from an
    existing list, ``awareness`` at least.
    Evidence on content of a stage counts for that stage and all before it; what was read as a
    visitor counts too. A reader who jumps goes straight to the furthest stage reached.
    """
    found: list[Reached] = []
    sums = dict.fromkeys(Stage, 0)
    last: dict[Stage, Event] = {}
    confirmed: Event | None = None
    for event in evidence(events):
        stage = stage_of(event)
        weight = rules.weights.get(event.kind, 0)
        if stage is not None and weight > 0:
            for upto in Stage:
                if upto.rank <= stage.rank:
                    sums[upto] += weight
                    last[upto] = event
        listed = event.kind is EventKind.IMPORTED and bool((event.data or {}).get("agreed"))
        if (event.kind is EventKind.CONFIRM or listed) and confirmed is None:
            confirmed = event
            found.append(Reached(Stage.AWARENESS, event.id, event.at))
        if confirmed is None:
            continue
        furthest = max(
            (stage for stage in Stage if sums[stage] >= rules.needed),
            key=lambda stage: stage.rank,
            default=Stage.AWARENESS,
        )
        if furthest.rank > found[-1].stage.rank:
            cause = last[furthest]
            found.append(Reached(furthest, cause.id, max(cause.at, confirmed.at)))
    return found
