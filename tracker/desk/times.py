"""Times as the desk shows them: in the firm's zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

_WEEKDAYS = "月火水木金土日"


class Times:
    """Shows UTC times in ``zone``, as seen from ``now``, in ``language``."""

    def __init__(self, zone: ZoneInfo, now: datetime, language: str = "ja") -> None:
        self._zone = zone
        self._language = language
        self._now = now.astimezone(zone)

    def moment(self, at: datetime) -> str:
        """``11月24日(月) 9:05``, with the year if it is not this one."""
        return f"{self.day(at)} {self.clock(at)}"

    def day(self, at: datetime) -> str:
        """``11月24日(月)`` or ``Tue 24 Nov``, with the year if it is not this one."""
        local = at.astimezone(self._zone)
        if self._language != "ja":
            form = "EEE d MMM" if local.year == self._now.year else "EEE d MMM y"
            return str(format_date(local, form, locale=self._language))
        year = "" if local.year == self._now.year else f"{local.year}年"
        return f"{year}{local.month}月{local.day}日({_WEEKDAYS[local.weekday()]})"

    def clock(self, at: datetime) -> str:
        """``9:05``"""
        local = at.astimezone(self._zone)
        return f"{local.hour}:{local.minute:02d}"

    def machine(self, at: datetime) -> str:
        """For ``<time datetime>``."""
        return at.astimezone(self._zone).isoformat(timespec="seconds")
