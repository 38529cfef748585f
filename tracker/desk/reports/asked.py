"""What the address of a report asks for: the period, and which part of the readers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tracker.catalogue import Catalogue
from tracker.desk import period
from tracker.reporting.sales import CALLS
from tracker.reporting.scope import Scope
from tracker.words import Stage

LABELS = period.LABELS
MOST_CALLS = 100_000
SOURCES = {
    "search": "検索",
    "social": "SNS",
    "referral": "ほかのサイト",
    "mail": "メール",
    "direct": "直接",
}
"""Where readers first came from, in the words of the screen."""


@dataclass(frozen=True)
class Asked:
    """``kept`` are the parts of the address that its other links keep; ``calls`` is how many
    readers sales can call a month."""

    scope: Scope
    key: str
    now: datetime
    zone: ZoneInfo
    catalogue: Catalogue
    kept: dict[str, str]
    calls: int

    @property
    def label(self) -> str:
        return LABELS[self.key]


def asked(args: Mapping[str, str], now: datetime, zone: ZoneInfo, catalogue: Catalogue) -> Asked:
    """What ``args`` ask for; the usual where they ask for anything else."""
    span = period.period(args.get("days"), now, zone)
    stage = next((s for s in Stage if s.value == args.get("stage")), None)
    persona = next((p.id for p in catalogue.personas if p.id == args.get("persona")), None)
    source = args.get("source") if args.get("source") in SOURCES else None
    ahead = now.astimezone(zone).utcoffset() or timedelta()
    told = args.get("calls", "")
    calls = (
        min(int(told), MOST_CALLS) if told.isascii() and told.isdigit() and len(told) < 9 else CALLS
    )
    calls = calls or CALLS
    kept = {
        "days": span.key,
        "stage": stage.value if stage else "",
        "persona": persona or "",
        "source": source or "",
        "lang": "en" if args.get("lang") == "en" else "",
        "calls": str(calls) if calls != CALLS else "",
    }
    return Asked(
        Scope(span.since, now, stage, persona, source, ahead // timedelta(milliseconds=1)),
        span.key,
        now,
        zone,
        catalogue,
        {name: value for name, value in kept.items() if value},
        calls,
    )
