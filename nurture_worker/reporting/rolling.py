"""The figures behind the reports, kept up with the event log."""

from nurture_worker.tools import Tools
from tracker.store import rollups
from tracker.store.engine import writing

A_SWEEP = 200_000
"""So many events at most between two mails: a long record is taken in over some sweeps."""


def roll(tools: Tools, most: int | None = None) -> int:
    """Take in the events behind the reports' cursor (about ``most`` of them), in one transaction a
    batch, and stop between two where the process is told to end; how many there were."""
    taken = 0
    while not tools.stop.is_set() and (most is None or taken < most):
        with writing(tools.engine) as connection:
            some = rollups.take(connection)
        if not some:
            break
        taken += some
    return taken
