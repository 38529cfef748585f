"""From a URL to an engine, the one way to write, and how a door asks without waiting long."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.resources import files
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

if TYPE_CHECKING:
    from alembic.config import Config

_PATIENCE_SECONDS = 2.5
"""How long a door asks the store before it answers its reader without."""

_AWAY_FOR_SECONDS = 5.0
"""How long nobody at the doors asks again a store that kept silent."""

_MOST_ASKED_AT_ONCE = 8

_SQLITE_ROWS_AT_ONCE = 50
"""Rows of one INSERT. Python keeps the last 128 statements of a connection prepared, each number of
rows is one of its own, and one of 500 rows is half a megabyte."""

_POSTGRESQL_CONNECT = {
    "connect_timeout": 5,
    # A server whose host is gone says nothing: without these its clients wait for hours.
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_POSTGRESQL_SESSION = (
    # And a client whose host is gone would keep its locks for as long.
    "SET tcp_keepalives_idle = 15",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
    "SET idle_in_transaction_session_timeout = '5min'",
)

_OF_THE_ENTRY = ("22", "23", "44", "54")
"""PostgreSQL's classes of errors that what was given is to blame for: its values, a constraint, a
size."""

Answer = TypeVar("Answer")


class StoreError(Exception):
    """The store cannot be used; the message says what to do."""


class StoreSilentError(SQLAlchemyError):
    """The store gave no answer in the time a door has."""


def open_store(url: str) -> Engine:
    """An engine for ``url``. Nothing is connected yet. Raises ``StoreError`` for a bad URL.

    Its errors tell the statement and never the values, which may be personal.
    """
    try:
        parsed = make_url(url)
        options: dict[str, Any] = {}
        if parsed.get_backend_name() == "postgresql":
            given = {k: v for k, v in _POSTGRESQL_CONNECT.items() if k not in parsed.query}
            options = {"connect_args": given, "max_overflow": 20}
        else:
            options = {"insertmanyvalues_page_size": _SQLITE_ROWS_AT_ONCE}
        engine = create_engine(parsed, pool_pre_ping=True, hide_parameters=True, **options)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise StoreError(f"SODATE_DATABASE_URL を読めません: {error}") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Any, _record: object) -> None:
    connection.autocommit = True
    for statement in _POSTGRESQL_SESSION:
        connection.execute(statement)
    connection.autocommit = False


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, in _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",  # what is erased is overwritten, not only unlinked
        "busy_timeout=30000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def is_away(error: Exception) -> bool:
    """Whether ``error`` says that the store cannot be reached or written just now (a restart, a
    lock, a full disk, a missing table, a standby that only reads), and not that it dislikes what
    it was given."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if state := getattr(error.orig, "sqlstate", None):
        return not str(state).startswith(_OF_THE_ENTRY)
    return isinstance(error, OperationalError) or error.connection_invalidated


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


def ask(
    engine: Engine,
    question: Callable[[Connection], Answer],
    within: float = _PATIENCE_SECONDS,
) -> Answer:
    """What ``question`` reads in one read transaction, for who cannot wait.

    Raises ``StoreSilentError`` when there is no answer ``within`` seconds, whatever the reason: a
    host that swallows packets, a lock, a disk that hangs. For the next seconds it is then raised
    at once. Other errors are those of the engine.
    """
    with _patience_lock:
        patience = _patiences.setdefault(engine, _Patience())
    return patience.ask(engine, question, within)


class _Patience:
    """What is known of one store's silence."""

    def __init__(self) -> None:
        self._asking = threading.BoundedSemaphore(_MOST_ASKED_AT_ONCE)
        self._silent_until = 0.0

    def ask(
        self, engine: Engine, question: Callable[[Connection], Answer], within: float
    ) -> Answer:
        if time.monotonic() < self._silent_until:
            raise StoreSilentError("the store was silent just now")
        if not self._asking.acquire(blocking=False):
            raise StoreSilentError("too many questions wait for the store")
        told: SimpleQueue[tuple[Answer | None, BaseException | None]] = SimpleQueue()

        def run() -> None:
            try:
                with engine.connect() as connection, connection.begin():
                    if engine.dialect.name == "postgresql":  # nobody waits for it any longer
                        milliseconds = max(1, int(within * 1000))
                        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
                    told.put((question(connection), None))
            except BaseException as error:
                told.put((None, error))
            finally:
                self._asking.release()

        # A thread of its own, for no driver can be told to give up at any point of its work.
        threading.Thread(target=run, name="ask", daemon=True).start()
        try:
            answer, error = told.get(timeout=within)
        except Empty:
            self._silent_until = time.monotonic() + _AWAY_FOR_SECONDS
            raise StoreSilentError(f"no answer from the store within {within} s") from None
        if error is not None:
            raise error
        return answer  # type: ignore[return-value]  # None only where the question answers None


_patiences: WeakKeyDictionary[Engine, _Patience] = WeakKeyDictionary()
_patience_lock = threading.Lock()


def insert_new(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Insert those of ``rows`` whose keys are not taken yet and return them, in their order.

    Two rows of one key in ``rows`` count once: the first.
    """
    if not rows:
        return []
    named = table.c.id if "id" in table.c else next(iter(table.primary_key))
    first: dict[Any, Mapping[str, Any]] = {}
    for row in rows:
        first.setdefault(row[named.name], row)
    statement = _insert(connection, table).on_conflict_do_nothing().returning(named)
    fresh = set(connection.execute(statement, list(first.values())).scalars())
    return [row for row in rows if row[named.name] in fresh and first[row[named.name]] is row]


def count_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """As ``insert_new``, for who asks only how many were new: several times as fast."""
    if not rows:
        return 0
    statement = _insert(connection, table).on_conflict_do_nothing()
    return connection.execute(statement, rows).rowcount


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows``, each in place of the one that has its key."""
    if rows:
        connection.execute(_putting(connection.dialect.name, table), rows)


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows``, or add their figures to those of the one that has its key."""
    if rows:
        connection.execute(_putting(connection.dialect.name, table, adding=True), rows)


@cache
def _putting(dialect: str, table: Table, *, adding: bool = False) -> Any:
    statement = import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
    keys = list(table.primary_key)
    new = {
        column.name: column + statement.excluded[column.name]
        if adding
        else statement.excluded[column.name]
        for column in table.c
        if column not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=new)


def _insert(connection: Connection, table: Table) -> Any:
    # The other engine's dialect takes time and memory to import, and is not needed here.
    return import_module(f"sqlalchemy.dialects.{connection.dialect.name}").insert(table)


# Alembic takes a third of a second and 8 MiB to import, which a serving process does without.


def _config(url: str) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("tracker.store") / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str) -> None:
    """Bring the store's tables to this version, making them where there are none.

    Raises ``StoreError`` where the store is of a newer version or cannot be reached.
    """
    from alembic import command

    check_version(url, or_older=True)
    try:
        command.upgrade(_config(url), "head")
    except SQLAlchemyError as error:
        raise StoreError(f"データベースを準備できません: {_first_line(error)}") from error


def check_version(url: str, *, or_older: bool = False) -> None:
    """Raise ``StoreError`` unless the store is of this version (``or_older``: or can become so)."""
    from alembic.runtime.migration import MigrationContext

    known, own = _versions()
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
    if not or_older and current != own:
        raise StoreError("データベースが古い版のままです。sodate db upgrade を実行してください")


@cache
def _versions() -> tuple[frozenset[str], str | None]:
    """The versions of the store that this Sodate knows, and its own."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config(""))
    known = frozenset(revision.revision for revision in script.walk_revisions())
    return known, script.get_current_head()


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
