"""A value of a report's table, as the screen and the files write it."""

from datetime import datetime
from typing import Any

from tracker.context import context
from tracker.desk import session
from tracker.desk.language import say
from tracker.reports.sheets import Handoff, Look
from tracker.store.people import Person
from tracker.words import Stage

NOTHING = "—"


class Cells:
    """Writes values in the request's language, and names as the signed-in account may see them."""

    def text(self, value: Any, look: Look) -> str:
        """For the screen."""
        if value is None:
            return NOTHING
        match look:
            case Look.NUMBER:
                return f"{round(value):,}"
            case Look.DECIMAL:
                return f"{value:,.1f}"
            case Look.SHARE:
                return f"{100 * value:.1f}%" if 0 < abs(value) < 0.0995 else f"{100 * value:.0f}%"
            case Look.POINTS:
                points = round(100 * value)
                return f"{points:+d}" if points else "±0"
            case Look.YEN:
                return say("%(yen)s円", yen=f"{round(value):,}")
            case Look.DAYS:
                return say("%(days)s日", days=f"{value:.0f}" if value >= 9.95 else f"{value:.1f}")
            case Look.HOURS:
                return say("%(hours)s時間", hours=f"{value:,.1f}")
            case Look.STAGE:
                return say(value.label)
            case Look.READER:
                return session.names().name(value)
            case Look.HANDOFF:
                return self.text(value.at, Look.WHEN)
            case Look.WHEN:
                return f"{value.astimezone(context().settings.zone):%Y-%m-%d %H:%M}"
        return str(value)

    def plain(self, value: Any, look: Look) -> Any:
        """For a file: numbers stay numbers, a share is a fraction."""
        if isinstance(value, Stage | Person | datetime | Handoff):
            return self.text(value, look)
        if isinstance(value, float):
            return round(value, 6)
        return "" if value is None else value
