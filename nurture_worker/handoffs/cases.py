"""Whether a reader is given to sales, and by when somebody should have reached out. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from nurture_worker.scenarios.schedule import Calendar
from nurture_worker.scoring.heat import why_hot
from nurture_worker.scoring.points import StageOf, score, total
from tracker.briefing import fact_of
from tracker.catalogue.sales import Sales
from tracker.catalogue.scoring import Scoring
from tracker.events import Event
from tracker.words import EventKind, HandoffCause

INQUIRY_COUNTS_FOR = timedelta(days=30)
"""An older inquiry that nobody made a task of was answered before there were tasks."""


@dataclass(frozen=True)
class Case:
    """A reader to be given to sales. ``reasons`` are plain JSON and hold nothing personal;
    ``event_id`` is the inquiry it is about."""

    cause: HandoffCause
    reasons: tuple[dict[str, Any], ...] = ()
    event_id: str | None = None


def case_for(
    events: Sequence[Event],
    held: float,
    rules: Scoring,
    now: datetime,
    *,
    stage_of: StageOf,
    zone: tzinfo,
    confirmed: bool,
    closed_at: datetime | None = None,
    arrived: Collection[str] = (),
) -> Case | None:
    """Why a reader with ``events`` and the score ``held`` goes to sales; ``None`` if they do not.

    After a task that was ``closed_at`` then, what was done before counts no more: a new one needs
    evidence that is enough by itself. An inquiry that has only ``arrived`` now (ids of events) counts
    whenever it was made: nobody can have answered it. Unless the address is ``confirmed``, only an inquiry counts,
    for anybody can type anybody's address into a form.
    """
    fresh = [event for event in events if closed_at is None or event.at > closed_at]
    inquiry = newest_inquiry([*fresh, *(e for e in events if e.id in arrived)], now)
    if inquiry is not None:
        return Case(HandoffCause.INQUIRY, (), inquiry.id)
    if not confirmed:
        return None
    points = held
    if closed_at is not None:
        points = total(score(fresh, rules, stage_of, zone), now, rules)
    reasons = why_hot(fresh, points, rules, now, stage_of=stage_of, zone=zone)
    if not reasons:
        return None
    by_id = {event.id: event for event in fresh}
    return Case(
        HandoffCause.HOT,
        tuple(
            {
                "rule": reason.rule,
                "at": reason.at.isoformat(),
                "facts": [fact_of(by_id[event]) for event in reason.events if event in by_id],
            }
            for reason in reasons
        ),
    )


def newest_inquiry(events: Sequence[Event], now: datetime) -> Event | None:
    """The newest inquiry that is not too old to be a task."""
    found = [
        event
        for event in events
        if event.kind is EventKind.INQUIRY and event.at > now - INQUIRY_COUNTS_FOR
    ]
    return max(found, key=lambda event: (event.at, event.seq), default=None)


def deadline(cause: HandoffCause, now: datetime, sales: Sales, calendar: Calendar) -> datetime:
    """By when somebody should have reached out (UTC)."""
    days = sales.inquiry_days if cause is HandoffCause.INQUIRY else sales.hot_days
    return calendar.close_of(now, days)
