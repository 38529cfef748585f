"""From a URL to an engine, and the one way to write."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError


class StoreError(Exception):
    """The store cannot be used; the message says what to do."""


def open_store(url: str) -> Engine:
    """An engine for ``url``. Nothing is connected yet. Raises ``StoreError`` for a bad URL."""
    try:
        engine = create_engine(url, pool_pre_ping=True)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise StoreError(f"SODATE_DATABASE_URL を読めません: {error}") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, in _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: commits at the end, rolls back on any error.

    In SQLite it takes the write lock at once, since a transaction that reads first and writes
    later can fail half-way.
    """
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One read transaction: all it reads is of one moment."""
    with engine.connect() as connection, connection.begin():
        yield connection


def insert_new(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Insert those of ``rows`` whose keys are not taken yet and return them, in their order.

    Two rows of one key in ``rows`` count once: the first.
    """
    if not rows:
        return []
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    named = table.c.id if "id" in table.c else next(iter(table.primary_key))
    first = {row[named.name]: row for row in reversed(rows)}
    statement = insert(table).on_conflict_do_nothing().returning(named)
    fresh = set(connection.execute(statement, list(first.values())).scalars())
    return [row for row in rows if row[named.name] in fresh and first[row[named.name]] is row]


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("tracker.store") / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str) -> None:
    """Bring the store's tables to this version, making them where there are none.

    Raises ``StoreError`` where the store is of a newer version or cannot be reached.
    """
    check_version(url, or_older=True)
    try:
        command.upgrade(_config(url), "head")
    except SQLAlchemyError as error:
        raise StoreError(f"データベースを準備できません: {_first_line(error)}") from error


def check_version(url: str, *, or_older: bool = False) -> None:
    """Raise ``StoreError`` unless the store is of this version (``or_older``: or can become so)."""
    script = ScriptDirectory.from_config(_config(url))
    known = {revision.revision for revision in script.walk_revisions()}
    engine = open_store(url)
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        raise StoreError(f"データベースにつながりません: {_first_line(error)}") from error
    finally:
        engine.dispose()
    if current is not None and current not in known:
        raise StoreError(
            f"データベースは新しい版の Sodate のものです（{current}）。Sodate を新しくするか、"
            "別の SODATE_DATA を使ってください"
        )
    if not or_older and current != script.get_current_head():
        raise StoreError("データベースが古い版のままです。sodate db upgrade を実行してください")


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
