"""What is due, asked of the database: emptying Redis delays, but loses nothing."""

import logging
from datetime import timedelta

from sqlalchemy import Connection

from nurture_worker.diagnosing import make
from nurture_worker.digest import digest, marketing
from nurture_worker.following import follow_all
from nurture_worker.handoffs import remind
from nurture_worker.issuing import plan_issues
from nurture_worker.judging import judge
from nurture_worker.line_sending import answer_in_line
from nurture_worker.notifying import notify_due
from nurture_worker.placing import has_just_ended
from nurture_worker.planning import ending, following_each, keep_reminders
from nurture_worker.rescoring import rescore
from nurture_worker.retention import forget
from nurture_worker.returns import collect
from nurture_worker.rolling import A_SWEEP, roll
from nurture_worker.schedule import week_of
from nurture_worker.sending import send_due
from nurture_worker.settling import settle
from nurture_worker.tools import Tools
from tracker.catalogue.scenarios import Scenario
from tracker.store import (
    claims,
    deliveries,
    diagnoses,
    enrolments,
    events,
    outcomes,
    pulse,
    readers,
)
from tracker.store.engine import reading, writing
from tracker.store.enrolments import Enrolment
from tracker.words import EndReason, Entry, MailKind

log = logging.getLogger(__name__)

BATCH = 500
PLANNED_AT_ONCE = 2000
SWEEPS_A_DAY = 1440
"""A sweep each minute of a real day, and never more often than each second."""

DIAGNOSES_A_DAY = 24


def every(day: timedelta, times: int) -> timedelta:
    """``day`` in ``times`` parts, to the second, one second at least."""
    return timedelta(seconds=max(1, round(day.total_seconds() / times)))


def sweep(tools: Tools) -> None:
    """All that may be due: bounces not read, events not digested or counted, hits not judged, mails
    of dead workers, next steps, reminders, issues of the newsletter, mails to send, scores of
    another day or other rules, the weekly diagnosis, what is to be forgotten. Run it as often
    as you like."""
    collect(tools)
    digest(tools)
    answer_in_line(tools)
    settle(tools)
    roll(tools, A_SWEEP)
    with writing(tools.engine) as connection:
        back, unsure = claims.recover(connection, tools.now())
        outcomes.proven(connection)
    if back or unsure:
        log.warning("sweep: %d mail(s) taken back, %d uncertain", back, unsure)
    forget(tools)
    rescore(tools)
    refresh_diagnosis(tools)
    judge(tools)
    plan_weekly(tools)
    keep_reminders(tools)
    enrol_by_time(tools)
    plan_issues(tools)
    remind(tools)
    advance(tools)
    notify_due(tools)
    with writing(tools.engine) as connection:
        pulse.note_sweep(connection, tools.now())


def advance(tools: Tools) -> None:
    """Plan what comes next, send what is due, and plan again behind what was sent: so the desk
    always shows a reader's next mail."""
    plan_steps(tools)
    while send_due(tools):
        if not plan_steps(tools):
            break  # else a step whose condition does not hold leads to one that is due at once


def plan_steps(tools: Tools) -> int:
    """Plan the next step of every enrolment that waits for one; how many were planned."""
    planned, place = 0, ""
    while True:
        with writing(tools.engine) as connection:
            catalogue = tools.catalogue
            waiting = enrolments.waiting(
                connection, place, PLANNED_AT_ONCE, catalogue.newsletter_scenarios
            )
            scenarios = {scenario.id: scenario for scenario in catalogue.scenarios}
            steps = following_each(tools, connection, waiting, scenarios)
            rows = []
            for enrolment in waiting:
                scenario = scenarios.get(enrolment.scenario)
                step = steps.get(enrolment.id)
                if scenario is None:
                    enrolments.end(connection, enrolment.id, EndReason.REMOVED, tools.now())
                elif step is None:
                    _close(tools, connection, enrolment, scenario)
                else:
                    rows.append(
                        {
                            "key": _key(enrolment, step.step.id),
                            "due_at": step.due_at,
                            "reader_id": enrolment.reader_id,
                            "enrolment_id": enrolment.id,
                            "scenario": scenario.id,
                            "step": step.step.id,
                            "channel": step.step.channel,
                        }
                    )
            planned += deliveries.plan_steps(
                connection, rows, domain=tools.mail_domain, now=tools.now()
            )
        if len(waiting) < PLANNED_AT_ONCE:
            return planned
        place = waiting[-1].id


def _close(tools: Tools, connection: Connection, enrolment: Enrolment, scenario: Scenario) -> None:
    reason = ending(tools, connection, enrolment, scenario)
    if reason is None:
        return
    enrolments.end(connection, enrolment.id, reason, tools.now())
    if reason is EndReason.SUNSET:
        readers.sunset(connection, enrolment.reader_id, tools.now())


def enrol_by_time(tools: Tools) -> int:
    """Look at the readers whom time alone brings into a scenario: those who have done nothing for
    long, and those whose seminar is over; how many there were. Held-out readers whose time in a
    scenario is over leave it."""
    now = tools.now()
    found: list[str] = []
    with writing(tools.engine) as connection:
        for scenario in tools.catalogue.scenarios:
            last = max(step.day for step in scenario.steps)
            enrolments.finish_held_out(
                connection, scenario.id, now - last * tools.day, EndReason.FINISHED, now
            )
        dormant = tools.catalogue.entered_by(Entry.DORMANT)
        if dormant:
            since = now - dormant.idle_days * tools.day
            quiet = now - tools.catalogue.firm.sending.quiet_days * tools.day
            found += readers.idle(connection, dormant.id, since, now, quiet, BATCH)
        after = tools.catalogue.entered_by(Entry.SEMINAR)
        for page in tools.catalogue.pages if after else ():
            if after and page.seminar and has_just_ended(tools, page.seminar.id, now):
                found += enrolments.registered(connection, page.seminar.id, after.id, BATCH)
    for first in range(0, len(found), BATCH):
        with writing(tools.engine) as connection:
            follow_all(tools, connection, found[first : first + BATCH], now)
    return len(found)


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
