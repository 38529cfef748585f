"""The period a report is about."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DEFAULT = "28"
LABELS = {"7": "7日間", "28": "28日間", "90": "90日間", "all": "全期間"}


@dataclass(frozen=True)
class Period:
    """``since`` is the first moment (UTC), a midnight of the firm's zone; None: from the start.
    It goes on to now."""

    key: str
    since: datetime | None

    @property
    def label(self) -> str:
        return LABELS[self.key]


def period(key: str | None, now: datetime, zone: ZoneInfo) -> Period:
    """The period of that key, today being its last day; the default for any other key."""
    key = key if key in LABELS else DEFAULT
    if key == "all":
        return Period(key, None)
    first = (now.astimezone(zone) - timedelta(days=int(key) - 1)).date()
    midnight = datetime(first.year, first.month, first.day, tzinfo=zone)
    return Period(key, midnight.astimezone(UTC))
