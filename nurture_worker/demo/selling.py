"""What made-up sales do about the readers given to them."""

from datetime import datetime, timedelta
from random import Random

from nurture_worker.tools import Tools
from tracker.store import costs, deals, events, handoffs
from tracker.store.deals import Deal
from tracker.store.engine import writing
from tracker.words import DealOutcome, DealSource, LostReason, Touch

WHO = "eigyo@sodatesha.example.jp"
_SPENT_A_MONTH = 120_000


def work(tools: Tools, dice: Random, day: datetime) -> None:
    """One day's calls, meetings and ends, on weekdays; a few readers nobody ever calls."""
    if day.weekday() >= 5:
        return
    now = tools.now()
    with writing(tools.engine) as connection:
        events.alone(connection)
        costs.tell(connection, f"{day:%Y-%m}", _SPENT_A_MONTH, now)
        for listed in handoffs.open_ones(connection):
            task = listed.handoff
            if sum(map(ord, task.id)) % 9 == 0:
                continue
            age = now - task.opened_at
            if task.first_touch_at is None:
                if dice.random() < 0.5:
                    handoffs.write_down(connection, task, Touch.CALLED, WHO, now, "留守番電話")
                    handoffs.entrust(connection, task.id, None, now + timedelta(days=7))
            elif task.met_at is None and dice.random() < 0.15:
                handoffs.write_down(connection, task, Touch.MEETING, WHO, now)
            elif age > timedelta(days=6) and dice.random() < 0.12:
                won = task.met_at is not None and dice.random() < 0.55
                deals.record(
                    connection,
                    Deal(
                        key=f"handoff:{task.id}",
                        reader_id=task.reader_id,
                        outcome=DealOutcome.WON if won else DealOutcome.LOST,
                        closed_at=now,
                        source=DealSource.DESK,
                        amount=dice.choice((300_000, 480_000, 900_000, 1_500_000)) if won else None,
                        reason=None if won else dice.choice(list(LostReason)),
                        handoff_id=task.id,
                    ),
                    now=now,
                    quiet=timedelta(days=tools.catalogue.firm.sending.quiet_days),
                    author=WHO,
                )
