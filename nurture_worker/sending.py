"""Claim, send, settle: each due mail once, or visibly uncertain."""

import logging
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from nurture_worker.channels.mail import Mailer, Outcome, ServerAwayError
from nurture_worker.mails import Mail, UnsendableError, prepare
from nurture_worker.tools import Tools
from tracker.store import deliveries
from tracker.store.deliveries import Delivery
from tracker.store.engine import reading, writing
from tracker.words import DeliveryState

log = logging.getLogger(__name__)

BATCH = 100
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480))
GIVE_UP_AFTER = timedelta(hours=48)


def retry_at(attempts: int, planned_at: datetime, now: datetime) -> datetime | None:
    """When to try again after the ``attempts``-th refusal; ``None`` when 48 hours are over."""
    wait = BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]
    return None if now + wait > planned_at + GIVE_UP_AFTER else now + wait


def send_due(tools: Tools) -> int:
    """Send every mail that is due; how many were settled.

    Stops early when the server is away: the rest stay planned and wait for the next sweep.
    """
    settled = 0
    tried: set[str] = set()
    with Mailer(tools.settings.smtp_url) as mailer:
        while True:
            with reading(tools.engine) as connection:
                due = [
                    delivery_id
                    for delivery_id in deliveries.due(connection, tools.now(), BATCH + len(tried))
                    if delivery_id not in tried
                ]
            if not due:
                return settled
            for delivery_id in due:
                tried.add(delivery_id)
                try:
                    settled += _send_one(tools, mailer, delivery_id)
                except ServerAwayError as error:
                    log.error("send: mail server away, will try again: %s", error)
                    return settled


def _send_one(tools: Tools, mailer: Mailer, delivery_id: str) -> bool:
    with writing(tools.engine) as connection:
        delivery = deliveries.claim(connection, delivery_id, tools.now())
    if delivery is None:
        return False
    try:
        mail = prepare(tools, delivery)
    except UnsendableError as error:
        return _settle(tools, delivery, Outcome(error.state, str(error)))
    except SQLAlchemyError:
        raise  # the store is away: the lease runs out and the mail is due again
    except Exception as error:
        log.exception("send: %s cannot be composed", delivery.id)
        return _refused(tools, delivery, f"cannot be composed: {error}", None)
    try:
        outcome = _hand_over(tools, mailer, delivery, mail)
    except ServerAwayError as error:
        with writing(tools.engine) as connection:
            again = tools.now() + BACKOFF[0]
            deliveries.put_off(connection, delivery, again, reason=f"server away: {error}")
        raise
    if outcome.state is DeliveryState.PLANNED:
        return _refused(tools, delivery, outcome.reason or "", outcome.smtp_code)
    return _settle(tools, delivery, outcome)


def _hand_over(tools: Tools, mailer: Mailer, delivery: Delivery, mail: Mail) -> Outcome:
    def before_data() -> bool:
        with writing(tools.engine) as connection:
            return deliveries.begin(connection, delivery, tools.now())

    return mailer.send(
        mail.message, sender=mail.sender, recipient=mail.recipient, before_data=before_data
    )


def _refused(tools: Tools, delivery: Delivery, reason: str, code: int | None) -> bool:
    again = retry_at(delivery.attempts, delivery.planned_at, tools.now())
    if again is None:
        return _settle(tools, delivery, Outcome(DeliveryState.FAILED, reason, code))
    with writing(tools.engine) as connection:
        deliveries.put_off(connection, delivery, again, reason=reason, smtp_code=code)
    return False


def _settle(tools: Tools, delivery: Delivery, outcome: Outcome) -> bool:
    with writing(tools.engine) as connection:
        return deliveries.settle(
            connection,
            delivery,
            outcome.state,
            tools.now(),
            reason=outcome.reason,
            smtp_code=outcome.smtp_code,
        )
