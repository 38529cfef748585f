"""Claim, send, settle: each due mail once, or visibly uncertain."""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from nurture_worker.admission import Turn, admit
from nurture_worker.channels.mail import Mailer, Outcome, ServerAwayError
from nurture_worker.keeping import keep
from nurture_worker.line_sending import InLine
from nurture_worker.mails import Mail, UnsendableError, prepare
from nurture_worker.tools import Tools
from tracker import notices
from tracker.bounces import SMTP, Notice, notice_id, why
from tracker.store import deliveries, events
from tracker.store.deliveries import Delivery
from tracker.store.engine import is_away, reading, writing
from tracker.words import BounceReason, DeliveryState, EventKind

log = logging.getLogger(__name__)

BATCH = 100
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480))
GIVE_UP_AFTER = timedelta(hours=48)
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds; in all well under the lease, and under the time a worker has to end."""


def retry_at(attempts: int, tried_at: datetime, now: datetime) -> datetime | None:
    """When to try again after the ``attempts``-th refusal; ``None`` when the 48 hours after the
    first attempt, at ``tried_at``, are over."""
    wait = BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]
    return None if now + wait > tried_at + GIVE_UP_AFTER else now + wait


def send_due(tools: Tools) -> int:
    """Send every mail that is due; how many were settled.

    Stops early when the server is away or this process is told to end: the rest stay planned and
    wait for the next sweep.
    """
    settled = 0
    tried: set[str] = set()
    in_line = InLine(tools)
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
                if tools.stop.is_set():
                    return settled
                tried.add(delivery_id)
                try:
                    settled += _send_one(tools, mailer, in_line, delivery_id)
                except ServerAwayError as error:
                    log.error("send: mail server away, will try again: %s", error)
                    return settled


def _send_one(tools: Tools, mailer: Mailer, in_line: InLine, delivery_id: str) -> bool:
    with writing(tools.engine) as connection:
        turn = admit(tools, connection, delivery_id)
        if turn is not Turn.GO:
            return turn is Turn.PASSED
        delivery = deliveries.claim(
            connection, delivery_id, tools.now(), tools.catalogue.newsletter_scenarios
        )
    if delivery is None:
        return False
    told = in_line.send(delivery)
    if told is not None:
        return told
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
    except SQLAlchemyError:
        # Before DATA: nothing was said, so the mail goes back and is not held for uncertain.
        def give_back(connection: Connection) -> bool:
            again = tools.now() + BACKOFF[0]
            return deliveries.put_off(connection, delivery, again, reason="store away")

        _patiently(tools, give_back)
        raise
    if outcome.reason:
        outcome = replace(outcome, reason=_nameless(outcome.reason, mail.recipient))
    if outcome.state is DeliveryState.PLANNED:
        return _refused(tools, delivery, outcome.reason or "", outcome.smtp_code)
    if outcome.smtp_code and outcome.smtp_code >= 500:
        return _sent_back(tools, delivery, outcome, mail.recipient)
    return _settle(tools, delivery, outcome)


def _hand_over(tools: Tools, mailer: Mailer, delivery: Delivery, mail: Mail) -> Outcome:
    def before_data() -> bool:
        with writing(tools.engine) as connection:
            begun = deliveries.begin(connection, delivery, tools.now())
            if begun and mail.kept is not None:
                keep(connection, delivery, mail.kept, tools.now())
            return begun

    return mailer.send(
        mail.message, sender=mail.sender, recipient=mail.recipient, before_data=before_data
    )


def _refused(tools: Tools, delivery: Delivery, reason: str, code: int | None) -> bool:
    again = retry_at(delivery.attempts, delivery.tried_at or delivery.planned_at, tools.now())
    if again is None:
        return _settle(tools, delivery, Outcome(DeliveryState.FAILED, reason, code))
    with writing(tools.engine) as connection:
        deliveries.put_off(connection, delivery, again, reason=reason, smtp_code=code)
    return False


def _sent_back(tools: Tools, delivery: Delivery, outcome: Outcome, recipient: str) -> bool:
    """Refused for good: a bounce like any other, with what follows for its address. What a policy
    refuses is not the reader's fault and is tried again for as long as a refusal for now."""
    now = tools.now()
    notice = Notice(
        id=notice_id(SMTP, delivery.id, delivery.attempts),
        source=SMTP,
        kind=EventKind.MAIL_BOUNCE,
        at=now,
        recipient=recipient,
        delivery_id=delivery.id,
        diagnostic=outcome.reason or "",
    )
    by_policy = why(notice) is BounceReason.POLICY
    first = delivery.tried_at or delivery.planned_at
    again = retry_at(delivery.attempts, first, now) if by_policy else None

    def as_told(connection: Connection) -> bool:
        events.alone(connection)
        reason, code = outcome.reason, outcome.smtp_code
        if again is not None:
            told = deliveries.put_off(
                connection, delivery, again, reason=reason or "", smtp_code=code
            )
        else:
            told = deliveries.settle(
                connection, delivery, outcome.state, now, reason=reason, smtp_code=code
            )
        if told:
            notices.take(connection, notices.entry_of(notice))
        return told and again is None

    return _patiently(tools, as_told)


def _settle(tools: Tools, delivery: Delivery, outcome: Outcome) -> bool:
    def as_told(connection: Connection) -> bool:
        return deliveries.settle(
            connection,
            delivery,
            outcome.state,
            tools.now(),
            reason=outcome.reason,
            smtp_code=outcome.smtp_code,
        )

    return _patiently(tools, as_told)


def _patiently(tools: Tools, change: Callable[[Connection], bool]) -> bool:
    """Commit ``change``, which finds the row as it was or does nothing, however often it takes: a
    store that restarts makes no mail uncertain whose end this worker knows."""
    for pause in (*_PAUSES, None):
        try:
            with writing(tools.engine) as connection:
                return change(connection)
        except SQLAlchemyError as error:
            if pause is None or not is_away(error):
                raise
            log.warning("send: store away, trying again in %s s: %s", pause, type(error).__name__)
            time.sleep(pause)
    raise AssertionError


def _nameless(said: str, recipient: str) -> str:
    """What a server said without the address it was told: reasons outlive their readers."""
    return re.sub(re.escape(recipient), "…", said, flags=re.IGNORECASE)
