"""Scores, stages and what reports are counted from, of nothing but the event log: the same again,
whatever had happened."""

from sqlalchemy import delete, select, update

from nurture_worker.digest import follow
from nurture_worker.rolling import roll
from nurture_worker.tools import Tools
from tracker.store import rollups
from tracker.store.engine import reading, writing
from tracker.store.tables import readers, score_entries, stage_changes


def rebuild(tools: Tools) -> int:
    """Forget each known reader's scores and stages and conclude them anew; how many readers.

    What was sent stays sent, and who is under way stays under way. The views and first contacts
    that reports are counted from are counted again.
    """
    with writing(tools.engine) as connection:
        rollups.rebuild(connection)
    roll(tools)
    with reading(tools.engine) as connection:
        everybody = list(connection.execute(select(readers.c.id).order_by(readers.c.id)).scalars())
    for reader_id in everybody:
        with writing(tools.engine) as connection:
            for table in (score_entries, stage_changes):
                connection.execute(delete(table).where(table.c.reader_id == reader_id))
            connection.execute(
                update(readers)
                .where(readers.c.id == reader_id)
                .values(stage=None, stage_since=None, score=0)
            )
            follow(tools, connection, reader_id, tools.now())
    return len(everybody)
