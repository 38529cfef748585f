"""When what is regular comes round. Pure: the one table of schedules stands in ``sweep``."""

from datetime import UTC, datetime, timedelta, tzinfo

WEEKLY_HOUR = 8
_REAL_DAY = timedelta(days=1)
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
