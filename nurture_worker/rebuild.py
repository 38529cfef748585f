"""Scores, stages and what reports are counted from, of nothing but the event log: the same again,
whatever had happened."""

from collections.abc import Iterator

from sqlalchemy import select

from nurture_worker.following import follow_all
from nurture_worker.rolling import roll
from nurture_worker.tools import Tools
from tracker.store import rollups
from tracker.store.engine import reading, writing
from tracker.store.tables import readers

BATCH = 1000
"""Readers in a transaction: about half a second in which nobody else writes."""


def rebuild(tools: Tools, *, place_all: bool = True) -> int:
    """Conclude anew of each known reader, by today's rules; how many readers there are.

    What was sent stays sent, and who is under way stays under way. The views and first contacts
    that reports are counted from are counted again.
    """
    with writing(tools.engine) as connection:
        rollups.rebuild(connection)
    roll(tools)
    done = 0
    for batch in batches(tools):
        with writing(tools.engine) as connection:
            follow_all(tools, connection, batch, tools.now(), place_all=place_all)
        done += len(batch)
    return done


def batches(tools: Tools, after: str = "") -> Iterator[list[str]]:
    """The ids of all known readers behind ``after``, in order, ``BATCH`` at a time."""
    while True:
        with reading(tools.engine) as connection:
            found = list(
                connection.execute(
                    select(readers.c.id)
                    .where(readers.c.id > after)
                    .order_by(readers.c.id)
                    .limit(BATCH)
                ).scalars()
            )
        if not found:
            return
        yield found
        after = found[-1]
