"""Claim, send, settle: each due mail once, or visibly uncertain."""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from nurture_worker.channels.mail import Mailer, Outcome, Post, ServerAwayError
from nurture_worker.sending import outbox
from nurture_worker.sending.claiming import Taken, take
from nurture_worker.sending.composing import Mail, UnsendableError, prepare
from nurture_worker.sending.keeping import keep_each
from nurture_worker.sending.line import InLine
from nurture_worker.tools import Tools
from tracker import notices
from tracker.bounces import SMTP, Notice, notice_id, why
from tracker.store import claims, events
from tracker.store.deliveries import Delivery
from tracker.store.engine import is_away, writing
from tracker.store.readers import Reader
from tracker.words import BounceReason, Channel, DeliveryState, EventKind

log = logging.getLogger(__name__)

BATCH = 50
_LONGEST_WAIT = 20.0
"""Seconds of a run that may be spent waiting for room in the pace: other jobs wait behind it."""
_LONGEST_HELD = timedelta(minutes=1)
"""A claim that has waited so long is given back: what its reader does meanwhile shall count."""
T = TypeVar("T")
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
    """Send every mail that is due, as fast as the pace allows; how many were settled.

    Stops early when the server is away or says that it is too much, or when this process is told
    to end: the rest stay planned and wait for the next sweep.
    """
    told = tools.settings
    with (
        Mailer(told.smtp_url, told.smtp_connections) as mailer,
        tools.engine.connect() as looking,
    ):
        return _Run(tools, mailer, looking).through()


class _Run:
    """One way through what is due. ``settled`` counts the mails that came to an end."""

    def __init__(self, tools: Tools, mailer: Mailer, looking: Connection) -> None:
        self._tools = tools
        self._mailer = mailer
        self._in_line = InLine(tools)
        self._looking = looking
        self._settled = 0
        self._told: list[tuple[Delivery, Mail, Outcome]] = []
        """Handed over, and not settled yet: the next commit tells of them."""
        self._ahead: dict[str, Mail] = {}
        """Composed while the server answered, by the delivery's id."""
        self._templates: set[str] = set()
        """The hashes of those that this run has kept."""

    def through(self) -> int:
        tools = self._tools
        tried: set[str] = set()
        patience = _LONGEST_WAIT
        while not tools.stop.is_set():
            taken = take(tools, BATCH, tried)
            tried |= taken.looked_at
            self._settled += taken.passed
            if not taken.looked_at:
                wait = taken.room_in.total_seconds()
                if not wait or wait > patience or tools.stop.wait(wait):
                    break
                patience -= wait
                continue
            if not self._send(taken):
                break
        return self._settled

    def _send(self, taken: Taken) -> bool:
        """Send what was claimed, a few at the same moment; whether to go on with more."""
        tools = self._tools
        waiting = list(taken.claimed)
        until = tools.now() + _LONGEST_HELD
        try:
            while waiting:
                if tools.stop.is_set() or tools.now() > until:
                    self._give_back(waiting, None, "not begun")
                    return not tools.stop.is_set()
                wave: list[tuple[Delivery, Mail]] = []
                most = self._mailer.ready(min(tools.settings.smtp_connections, len(waiting)))
                while waiting and len(wave) < most:
                    delivery = waiting.pop(0)
                    mail = self._composed(delivery, taken.readers)
                    if mail is not None:
                        wave.append((delivery, mail))
                ahead = partial(self._compose_ahead, waiting[:most], taken.readers)
                if wave and not self._hand_over(wave, ahead):
                    self._give_back(waiting, None, "server away")
                    return False
            return True
        except ServerAwayError as error:
            log.error("send: mail server away, will try again: %s", error)
            self._away(waiting[:1], str(error))
            self._give_back(waiting[1:], None, f"server away: {error}")
            return False
        except SQLAlchemyError:
            # Before DATA: nothing was said, so what is left goes back and is not held for lost.
            self._give_back(waiting, None, "store away")
            raise
        finally:
            self._settle_told()

    def _composed(self, delivery: Delivery, known: Mapping[str, Reader]) -> Mail | None:
        """The mail to hand over; ``None`` for one that came to its end, or goes out otherwise."""
        tools = self._tools
        told = self._in_line.send(delivery)
        if told is not None:
            self._settled += told
            return None
        try:
            return self._ahead.pop(delivery.id, None) or self._prepared(delivery, known)
        except UnsendableError as error:
            self._settled += _settle(tools, delivery, Outcome(error.state, str(error)))
        except SQLAlchemyError:
            self._give_back([delivery], None, "store away")
            raise
        except Exception as error:
            log.exception("send: %s cannot be composed", delivery.id)
            self._settled += _refused(tools, delivery, f"cannot be composed: {error}", None)
        return None

    def _prepared(self, delivery: Delivery, known: Mapping[str, Reader]) -> Mail:
        mail = prepare(self._tools, delivery, known, self._looking)
        self._looking.rollback()  # what it read shall not be held for longer
        signer = self._tools.signer
        return replace(mail, message=signer.sign(mail.message)) if signer else mail

    def _compose_ahead(self, mails: Sequence[Delivery], known: Mapping[str, Reader]) -> None:
        """Compose what comes next while the server takes what is in the air. What cannot be
        composed is left to its turn."""
        self._ahead.clear()
        for delivery in mails:
            if delivery.channel == Channel.MAIL:
                with suppress(Exception):
                    self._ahead[delivery.id] = self._prepared(delivery, known)

    def _hand_over(
        self, wave: Sequence[tuple[Delivery, Mail]], meanwhile: Callable[[], None]
    ) -> bool:
        """Hand over a wave, and do something else ``meanwhile``; whether the server goes on taking
        mails.

        The mark of these and the end of those before them are one commit: a worker that is killed
        leaves no more uncertain than it had in the air.
        """
        tools = self._tools
        posts = [Post(mail.message, mail.sender, mail.recipient) for _, mail in wave]

        def mark() -> list[int]:
            told, self._told = self._told, []
            try:
                with writing(tools.engine) as connection:
                    self._settled += _note_sent(connection, told, tools.now())
                    begun = claims.begin_each(
                        connection,
                        [delivery for delivery, _ in wave],
                        tools.now(),
                        tools.catalogue.newsletter_scenarios,
                    )
                    said = [(d, m.kept) for d, m in wave if m.kept and d.id in begun]
                    keep_each(connection, said, tools.now(), self._templates)
            except SQLAlchemyError:
                self._told = told
                self._settle_told()
                self._give_back([d for d, _ in wave], tools.now() + BACKOFF[0], "store away")
                raise
            self._templates |= {kept.template.hash for _, kept in said}
            return [n for n, (delivery, _) in enumerate(wave) if delivery.id in begun]

        outcomes = self._mailer.hand_over(posts, mark, meanwhile)
        away = False
        for (delivery, mail), outcome in zip(wave, outcomes, strict=True):
            if outcome.reason:
                outcome = replace(outcome, reason=_nameless(outcome.reason, mail.recipient))
            if outcome.of_everybody:
                log.error("send: the mail server slows us down: %s", outcome.reason)
                self._away([delivery], outcome.reason or "")
                away = True
            else:
                self._told.append((delivery, mail, outcome))
        sent = [d.message_id for d, _, o in self._told if o.state is DeliveryState.SENT]
        outbox.note(tools.settings.data, sent, tools.now())
        if any(outcome.state is not DeliveryState.SENT for _, _, outcome in self._told):
            self._settle_told()
        return not away

    def _settle_told(self) -> None:
        told, self._told = self._told, []
        sent = [one for one in told if one[2].state is DeliveryState.SENT]
        if sent:
            now = self._tools.now()

            def note(connection: Connection) -> int:
                return _note_sent(connection, sent, now)

            self._settled += _patiently(self._tools, note)
        for delivery, mail, outcome in told:
            if outcome.state is not DeliveryState.SENT:
                self._settled += _ended(self._tools, delivery, mail, outcome)

    def _away(self, mails: Sequence[Delivery], reason: str) -> None:
        """Nobody's fault: the mail waits as long as the server has been away for it."""
        for mail in mails:
            again = self._tools.now() + BACKOFF[min(mail.attempts, len(BACKOFF)) - 1]
            self._give_back([mail], again, f"server away: {reason}")

    def _give_back(self, mails: Sequence[Delivery], at: datetime | None, reason: str) -> None:
        if not mails:
            return

        def back(connection: Connection) -> int:
            return claims.give_back_each(connection, mails, at, reason)

        _patiently(self._tools, back)


def _note_sent(
    connection: Connection, told: Sequence[tuple[Delivery, Mail, Outcome]], now: datetime
) -> int:
    sent = [(delivery, outcome.smtp_code or 250) for delivery, _, outcome in told]
    return claims.sent_each(connection, sent, now)


def _ended(tools: Tools, delivery: Delivery, mail: Mail, outcome: Outcome) -> bool:
    """Settle what was not simply taken; whether it came to its end."""
    if outcome.state is DeliveryState.CANCELLED:  # its reader left between the claim and now
        with writing(tools.engine) as connection:
            claims.give_back_each(connection, [delivery], None, outcome.reason or "")
        return False
    if outcome.state is DeliveryState.PLANNED:
        return _refused(tools, delivery, outcome.reason or "", outcome.smtp_code)
    if outcome.smtp_code and outcome.smtp_code >= 500:
        return _sent_back(tools, delivery, outcome, mail.recipient)
    return _settle(tools, delivery, outcome)


def _refused(tools: Tools, delivery: Delivery, reason: str, code: int | None) -> bool:
    again = retry_at(delivery.attempts, delivery.tried_at or delivery.planned_at, tools.now())
    if again is None:
        return _settle(tools, delivery, Outcome(DeliveryState.FAILED, reason, code))
    with writing(tools.engine) as connection:
        claims.put_off(connection, delivery, again, reason=reason, smtp_code=code)
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
            told = claims.put_off(connection, delivery, again, reason=reason or "", smtp_code=code)
        else:
            told = claims.settle(
                connection, delivery, outcome.state, now, reason=reason, smtp_code=code
            )
        if told:
            notices.take(connection, notices.entry_of(notice))
        return told and again is None

    return _patiently(tools, as_told)


def _settle(tools: Tools, delivery: Delivery, outcome: Outcome) -> bool:
    def as_told(connection: Connection) -> bool:
        return claims.settle(
            connection,
            delivery,
            outcome.state,
            tools.now(),
            reason=outcome.reason,
            smtp_code=outcome.smtp_code,
        )

    return _patiently(tools, as_told)


def _patiently(tools: Tools, change: Callable[[Connection], T]) -> T:
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
