"""Which stage a reader has reached, and by what. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nurture_worker.scoring.points import StageOf, evidence
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
    """The stages one reader came to, in order; on evidence stages only go forward.

    A reader has a stage from the moment the address is confirmed, or came with its consent from an
    existing list, ``awareness`` at least.
    Evidence on content of a stage counts for that stage and all before it; what was read as a
    visitor counts too. A reader who jumps goes straight to the furthest stage reached.

    What the firm set by hand holds, forward or back; evidence from before then counts no more for
    the stages behind the one that was set.
    """
    found: list[Reached] = []
    sums = dict.fromkeys(Stage, 0)
    last: dict[Stage, Event] = {}
    confirmed: Event | None = None
    for event in evidence(events):
        if event.kind is EventKind.STAGE_SET:
            stage = stage_set(event)
            if confirmed is None or stage is None:
                continue
            for beyond in Stage:
                if beyond.rank > stage.rank:
                    sums[beyond] = 0
            if stage is not found[-1].stage:
                found.append(Reached(stage, event.id, event.at))
            continue
        weight = rules.weights.get(event.kind, 0)
        if weight > 0 and (stage := stage_of(event)) is not None:
            for upto in _UP_TO[stage]:
                sums[upto] += weight
                last[upto] = event
        elif event.kind not in _ARRIVALS:
            continue
        if confirmed is None and _arrives(event):
            confirmed = event
            found.append(Reached(Stage.AWARENESS, event.id, event.at))
        if confirmed is None:
            continue
        for furthest in _FURTHEST_FIRST:
            if sums[furthest] >= rules.needed:
                if _RANK[furthest] > _RANK[found[-1].stage]:
                    cause = last[furthest]
                    found.append(Reached(furthest, cause.id, max(cause.at, confirmed.at)))
                break
    return found


def _arrives(event: Event) -> bool:
    listed = event.kind is EventKind.IMPORTED and bool((event.data or {}).get("agreed"))
    return listed or event.kind is EventKind.CONFIRM


def stage_set(event: Event) -> Stage | None:
    """The stage that an event of the desk's set; ``None`` for one of no stage we know."""
    told = (event.data or {}).get("stage")
    return next((stage for stage in Stage if stage == told), None)


_ARRIVALS = frozenset({EventKind.CONFIRM, EventKind.IMPORTED})
_RANK = {stage: stage.rank for stage in Stage}
_FURTHEST_FIRST = tuple(reversed(Stage))
_UP_TO = {stage: tuple(s for s in Stage if s.rank <= stage.rank) for stage in Stage}
