"""The figures behind the reports, kept up with the event log."""

from nurture_worker.tools import Tools
from tracker.store import rollups
from tracker.store.engine import writing


def roll(tools: Tools) -> int:
    """Take in all events behind the reports' cursor, in one transaction a batch, and stop between
    two where the process is told to end; how many there were."""
    taken = 0
    while not tools.stop.is_set():
        with writing(tools.engine) as connection:
            some = rollups.take(connection)
        if not some:
            break
        taken += some
    return taken
