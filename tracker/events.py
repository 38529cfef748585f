"""One recorded fact, as a plain value: what decisions are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tracker.words import EventKind


@dataclass(frozen=True)
class Event:
    """One fact of the log. ``seq`` is its place; ``at`` is UTC."""

    seq: int
    id: str
    at: datetime
    kind: EventKind
    reader_id: str | None = None
    visitor: str | None = None
    view: str | None = None
    page: str | None = None
    section: int | None = None
    cta: str | None = None
    gate: str | None = None
    delivery_id: str | None = None
    data: dict[str, Any] | None = None


def at_present(events: Sequence[Event], moved: Mapping[str, str]) -> Sequence[Event]:
    """The events with their pages' addresses of today. ``moved`` says of an address that a page had
    before which it has now."""
    if not moved:
        return events
    return [
        event if (now := moved.get(event.page or "")) is None else replace(event, page=now)
        for event in events
    ]
