"""The readers whom time alone brings into a scenario, or out of one."""

from nurture_worker.readers.following import follow_all
from nurture_worker.scenarios.placing import has_just_ended
from nurture_worker.tools import Tools
from tracker.store import enrolments, readers
from tracker.store.engine import writing
from tracker.words import EndReason, Entry

BATCH = 500


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
