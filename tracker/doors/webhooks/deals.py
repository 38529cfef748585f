"""``POST /webhooks/deals``: how deals ended, from a CRM or whatever else can sign a request.

Signed as ``/webhooks/bounce``, with ``SODATE_DEALS_SECRET``. The body is one deal or a list::

    {"id": "D-1024", "email": "taro@example.jp", "outcome": "won", "amount": 1200000,
     "closed_at": "2026-11-02", "reason": "price", "note": "…"}

``outcome`` is won or lost. ``id``, ``email`` and ``outcome`` are needed; ``amount`` is in whole
yen. A time without a zone is the firm's. A deal told again under its id replaces what was told.
"""

from datetime import UTC, datetime

from pydantic import Field, ValidationError

from tracker import dealing
from tracker.context import context
from tracker.deal_terms import lost_reason, yen
from tracker.doors.webhooks import own
from tracker.doors.webhooks.calls import Call, Heard, Said
from tracker.inputs import InputError, clean, read_address
from tracker.settings import Settings
from tracker.words import DealOutcome

NAME = dealing.SOURCE
PATH = "/webhooks/deals"


class _Deal(Said):
    id: str = Field(min_length=1, max_length=200)
    email: str = Field(max_length=320)
    outcome: DealOutcome
    amount: int | None = None
    closed_at: datetime | None = None
    reason: str = Field("", max_length=200)
    note: str = ""


def configured(settings: Settings) -> bool:
    return bool(settings.deals_secret)


def hear(call: Call) -> Heard:
    own.check(call, call.settings.deals_secret)
    told = call.json()
    heard = Heard()
    for item in told if isinstance(told, list) else [told]:
        try:
            said = _Deal.model_validate(item)
            address = read_address(said.email).normalised
            amount = yen(said.amount)
        except (ValidationError, InputError, ValueError):
            heard.ignored["unreadable"] += 1
            continue
        reason = lost_reason(said.reason)
        lost = said.outcome is DealOutcome.LOST
        heard.entries.append(
            dealing.entry_of(
                deal_id=clean(said.id),
                address=address,
                outcome=said.outcome,
                closed_at=_moment(call, said.closed_at),
                amount=amount,
                reason=reason if lost else None,
                note=clean(said.note, lines=True),
                quiet_days=context().catalogue.firm.sending.quiet_days,
                now=call.now,
            )
        )
    return heard


def _moment(call: Call, told: datetime | None) -> datetime:
    """When it ended: told, and never later than now; the day it is told where nothing is said, so
    that telling it again the same day is the same."""
    if told is None:
        local = call.now.astimezone(call.settings.zone)
        return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    at = told if told.tzinfo else told.replace(tzinfo=call.settings.zone)
    return min(at.astimezone(UTC), call.now)
