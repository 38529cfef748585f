"""Times as the desk shows them: in the firm's zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

_WEEKDAYS = "月火水木金土日"


class Times:
    """Shows UTC times in ``zone``, as seen from ``now``."""

    def __init__(self, zone: ZoneInfo, now: datetime) -> None:
        self._zone = zone
        self._now = now.astimezone(zone)

    def moment(self, at: datetime) -> str:
        """``11月24日(月) 9:05``, with the year if it is not this one."""
        return f"{self.day(at)} {self.clock(at)}"

    def day(self, at: datetime) -> str:
        """``11月24日(月)``, with the year if it is not this one."""
        local = at.astimezone(self._zone)
        year = "" if local.year == self._now.year else f"{local.year}年"
        return f"{year}{local.month}月{local.day}日({_WEEKDAYS[local.weekday()]})"

    def clock(self, at: datetime) -> str:
        """``9:05``"""
        local = at.astimezone(self._zone)
        return f"{local.hour}:{local.minute:02d}"

    def machine(self, at: datetime) -> str:
        """For ``<time datetime>``."""
        return at.astimezone(self._zone).isoformat(timespec="seconds")
