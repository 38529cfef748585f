"""The store: made by its migrations, the same in both engines."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tests.conftest import NOW
from tracker.store import events, readers
from tracker.store.engine import (
    StoreError,
    StoreSilentError,
    ask,
    check_version,
    open_store,
    reading,
    upgrade,
    writing,
)
from tracker.store.tables import metadata
from tracker.words import EventKind


def test_the_migrations_make_the_tables_the_code_expects(store_url: str) -> None:
    with open_store(store_url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_upgrading_twice_changes_nothing(store_url: str) -> None:
    upgrade(store_url)
    check_version(store_url)


def test_a_store_of_a_newer_version_is_one_sentence(store_url: str) -> None:
    with writing(open_store(store_url)) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for check in (upgrade, check_version):
        with pytest.raises(StoreError, match="新しい版の Sodate"):
            check(store_url)


def test_a_store_not_upgraded_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="sodate db upgrade"):
        check_version(f"sqlite:///{tmp_path / 'empty.db'}")


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all.db", "postgresql://127.0.0.1:1/none", "nonsense", "x://y"]
)
def test_a_store_out_of_reach_is_one_sentence(url: str) -> None:
    with pytest.raises(StoreError) as told:
        check_version(url)
    assert "\n" not in str(told.value)


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"postgresql://sodate@127.0.0.1:{server.getsockname()[1]}/sodate"


def test_a_silent_store_holds_a_door_up_for_seconds_and_the_next_not_at_all(silent: str) -> None:
    engine = open_store(silent)
    spans = []
    for _ in range(3):
        began = time.monotonic()
        with pytest.raises(StoreSilentError):
            ask(engine, events.last_seq, within=0.5)
        spans.append(time.monotonic() - began)
    assert 0.4 < spans[0] < 2
    assert max(spans[1:]) < 0.1


def test_a_connection_to_a_silent_store_ends(silent: str) -> None:
    began = time.monotonic()
    with pytest.raises(StoreError, match="つながりません"):
        check_version(f"{silent}?connect_timeout=2")
    assert time.monotonic() - began < 4


def test_a_store_that_falls_silent_in_the_middle_of_its_work_holds_no_door_up(
    postgres_url: str,
) -> None:
    engine = open_store(postgres_url)
    assert ask(engine, lambda connection: connection.execute(text("SELECT 1")).scalar()) == 1
    began = time.monotonic()
    with pytest.raises(SQLAlchemyError):
        ask(engine, lambda connection: connection.execute(text("SELECT pg_sleep(9)")), within=0.3)
    assert time.monotonic() - began < 2


def test_what_goes_wrong_in_a_question_is_told_as_it_is(store_url: str) -> None:
    engine = open_store(store_url)
    assert ask(engine, events.last_seq) == 0
    with pytest.raises(DBAPIError, match="nowhere"):
        ask(engine, lambda connection: connection.execute(text("SELECT * FROM nowhere")))


def test_a_postgresql_whose_client_or_server_is_gone_is_not_waited_for_for_hours(
    postgres_url: str,
) -> None:
    with open_store(postgres_url).connect() as connection:
        shown = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar()
        given = connection.connection.dbapi_connection.info.get_parameters()  # type: ignore[union-attr]
    assert shown == "5min"
    assert given["connect_timeout"] == "5"
    assert int(given["tcp_user_timeout"]) <= 30_000


def test_an_error_of_the_store_never_tells_the_values(store_url: str) -> None:
    with open_store(store_url).connect() as connection, pytest.raises(DBAPIError) as told:
        connection.execute(text("SELECT * FROM nowhere WHERE email = :e"), {"e": "taro@example.jp"})
    assert "taro" not in str(told.value)


def test_places_in_the_log_are_seen_in_their_order(store_url: str) -> None:
    """Who reads up to the newest place must have seen all before it, whoever appends beside."""
    engine = open_store(store_url)
    second_done = threading.Event()

    def second() -> None:
        with writing(engine) as connection:
            events.alone(connection)
            events.append(connection, [{"id": "b", "at": NOW, "kind": EventKind.PAGE_VIEW}])
        second_done.set()

    with writing(engine) as connection:
        events.alone(connection)
        events.append(connection, [{"id": "a", "at": NOW, "kind": EventKind.PAGE_VIEW}])
        beside = threading.Thread(target=second)
        beside.start()
        assert not second_done.wait(0.3)
        with reading(engine) as other:
            assert events.after(other, 0, 10) == []
    beside.join(10)
    with reading(engine) as other:
        assert [e.id for e in events.after(other, 0, 10)] == ["a", "b"]


def test_an_event_keeps_its_time_to_the_millisecond(store_url: str) -> None:
    engine = open_store(store_url)
    at = NOW.replace(microsecond=123_000)
    row = {"id": "a", "at": at, "kind": EventKind.PAGE_VIEW, "data": {"見出し": [1, None]}}
    with writing(engine) as connection:
        assert events.append(connection, [row, row]) == {"a"}
        assert events.append(connection, [row]) == set()
    with reading(engine) as connection:
        (kept,) = events.after(connection, 0, 10)
    assert (kept.at, kept.kind, kept.data) == (at, EventKind.PAGE_VIEW, {"見出し": [1, None]})


def test_a_failed_transaction_leaves_nothing(store_url: str) -> None:
    engine = open_store(store_url)

    def half_done() -> None:
        with writing(engine) as connection:
            events.append(connection, [{"id": "a", "at": NOW, "kind": EventKind.INQUIRY}])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()
    with reading(engine) as connection:
        assert events.last_seq(connection) == 0


def test_two_people_at_one_browser_stay_two(store_url: str) -> None:
    engine = open_store(store_url)
    with writing(engine) as connection:
        first, second = (
            readers.identify(
                connection, {"email": f"{n}@example.jp", "email_normalised": f"{n}@example.jp"}, NOW
            )
            for n in ("a", "b")
        )
        readers.join_visitor(connection, "v", first, NOW)
        readers.join_visitor(connection, "v", second, NOW)
        events.append(
            connection,
            [{"id": "e", "at": NOW, "kind": EventKind.PAGE_VIEW, "visitor": "v", "page": "x/"}],
        )
        assert [e.id for e in events.of_reader(connection, first)] == ["e"]
        assert events.of_reader(connection, second) == []


def test_a_form_cannot_rename_a_confirmed_reader(store_url: str) -> None:
    engine = open_store(store_url)
    person = {"email": "a@example.jp", "email_normalised": "a@example.jp", "name": "山田"}
    with writing(engine) as connection:
        reader = readers.identify(connection, person, NOW)
        assert readers.identify(connection, {**person, "name": "山田太郎"}, NOW) == reader
        readers.confirm(connection, reader, None, NOW)
        readers.identify(connection, {**person, "name": "いたずら"}, NOW)
        known = readers.get(connection, reader)
    assert known is not None
    assert known.name == "山田太郎"
