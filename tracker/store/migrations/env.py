"""Alembic's entry: runs the migrations on the URL it was given, in one transaction."""

from typing import Literal

from alembic import context

from tracker.store.engine import open_store
from tracker.store.tables import Utc, metadata


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """A migration stands for ever: it names the column type, not our class for it."""
    if kind == "type" and isinstance(item, Utc):
        return "sa.BigInteger()"
    return False


engine = open_store(context.config.get_main_option("sqlalchemy.url") or "")
try:
    with engine.connect().execution_options(writing=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            render_item=render_item,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
finally:
    engine.dispose()
