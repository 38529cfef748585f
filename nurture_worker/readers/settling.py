"""Hits on mails' links become verdicts, and verdicts become scores."""

from datetime import datetime

from nurture_worker.letters.bodies import count_links
from nurture_worker.readers.following import follow
from nurture_worker.tools import Tools
from tracker.clicks.hits import SETTLE_AFTER
from tracker.clicks.judging import judge
from tracker.store import deliveries, verdicts
from tracker.store.deliveries import Delivery
from tracker.store.engine import reading, writing
from tracker.store.tables import EPOCH
from tracker.words import DeliveryState, MailKind

BATCH = 200
MOST_ANEW = 1000
"""Mails judged anew in one go; the next sweep goes on, so that new rules hold up no sending."""


def settle(tools: Tools, since: datetime = EPOCH) -> int:
    """Judge the hits from ``since`` on that have waited for their siblings; how many mails were
    looked at.

    A new hit on a mail has all its hits judged anew, so a verdict may be revised; so may it be by
    a hit on another reader's mail, by what the landing page told, and by a new version of the
    rules. Whose hits are held for something else is scored and staged again. One mail a
    transaction: what was looked at stays, should the worker be killed.
    """
    looked = 0
    while True:
        now = tools.now()
        with reading(tools.engine) as connection:
            mails = verdicts.unjudged(connection, now - SETTLE_AFTER, BATCH, since)
        if not mails:
            break
        for delivery_id in mails:
            _judge(tools, delivery_id, now)
        looked += len(mails)
    anew = 0
    while anew < MOST_ANEW:
        with reading(tools.engine) as connection:
            mails = verdicts.outdated(connection, min(BATCH, MOST_ANEW - anew))
        if not mails:
            break
        for delivery_id in mails:
            _judge(tools, delivery_id, tools.now())
        anew += len(mails)
    return looked + anew


def _judge(tools: Tools, delivery_id: str, now: datetime) -> None:
    with writing(tools.engine) as connection:
        mail = deliveries.get(connection, delivery_id)
        hits = verdicts.hits_of(connection, delivery_id)
        reader_id = mail.reader_id if mail else None
        sent = mail is not None and mail.state is DeliveryState.SENT
        found = judge(
            hits.known,
            sent_at=mail.settled_at if mail and sent else None,
            links=_links(tools, mail),
            neighbours=verdicts.neighbours(connection, hits.known, delivery_id, reader_id),
            scanners=tools.settings.scanners,
        )
        settled = [found[hit.id] for hit in hits.known if hit.at <= now - SETTLE_AFTER]
        changed = verdicts.keep(connection, settled, now, hits.known, delivery_id)
        verdicts.leave(connection, hits.bare, now)
        if changed and reader_id:
            follow(tools, connection, reader_id, now)


def _links(tools: Tools, mail: Delivery | None) -> int | None:
    """How many links the mail's step or issue holds as it is written today."""
    if mail is None:
        return None
    if mail.kind is MailKind.NEWSLETTER:
        issue = tools.catalogue.issue(mail.step)
        return count_links(issue.body) + 1 if issue else None  # and the one to read it in a browser
    scenario = tools.catalogue.scenario(mail.scenario or "")
    step = scenario.step(mail.step) if scenario else None
    return count_links(step.body) if step else None
