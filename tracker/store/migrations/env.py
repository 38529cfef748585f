"""Alembic's entry: runs the migrations on the URL it was given, in one transaction."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import event

from tracker.store.engine import open_store
from tracker.store.tables import Utc, metadata


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """A migration stands for ever: it names the column type, not our class for it."""
    if kind == "type" and isinstance(item, Utc):
        return "sa.BigInteger()"
    return False


def without_foreign_keys(connection: Any, _record: object) -> None:
    """SQLite changes a constraint by making the table anew, and lets no table go that others refer
    to; outside a transaction alone can it be told not to look."""
    connection.execute("PRAGMA foreign_keys=OFF")


engine = open_store(context.config.get_main_option("sqlalchemy.url") or "")
on_sqlite = engine.dialect.name == "sqlite"
if on_sqlite:
    event.listen(engine, "connect", without_foreign_keys)
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
            if on_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise RuntimeError("a migration left a row that refers to nothing")
        connection.commit()
finally:
    engine.dispose()
