"""What tests share: real servers, a house on a clock that is told the time."""

import gc
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis.exceptions import RedisError
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from nurture_worker.tools import Tools, make_tools
from tests import content, once, servers
from tests.clicks.traces import CHROME
from tracker.context import Context, context
from tracker.fold import fold
from tracker.settings import Settings
from tracker.store.engine import open_store, upgrade
from tracker.store.tables import metadata

once.for_all()


def pytest_collection_finish() -> None:
    """What was loaded until now stays: it need not be looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
"""A Monday, 10:00 in Tokyo."""


@dataclass
class Clock:
    """Tells the time it was told."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with servers.valkey() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with servers.postgres() as url:
        yield url


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store of this version to copy: bringing one up takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "store.db"
    upgrade(f"sqlite:///{path}")
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of this version, in each engine in turn."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_sqlite"), tmp_path / "store.db")
        return f"sqlite:///{tmp_path / 'store.db'}"
    url: str = request.getfixturevalue("postgres_url")
    if not _emptied(url, request.getfixturevalue("postgres_shape")):
        _renewed(url)
    return url


@pytest.fixture(scope="session")
def postgres_shape(postgres_url: str) -> str:
    """What the tables of this version look like in PostgreSQL."""
    _renewed(postgres_url)
    engine = open_store(postgres_url)
    with engine.connect() as connection:
        shape = _shape(connection)
    engine.dispose()
    return shape


def _renewed(url: str) -> None:
    engine = open_store(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    upgrade(url)


def _emptied(url: str, shape: str) -> bool:
    """Empty all tables, a fifth of the work of making them anew; False, and nothing done, where
    a test left them in another shape."""
    engine = open_store(url)
    with engine.begin() as connection:
        same = _shape(connection) == shape
        if same:
            tables = ", ".join(f'"{table.name}"' for table in metadata.tables.values())
            connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    engine.dispose()
    return same


def _shape(connection: Connection) -> str:
    told = connection.execute(
        text(
            "SELECT md5(string_agg(told, ';' ORDER BY told)) FROM ("
            " SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable,"
            " column_default, character_maximum_length) AS told"
            " FROM information_schema.columns WHERE table_schema = 'public'"
            " UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace"
            " UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
            " UNION ALL SELECT version_num FROM alembic_version) AS all_told"
        )
    ).scalar_one()
    return str(told)


@pytest.fixture
def postbox() -> Iterator[servers.Postbox]:
    box = servers.Postbox()
    yield box
    box.stop()


@dataclass
class House:
    """The tracker and the worker over one store, with a clock that stands until told."""

    app: Flask
    tools: Tools
    clock: Clock
    postbox: servers.Postbox
    _clients: list[FlaskClient] = field(default_factory=list)

    @property
    def context(self) -> Context:
        with self.app.app_context():
            return context()

    def browser(self) -> FlaskClient:
        """A browser of its own, with its own cookies."""
        return self.app.test_client()

    def click(self, path: str) -> TestResponse:
        """A person follows a link of a mail some time after it came, in a browser like any
        other, and time passes until the hit can be judged."""
        self.clock.advance(minutes=20)
        answer = self.browser().get(
            path,
            headers={
                "User-Agent": CHROME,
                "Accept-Language": "ja",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
                "Sec-Fetch-User": "?1",
            },
        )
        self.clock.advance(seconds=20)
        return answer

    def fold(self) -> int:
        """Bring what the tracker accepted into the store."""
        return fold(self.context.journal, self.context.engine)

    def work(self) -> None:
        """Fold, and let the worker do what is due now."""
        from nurture_worker.sweep import sweep

        while self.fold():
            pass
        sweep(self.tools)


@pytest.fixture
def make_house(
    tmp_path: Path, store_url: str, redis_url: str, postbox: servers.Postbox
) -> Iterator[Callable[..., House]]:
    from tracker.app import create_app  # here, so that pure tests start without the whole app

    made: list[House] = []

    def make(**settings: object) -> House:
        clock = Clock()
        values = Settings.model_validate(
            {
                "data": tmp_path / "data",
                "root": tmp_path,
                "base_url": "http://localhost",
                "database_url": store_url,
                "redis_url": redis_url,
                "smtp_url": postbox.url,
                "secret_keys": "a-key-for-tests-only",
                **settings,
            }
        )
        values.whitepapers.mkdir(parents=True, exist_ok=True)
        (values.whitepapers / "guide.pdf").write_bytes(b"%PDF-1.7 the guide")
        content.catalogue().write(values.catalogue_path)
        house = House(create_app(values, clock), make_tools(values, clock), clock, postbox)
        house.app.testing = True
        with suppress(RedisError):
            house.context.redis.flushdb()  # what other tests counted there
        made.append(house)
        return house

    yield make
    for house in made:
        house.context.journal.close()
        house.context.tallies.close()
        house.context.engine.dispose()
        house.tools.engine.dispose()


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house()
