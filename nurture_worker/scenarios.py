"""Which step of a scenario comes next, and when. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.catalogue.scenarios import Scenario, Step

SMALLEST_GAP = 0.8
"""Of a scenario day: what lies at least between two steps, so that a worker that was down for a
week does not send three mails at once."""


@dataclass(frozen=True)
class Taken:
    """A step that is behind the reader, however it ended, and when."""

    step: str
    at: datetime


@dataclass(frozen=True)
class Next:
    """The step to plan, and the time before which it must not go out (UTC)."""

    step: Step
    due_at: datetime


@dataclass(frozen=True)
class Pause:
    """When a reader wanted no step mails."""

    since: datetime
    until: datetime


def next_step(
    scenario: Scenario,
    started_at: datetime,
    taken: Sequence[Taken],
    day: timedelta,
    pause: Pause | None = None,
) -> Next | None:
    """The step after those ``taken``; ``None`` when the scenario is over.

    A ``pause`` puts off what was due behind its beginning by as long as it lasts, so that the
    steps keep their distance.

    Editors may change a scenario while readers are in it: a step taken is never taken again,
    wherever it has moved; a step added before one already taken is passed over; a step removed
    is simply not there.
    """
    behind = {t.step for t in taken}
    furthest = max((s.day for s in scenario.steps if s.id in behind), default=0)
    ahead = [s for s in scenario.steps if s.id not in behind and s.day > furthest]
    if not ahead:
        return None
    step = min(ahead, key=lambda s: s.day)
    due_at = started_at + step.day * day
    if pause and due_at > pause.since:
        due_at += max(timedelta(0), pause.until - max(pause.since, started_at))
    if taken:
        due_at = max(due_at, max(t.at for t in taken) + SMALLEST_GAP * day)
    if pause:
        due_at = max(due_at, pause.until)
    return Next(step, due_at)
