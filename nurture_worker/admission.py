"""Whether a step that is due may go out now: the last look before it is claimed.

It is taken in the transaction of the claim, with the reader held, so that two workers with two
mails to one reader cannot both find room for theirs.
"""

import logging
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy import Connection

from nurture_worker.concluding import conclude
from nurture_worker.conditions import Facts, doings, holds, persona_of
from nurture_worker.following import rules_of
from nurture_worker.planning import calendar_of, following
from nurture_worker.tools import Tools
from tracker.catalogue.scenarios import Step
from tracker.store import deliveries, enrolments, events, readers, verdicts
from tracker.store.enrolments import Enrolment
from tracker.words import DeliveryState, Entry, Late, MailKind, SkipReason

log = logging.getLogger(__name__)

_WEEK = timedelta(days=7)


class Turn(Enum):
    """What becomes of a due mail: it may be claimed, it waits, or it is passed over for good."""

    GO = auto()
    WAIT = auto()
    PASSED = auto()


def admit(tools: Tools, connection: Connection, delivery_id: str) -> Turn:
    """Ask the firm's window, the most a reader gets, the step's ``late`` and its condition.

    What a reader ordered asks for none of these. A mail that waits is given its new time; a
    condition waits until every hit on the scenario's mails is judged.
    """
    now = tools.now()
    mail = deliveries.get(connection, delivery_id)
    if mail is None or mail.kind is not MailKind.STEP or mail.state is not DeliveryState.PLANNED:
        return Turn.GO
    scenario = tools.catalogue.scenario(mail.scenario or "")
    step = scenario.step(mail.step) if scenario else None
    enrolment = enrolments.get(connection, mail.enrolment_id or "")
    if scenario is None or step is None or enrolment is None or mail.reader_id is None:
        return Turn.GO
    if enrolment.ended_at is not None:
        deliveries.cancel(connection, mail.id, enrolment.end_reason or "ended", now)
        return Turn.PASSED
    readers.hold(connection, mail.reader_id)
    calendar = calendar_of(tools)
    sent = deliveries.unordered_since(connection, mail.reader_id, now - _WEEK)
    room = calendar.room_from(now, sent, step.window)
    if room > now:
        deliveries.postpone(connection, mail.id, room)
        return Turn.WAIT
    due = following(tools, connection, enrolment, scenario)
    if due is not None and due.step.id == step.id and due.is_late(now, calendar):
        behind = now - due.wished_at
        if step.late is Late.SKIP:
            log.warning("send: %s is %s late and skipped", mail.id, behind)
            deliveries.skip(connection, mail.id, SkipReason.LATE, now)
            return Turn.PASSED
        log.warning("send: %s goes out %s late", mail.id, behind)
    if step.when is not None:
        return _by_condition(tools, connection, mail.id, enrolment, step, now)
    return Turn.GO


def _by_condition(
    tools: Tools,
    connection: Connection,
    delivery_id: str,
    enrolment: Enrolment,
    step: Step,
    now: datetime,
) -> Turn:
    assert step.when is not None
    if verdicts.is_open(connection, enrolment.reader_id):
        return Turn.WAIT
    facts = facts_of(tools, connection, enrolment, now)
    if holds(step.when, facts, tools.catalogue.url_of):
        return Turn.GO
    deliveries.skip(connection, delivery_id, SkipReason.CONDITION, now)
    return Turn.PASSED


def facts_of(tools: Tools, connection: Connection, enrolment: Enrolment, now: datetime) -> Facts:
    """What a condition may ask of the reader of ``enrolment``."""
    reader = readers.get(connection, enrolment.reader_id)
    done = events.of_reader(connection, enrolment.reader_id)
    mails = deliveries.of_enrolment(connection, enrolment.id)
    told = doings(done, {mail.id: mail.step for mail in mails if mail.step})
    told_of = conclude(
        done,
        rules_of(tools, connection),
        now,
        address=reader.email if reader else None,
        company=reader.company if reader else None,
    )
    scenario = tools.catalogue.scenario(enrolment.scenario)
    of_seminar = scenario is not None and scenario.enter is Entry.SEMINAR
    return Facts(
        clicked=told.clicked,
        downloaded=told.downloaded,
        score=told_of.score,
        persona=persona_of(tools.catalogue.page_at(url) for url in told.opened),
        stage=reader.stage if reader else None,
        attended=told.attended,
        seminar=enrolment.occasion if of_seminar else None,
    )
