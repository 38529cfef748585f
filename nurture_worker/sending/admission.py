"""Whether a step or an issue of the newsletter that is due may go out now: the last look before it
is claimed.

It is taken in the transaction of the claim, with the reader held, so that two workers with two
mails to one reader cannot both find room for theirs.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy import Connection

from nurture_worker.newsletters.audience import latest
from nurture_worker.readers.following import rules_of
from nurture_worker.scenarios.conditions import Facts, doings, holds
from nurture_worker.scenarios.planning import calendar_of, following_each
from nurture_worker.scenarios.steps import Next, may_be_late
from nurture_worker.scoring.concluding import conclude
from nurture_worker.tools import Tools
from tracker.catalogue.affinity import persona_of
from tracker.catalogue.scenarios import Step
from tracker.events import at_present
from tracker.store import deliveries, enrolments, events, readers, verdicts
from tracker.store.deliveries import Delivery
from tracker.store.enrolments import Enrolment
from tracker.words import DeliveryState, EndReason, Entry, Late, MailKind, SkipReason

log = logging.getLogger(__name__)

_WEEK = timedelta(days=7)


class Turn(Enum):
    """What becomes of a due mail: it may be claimed, it waits, or it is passed over for good."""

    GO = auto()
    WAIT = auto()
    PASSED = auto()


@dataclass
class Looked:
    """What many mails' turns are judged by, read at once. ``sent`` are the times of each reader's
    mails of the last week; a mail that may go is added at once, so that the next one finds it.
    ``following`` are the steps, by enrolment, that may be late."""

    mails: dict[str, Delivery]
    enrolments: dict[str, Enrolment]
    sent: dict[str, list[datetime]]
    following: dict[str, Next | None]


def look(tools: Tools, connection: Connection, delivery_ids: Sequence[str]) -> Looked:
    """Read what the turns of these mails are judged by, their readers held."""
    mails = deliveries.get_each(connection, delivery_ids)
    steps = [mail for mail in mails.values() if mail.kind in deliveries.UNORDERED]
    of_readers = {mail.reader_id for mail in steps if mail.reader_id}
    readers.hold_each(connection, of_readers)
    ways = enrolments.get_each(connection, {mail.enrolment_id or "" for mail in steps})
    scenarios = {scenario.id: scenario for scenario in tools.catalogue.scenarios}
    calendar = calendar_of(tools)
    late = []
    for mail in steps:
        scenario, way = scenarios.get(mail.scenario or ""), ways.get(mail.enrolment_id or "")
        step = scenario.step(mail.step) if scenario else None
        if way and step and may_be_late(step, way.started_at, tools.now(), calendar):
            late.append(way)
    return Looked(
        mails,
        ways,
        deliveries.unordered_of(connection, of_readers, tools.now() - _WEEK),
        following_each(tools, connection, late, scenarios) if late else {},
    )


def admit(
    tools: Tools, connection: Connection, delivery_id: str, looked: Looked | None = None
) -> Turn:
    """Ask the firm's window, the most a reader gets, the step's ``late`` and its condition; of an
    issue, whether it waited too long.

    What a reader ordered asks for none of these. A mail that waits is given its new time; a
    condition waits until every hit on the scenario's mails is judged.
    """
    now = tools.now()
    looked = looked or look(tools, connection, [delivery_id])
    mail = looked.mails.get(delivery_id)
    if mail is None or mail.state is not DeliveryState.PLANNED:
        return Turn.GO
    if mail.kind is MailKind.NEWSLETTER:
        return _issue(tools, connection, mail, looked, now)
    if mail.kind is not MailKind.STEP:
        return Turn.GO
    scenario = tools.catalogue.scenario(mail.scenario or "")
    step = scenario.step(mail.step) if scenario else None
    enrolment = looked.enrolments.get(mail.enrolment_id or "")
    if scenario is None or step is None or enrolment is None or mail.reader_id is None:
        return Turn.GO
    if enrolment.ended_at is not None:
        deliveries.cancel(connection, mail.id, enrolment.end_reason or "ended", now)
        return Turn.PASSED
    calendar = calendar_of(tools)
    sent = looked.sent.setdefault(mail.reader_id, [])
    room = calendar.room_from(now, sent, step.window)
    if room > now:
        deliveries.postpone(connection, mail.id, room)
        return Turn.WAIT
    due = looked.following.get(enrolment.id)
    if due is not None and due.step.id == step.id and due.is_late(now, calendar):
        behind = now - due.wished_at
        if step.late is Late.SKIP:
            log.warning("send: %s is %s late and skipped", mail.id, behind)
            deliveries.skip(connection, mail.id, SkipReason.LATE, now)
            return Turn.PASSED
        log.warning("send: %s goes out %s late", mail.id, behind)
    turn = Turn.GO
    if step.when is not None:
        turn = _by_condition(tools, connection, mail.id, enrolment, step, now)
    if turn is Turn.GO:
        sent.append(now)
    return turn


def _issue(
    tools: Tools, connection: Connection, mail: Delivery, looked: Looked, now: datetime
) -> Turn:
    if tools.catalogue.issue(mail.step) is None:
        deliveries.cancel(connection, mail.id, EndReason.REMOVED, now)
        return Turn.PASSED
    reader_id = mail.reader_id or ""
    reader = readers.get(connection, reader_id)
    if reader is None or not (reader.agrees_to_mail and reader.wants_newsletter):
        out = reader is None or reader.unsubscribed_at is not None
        reason = EndReason.UNSUBSCRIBED if out else EndReason.PREFERENCES
        deliveries.cancel(connection, mail.id, reason, now)
        return Turn.PASSED
    calendar = calendar_of(tools)
    sent = looked.sent.setdefault(reader_id, [])
    room = calendar.room_from(max(now, reader.paused_until or now), sent)
    if room > latest(mail.planned_at, calendar):
        deliveries.skip(connection, mail.id, SkipReason.LATE, now)
        return Turn.PASSED
    if room > now:
        deliveries.postpone(connection, mail.id, room)
        return Turn.WAIT
    sent.append(now)
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
    moved = tools.catalogue.moved
    done = at_present(events.of_reader(connection, enrolment.reader_id), moved)
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
