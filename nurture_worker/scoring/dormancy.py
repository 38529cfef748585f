"""Whether a reader is still there: when they last did something, and when it is over. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from nurture_worker.scoring.points import DETAILS, evidence
from tracker.catalogue.scenarios import Scenario
from tracker.events import Event
from tracker.words import EventKind

NO_ACTS = frozenset(
    {
        EventKind.GATE_SUBMIT,  # anybody can type anybody's address
        EventKind.MAIL_UNSUB,
        EventKind.MAIL_DELIVERED,
        EventKind.MAIL_BOUNCE,
        EventKind.MAIL_COMPLAINT,
        EventKind.GATE_SHARED,
        EventKind.LINE_ASK,
        EventKind.STAGE_SET,  # an act of the firm's
        EventKind.DEAL_WON,
        EventKind.DEAL_LOST,
        EventKind.IMPORTED,
        *DETAILS,
    }
)
"""What is recorded of a reader and is no sign that they want to hear more, or no more of one than
the view it belongs to."""


def last_act(events: Sequence[Event]) -> datetime | None:
    """When the reader last did something. What machines did for them is no act, nor is what
    somebody did whom a mail was handed on to."""
    for event in reversed(evidence(events)):
        if event.kind not in NO_ACTS:
            return event.at
    return None


def is_over(scenario: Scenario, asked_at: datetime, now: datetime, day: timedelta) -> bool:
    """Whether a dormant reader who was asked at ``asked_at`` has had the time to answer."""
    return now >= asked_at + scenario.sunset_days * day
