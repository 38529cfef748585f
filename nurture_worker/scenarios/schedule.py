"""When what is regular comes round, and when mails may go out. Pure: the one table of schedules
stands in ``sweep``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property, lru_cache

from tracker.catalogue.sendings import Sending, StepWindow, Weekday, Window

WEEKLY_HOUR = 8
_REAL_DAY = timedelta(days=1)
_LONGEST_SHUT = 400
"""Days: a window that is not open once in them is passed over."""
_FIRST_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


def week_of(now: datetime, zone: tzinfo, day: timedelta) -> tuple[str, datetime]:
    """The report week ``now`` lies in: its name, and when it began (UTC).

    Weeks begin on Monday at 8:00 in the firm's zone. Where a scenario's day is not 24 hours, a
    week is seven of those days, counted from 1970.
    """
    if day != _REAL_DAY:
        count = (now - _FIRST_MONDAY) // (7 * day)
        return f"week-{count}", _FIRST_MONDAY + count * 7 * day
    local = now.astimezone(zone)
    begin = local.replace(hour=WEEKLY_HOUR, minute=0, second=0, microsecond=0) - timedelta(
        days=local.weekday()
    )
    if begin > local:
        begin -= timedelta(days=7)
    year, week, _ = begin.isocalendar()
    return f"{year}-W{week:02}", begin.astimezone(UTC)


@dataclass(frozen=True)
class Calendar:
    """The firm's days: its zone, when and how much it sends, and how long a scenario's day lasts.

    Where that is not 24 hours, neither the window nor the most a reader gets is kept to: they are
    said in real hours and days, and a show of three minutes would wait for Monday.
    """

    sending: Sending
    zone: tzinfo = UTC
    day: timedelta = _REAL_DAY

    @cached_property
    def is_real(self) -> bool:
        return self.day == _REAL_DAY

    def after_days(self, since: datetime, days: int) -> datetime:
        """``days`` later: at the same time on the firm's clock, whatever the clock did meanwhile."""
        if not self.is_real:
            return since + days * self.day
        local = since.astimezone(self.zone)
        return (local + timedelta(days=days)).astimezone(UTC)

    def open_from(self, at: datetime, own: StepWindow | None = None) -> datetime:
        """The first moment from ``at`` on at which a mail with that window of its own may go out."""
        if not self.is_real:
            return at
        if own:
            return open_from(at, own.within(self.sending), self.zone)
        return open_from(at, self.sending, self.zone, self._known)

    @cached_property
    def _known(self) -> dict[date, "Hours | None"]:
        """The days that were looked at: of many readers they are the same."""
        return {}

    def close_of(self, at: datetime, days: int) -> datetime:
        """When the ``days``-th working day after the day of ``at`` closes (0: that day itself, or
        the next one that has not closed yet)."""
        if not self.is_real:
            return at + max(1, days) * self.day
        first = at.astimezone(self.zone).date()
        left = days
        for day in (first + timedelta(days=n) for n in range(_LONGEST_SHUT)):
            if not _is_open_on(day, self.sending.days, self.sending.holidays):
                continue
            closes = _on(day, self.sending.closes, self.zone)
            if day == first and days:
                continue
            if left <= 1 and closes > at:
                return closes
            left -= 1
        return at

    def room_from(
        self, at: datetime, sent: Sequence[datetime], own: StepWindow | None = None
    ) -> datetime:
        """The first moment from ``at`` on at which a mail may go out to who got others at ``sent``.

        No more than ``per_day`` on a day of the firm's zone, and no more than ``per_week`` on that
        day and the six before it.
        """
        at = self.open_from(at, own)
        if not self.is_real:
            return at
        days = [moment.astimezone(self.zone).date() for moment in sent]
        for _ in range(_LONGEST_SHUT):
            today = at.astimezone(self.zone).date()
            week = today - timedelta(days=6)
            on_this_day = sum(day == today for day in days)
            in_this_week = sum(week <= day <= today for day in days)
            if on_this_day < self.sending.per_day and in_this_week < self.sending.per_week:
                break
            at = self.open_from(_midnight(today + timedelta(days=1), self.zone), own)
        return at


def due_at(
    started_at: datetime,
    days: int,
    window: Window,
    zone: tzinfo,
    day: timedelta = _REAL_DAY,
) -> datetime:
    """When what is due ``days`` days after ``started_at`` may go out (UTC): at the same time of the
    day in ``zone``, or where the window is shut, when it opens next."""
    sending = Sending.model_validate(window.model_dump())
    calendar = Calendar(sending, zone, day)
    return calendar.open_from(calendar.after_days(started_at, days))


Hours = tuple[datetime, datetime]


def open_from(
    at: datetime, window: Window, zone: tzinfo, known: dict[date, Hours | None] | None = None
) -> datetime:
    """The first moment from ``at`` on that lies within ``window`` (UTC). ``known`` are the hours of
    days as they were found before."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    day = at.astimezone(zone).date()
    known = {} if known is None else known
    for _ in range(_LONGEST_SHUT):
        if day not in known:
            known[day] = _hours(day, window, zone)
        hours = known[day]
        if hours and at < hours[1]:
            return max(at, hours[0])
        day += _ONE_DAY
    return at


_ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=4096)
def _is_open_on(day: date, days: tuple[Weekday, ...], holidays: bool) -> bool:
    if list(Weekday)[day.weekday()] not in days:
        return False
    if holidays:
        return True
    import jpholiday  # here, so that what needs no window starts without its tables

    return not jpholiday.is_holiday(day)


def _hours(day: date, window: Window, zone: tzinfo) -> Hours | None:
    """From when until when a day is open (UTC); ``None`` for one that is not."""
    if not _is_open_on(day, window.days, window.holidays):
        return None
    return _on(day, window.opens, zone), _on(day, window.closes, zone)


@lru_cache(maxsize=4096)
def _on(day: date, minutes: int, zone: tzinfo) -> datetime:
    """That many minutes after midnight on the clock of ``zone`` (UTC)."""
    local = datetime.combine(day, time(), zone) + timedelta(minutes=minutes)
    return local.astimezone(UTC)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return _on(day, 0, zone)


def every(day: timedelta, times: int) -> timedelta:
    """``day`` in ``times`` parts, to the second, one second at least."""
    return timedelta(seconds=max(1, round(day.total_seconds() / times)))
