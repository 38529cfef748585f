"""What is due, asked of the database: emptying Redis delays, but loses nothing."""

import logging
from datetime import timedelta

from nurture_worker.diagnosing import make
from nurture_worker.digest import digest, marketing
from nurture_worker.planning import following, keep_reminders
from nurture_worker.retention import forget
from nurture_worker.schedule import week_of
from nurture_worker.sending import send_due
from nurture_worker.settling import settle
from nurture_worker.tools import Tools
from tracker.store import deliveries, diagnoses, enrolments, events
from tracker.store.engine import reading, writing
from tracker.store.enrolments import Enrolment
from tracker.words import EndReason, MailKind

log = logging.getLogger(__name__)

BATCH = 500
SWEEPS_A_DAY = 1440
"""A sweep each minute of a real day, and never more often than each second."""

DIAGNOSES_A_DAY = 24


def every(day: timedelta, times: int) -> timedelta:
    """``day`` in ``times`` parts, to the second, one second at least."""
    return timedelta(seconds=max(1, round(day.total_seconds() / times)))


def sweep(tools: Tools) -> None:
    """All that may be due: events not digested, hits not judged, mails of dead workers, next
    steps, reminders, mails to send, the weekly diagnosis, what is to be forgotten. Run it as often
    as you like."""
    digest(tools)
    settle(tools)
    with writing(tools.engine) as connection:
        back, unsure = deliveries.recover(connection, tools.now())
    if back or unsure:
        log.warning("sweep: %d mail(s) taken back, %d uncertain", back, unsure)
    forget(tools)
    refresh_diagnosis(tools)
    plan_weekly(tools)
    keep_reminders(tools)
    advance(tools)


def advance(tools: Tools) -> None:
    """Plan what comes next, send what is due, and plan again behind what was sent: so the desk
    always shows a reader's next mail."""
    plan_steps(tools)
    if send_due(tools):
        plan_steps(tools)


def plan_steps(tools: Tools) -> int:
    """Plan the next step of every enrolment that waits for one; how many were planned."""
    planned, place = 0, ""
    while True:
        with writing(tools.engine) as connection:
            waiting = enrolments.waiting(connection, place, BATCH)
            for enrolment in waiting:
                scenario = tools.catalogue.scenario(enrolment.scenario)
                if scenario is None:
                    enrolments.end(connection, enrolment.id, EndReason.REMOVED, tools.now())
                    continue
                step = following(tools, connection, enrolment, scenario)
                if step is None:
                    enrolments.end(connection, enrolment.id, EndReason.FINISHED, tools.now())
                    continue
                planned += bool(
                    deliveries.plan(
                        connection,
                        key=_key(enrolment, step.step.id),
                        kind=MailKind.STEP,
                        domain=tools.mail_domain,
                        now=tools.now(),
                        due_at=step.due_at,
                        reader_id=enrolment.reader_id,
                        enrolment_id=enrolment.id,
                        scenario=scenario.id,
                        step=step.step.id,
                    )
                )
        if len(waiting) < BATCH:
            return planned
        place = waiting[-1].id


def _key(enrolment: Enrolment, step: str) -> str:
    return f"step:{enrolment.id}:{step}"


def refresh_diagnosis(tools: Tools) -> bool:
    """Make the diagnosis anew when there are new events and the last one is an hour old."""
    with reading(tools.engine) as connection:
        last = diagnoses.newest(connection)
        newest = events.last_seq(connection)
    if newest == 0:
        return False
    if last is not None and (
        last.up_to_seq >= newest or tools.now() - last.made_at < every(tools.day, DIAGNOSES_A_DAY)
    ):
        return False
    make(tools)
    return True


def plan_weekly(tools: Tools) -> int:
    """Plan this week's diagnosis mail for each who gets it; how many were new.

    Nobody gets one for the week in which the site went live: there is nothing to tell yet.
    """
    name, begin = week_of(tools.now(), tools.settings.zone, tools.day)
    with writing(tools.engine) as connection:
        first = events.after(connection, 0, 1)
        if not first or first[0].at >= begin:
            return 0
        return sum(
            deliveries.plan(
                connection,
                key=f"report:{name}:{address}"[:140],
                kind=MailKind.REPORT,
                domain=tools.mail_domain,
                now=tools.now(),
                due_at=tools.now(),
                recipient=address,
            )
            is not None
            for address in marketing(tools, connection)
        )
