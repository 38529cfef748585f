"""Scores, stages and what reports are counted from, of nothing but the event log: the same again,
whatever had happened.

The log is read and judged beside the work of others; what differs is written a batch a
transaction, and of no reader of whom something else was concluded meanwhile.
"""

from collections.abc import Callable

from sqlalchemy import Connection

from nurture_worker.readers import batches
from nurture_worker.readers.following import changes_of, follow_all, place_all, rules_of
from nurture_worker.reporting.rolling import roll
from nurture_worker.tools import Tools
from tracker.store import rollups
from tracker.store.conclusions import Changes
from tracker.store.engine import reading, writing
from tracker.store.readers import held_all


def rebuild(
    tools: Tools,
    *,
    every: bool = True,
    processes: int | None = None,
    beat: Callable[[Connection], None] = lambda _: None,
) -> int:
    """Conclude anew of each known reader, by today's rules; how many readers there are.

    What was sent stays sent, and who is under way stays under way. The views and first contacts
    that reports are counted from are counted again. Without ``every`` they are not, and nobody's
    scenarios are looked at but those of who is in another stage now. ``beat`` is called in each
    transaction.
    """
    now = tools.now()
    if every:
        with writing(tools.engine) as connection:
            rollups.rebuild(connection)
        roll(tools)
    with reading(tools.engine) as connection:
        rules = rules_of(tools, connection)
    count = 0
    for batch, found in batches.each(tools, changes_of, rules, now, processes=processes):
        with writing(tools.engine) as connection:
            beat(connection)
            stale = _write(connection, found)
            if stale:
                follow_all(tools, connection, stale, now)
            asked = set(batch if every else found.moved) - stale
            if asked:
                place_all(tools, connection, asked, now)
        count += len(batch)
    return count


def _write(connection: Connection, found: Changes) -> set[str]:
    """Write what was found, but of who has been followed since; those readers."""
    current = held_all(connection, found.readers)
    stale = {i for i, seen in found.readers.items() if current[i].concluded != seen}
    found.without(stale).write(connection)
    return stale
