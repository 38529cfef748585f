"""What is due, asked of the database: emptying Redis delays, but loses nothing."""

import logging
from datetime import timedelta

from nurture_worker.handoffs.notifying import notify_due
from nurture_worker.handoffs.opening import remind, tell_of_given
from nurture_worker.newsletters.issuing import plan_issues
from nurture_worker.readers.by_time import enrol_by_time
from nurture_worker.readers.digest import digest
from nurture_worker.readers.rescoring import rescore
from nurture_worker.readers.settling import settle
from nurture_worker.reporting import diagnosing
from nurture_worker.reporting.judging import judge
from nurture_worker.reporting.rolling import A_SWEEP, roll
from nurture_worker.reporting.weekly import plan_weekly
from nurture_worker.scenarios.planning import plan_steps
from nurture_worker.scenarios.reminding import keep_reminders
from nurture_worker.sending.delivering import send_due
from nurture_worker.sending.line import answer_in_line
from nurture_worker.sending.returns import collect
from nurture_worker.tools import Tools
from nurture_worker.upkeep.retention import forget
from tracker.store import (
    claims,
    outcomes,
    pulse,
)
from tracker.store.engine import writing

log = logging.getLogger(__name__)

SWEEPS_A_DAY = 1440
"""A sweep each minute of a real day, and never more often than each second."""

SETTLE_SECONDS = 15
"""Between two sweeps, the latest hits are judged so often: sales hear of a click within a minute."""

_LATELY = timedelta(hours=1)


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
    diagnosing.refresh(tools)
    judge(tools)
    plan_weekly(tools)
    keep_reminders(tools)
    enrol_by_time(tools)
    plan_issues(tools)
    tell_of_given(tools)
    remind(tools)
    advance(tools)
    notify_due(tools)
    with writing(tools.engine) as connection:
        pulse.note_sweep(connection, tools.now())


def settle_lately(tools: Tools) -> None:
    """Judge the hits of the last hour, and send what follows from them; where none waits, what the
    pace has room for by now."""
    if settle(tools, tools.now() - _LATELY):
        advance(tools)
        notify_due(tools)
    else:
        send_due(tools)


def advance(tools: Tools) -> None:
    """Plan what comes next, send what is due, and plan again behind what was sent: so the desk
    always shows a reader's next mail."""
    plan_steps(tools)
    while send_due(tools):
        if not plan_steps(tools):
            break  # else a step whose condition does not hold leads to one that is due at once
