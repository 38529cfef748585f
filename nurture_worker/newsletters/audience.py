"""Who gets an issue of the newsletter, and why the others do not. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nurture_worker.scenarios.schedule import Calendar
from tracker.catalogue.issues import Audience
from tracker.words import LeftOut, Stage

PATIENCE = timedelta(days=3)
"""How long an issue waits for room among a reader's other mails, and how late it may begin."""


@dataclass(frozen=True)
class Candidate:
    """One reader, as far as it matters. ``sent`` says when mails they did not order went out."""

    reader_id: str
    signed_up: bool
    unsubscribed: bool = False
    suppressed: bool = False
    sunset: bool = False
    paused_until: datetime | None = None
    inquired_at: datetime | None = None
    dealt_at: datetime | None = None
    stage: Stage | None = None
    persona: str | None = None
    acted_at: datetime | None = None
    sent: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Seat:
    """What becomes of one reader: when the issue is due for them, or why they are left out."""

    reader_id: str
    due_at: datetime | None
    left_out: LeftOut | None


def seat(
    audience: Audience, reader: Candidate, at: datetime, calendar: Calendar, quiet_days: int
) -> Seat:
    """For an issue that goes out at ``at`` (UTC). The first reason counts: what a reader chose
    stands before whom the editor meant."""
    reason = _refused(reader, at, calendar, quiet_days) or _not_meant(audience, reader, at)
    if reason is not None:
        return Seat(reader.reader_id, None, reason)
    room = calendar.room_from(at, reader.sent)
    if room > latest(at, calendar):
        return Seat(reader.reader_id, None, LeftOut.CAPPED)
    return Seat(reader.reader_id, room, None)


def latest(planned_at: datetime, calendar: Calendar) -> datetime:
    """When an issue planned then is sent no more."""
    return calendar.open_from(planned_at) + PATIENCE


def counted(seats: Iterable[Seat]) -> tuple[int, Counter[LeftOut]]:
    """How many get it, and how many are left out for each reason."""
    given, left = 0, Counter[LeftOut]()
    for one in seats:
        if one.left_out is None:
            given += 1
        else:
            left[one.left_out] += 1
    return given, left


def in_order(left: Counter[LeftOut]) -> Sequence[tuple[LeftOut, int]]:
    """The reasons in the order in which they are asked."""
    return [(reason, left[reason]) for reason in LeftOut if left[reason]]


def _refused(
    reader: Candidate, at: datetime, calendar: Calendar, quiet_days: int
) -> LeftOut | None:
    if reader.unsubscribed:
        return LeftOut.UNSUBSCRIBED
    if reader.suppressed:
        return LeftOut.SUPPRESSED
    if not reader.signed_up:
        return LeftOut.NOT_SIGNED_UP
    if reader.sunset:
        return LeftOut.SUNSET
    if reader.paused_until is not None and reader.paused_until > at:
        return LeftOut.PAUSED
    if reader.inquired_at is not None and at < reader.inquired_at + quiet_days * calendar.day:
        return LeftOut.INQUIRED
    if reader.dealt_at is not None and at < reader.dealt_at + quiet_days * calendar.day:
        return LeftOut.DEAL
    return None


def _not_meant(audience: Audience, reader: Candidate, at: datetime) -> LeftOut | None:
    if audience.stages and reader.stage not in audience.stages:
        return LeftOut.STAGE
    if audience.personas and reader.persona not in audience.personas:
        return LeftOut.PERSONA
    if audience.engaged_since:
        since = at - timedelta(days=audience.engaged_since)
        if reader.acted_at is None or reader.acted_at < since:
            return LeftOut.NOT_ENGAGED
    return None
