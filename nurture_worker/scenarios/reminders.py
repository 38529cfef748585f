"""When who has a place at a seminar is reminded of it. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from tracker.catalogue.seminars import Seminar

_REAL_DAY = timedelta(days=1)
_MORNING = time(9, 0)


class Reminder(StrEnum):
    """The two reminders: the day before in the morning, and an hour before."""

    DAY_BEFORE = "day-before"
    HOUR_BEFORE = "hour-before"


@dataclass(frozen=True)
class Due:
    """A reminder, and when it goes out (in some zone)."""

    reminder: Reminder
    at: datetime


def reminders(seminar: Seminar, registered_at: datetime, zone: tzinfo, day: timedelta) -> list[Due]:
    """The reminders still ahead at ``registered_at``: at 9:00 in the firm's ``zone`` on the day
    before, and an hour before.

    Where a scenario's ``day`` is not 24 hours, the way from the registration to each reminder is
    shorter in the same proportion: with a day of 20 seconds a seminar in 18 days is reminded of
    after some six minutes.
    """
    begins = seminar.begins
    before = begins.astimezone(zone).date() - timedelta(days=1)
    real = {
        Reminder.DAY_BEFORE: datetime.combine(before, _MORNING, zone),
        Reminder.HOUR_BEFORE: begins - timedelta(hours=1),
    }
    return [
        Due(
            reminder,
            (registered_at + (at - registered_at) * (day / _REAL_DAY)).replace(microsecond=0),
        )
        for reminder, at in real.items()
        if at > registered_at
    ]
