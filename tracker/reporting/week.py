"""The last seven days and the seven before, in a few figures: for the weekly mail."""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import Connection

from tracker.reporting.scope import ms
from tracker.reports.followed import ways_of
from tracker.reports.rows import GOAL
from tracker.reports.week import Week
from tracker.store import touches
from tracker.store.mailings import mailings

LENGTH = timedelta(days=7)


def week(connection: Connection, now: datetime) -> Week:
    """Of the seven days up to ``now``."""
    ways = ways_of(touches.moves(connection))
    end, middle, begin = ms(now), ms(now - LENGTH), ms(now - 2 * LENGTH)
    these = Counter(m.rank for way in ways.values() for m in way if middle <= m.at < end)
    those = Counter(m.rank for way in ways.values() for m in way if begin <= m.at < middle)
    mails = mailings(connection, now - LENGTH, now, now).values()
    return Week(
        tuple(these[rank] for rank in range(GOAL + 1)),
        tuple(those[rank] for rank in range(GOAL + 1)),
        sum(mail.sent for mail in mails),
        sum(mail.clicked for mail in mails),
    )
