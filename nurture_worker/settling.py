"""Hits on mails' links become verdicts, and verdicts become scores."""

from nurture_worker.digest import follow
from nurture_worker.letters import count_links
from nurture_worker.tools import Tools
from tracker.clicks import SETTLE_AFTER, judge
from tracker.store import deliveries, verdicts
from tracker.store.deliveries import Delivery
from tracker.store.engine import reading, writing
from tracker.words import DeliveryState

BATCH = 200


def settle(tools: Tools) -> int:
    """Judge the hits that have waited for their siblings; how many mails were looked at.

    A new hit on a mail has all its hits judged anew, so a verdict may be revised; so has a new
    version of the rules. Whose hits are held for something else is scored and staged again.
    """
    looked = 0
    while True:
        now = tools.now()
        with reading(tools.engine) as connection:
            mails = verdicts.waiting(connection, now - SETTLE_AFTER, BATCH)
        for delivery_id in mails:
            with writing(tools.engine) as connection:
                mail = deliveries.get(connection, delivery_id)
                hits = verdicts.hits_of(connection, delivery_id)
                sent = mail is not None and mail.state is DeliveryState.SENT
                found = judge(
                    hits,
                    sent_at=mail.settled_at if mail and sent else None,
                    links=_links(tools, mail),
                )
                settled = [found[hit.id] for hit in hits if hit.at <= now - SETTLE_AFTER]
                changed = verdicts.keep(connection, settled, now)
                if changed and mail is not None and mail.reader_id:
                    follow(tools, connection, mail.reader_id, now)
        looked += len(mails)
        if len(mails) < BATCH:
            return looked


def _links(tools: Tools, mail: Delivery | None) -> int | None:
    """How many links the mail's step holds as it is written today."""
    scenario = tools.catalogue.scenario(mail.scenario or "") if mail else None
    step = (
        next((s for s in scenario.steps if mail and s.id == mail.step), None) if scenario else None
    )
    return count_links(step.body) if step else None
