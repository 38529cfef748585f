"""Rows of many readers at once."""

from sqlalchemy import func, select

from tests.desk.story import Story
from tracker.store.among import among
from tracker.store.engine import open_store, writing
from tracker.store.tables import readers


def test_more_readers_than_a_statement_can_name_are_asked_for_at_once(store_url: str) -> None:
    engine = open_store(store_url)
    with writing(engine) as connection:
        for name in ("taro", "jiro", 'a "name", quoted'):
            Story(connection).reader(name)

        def count(*ids: str) -> int:
            asked = select(func.count()).where(among(connection, readers.c.id, ids))
            return int(connection.execute(asked).scalar_one())

        assert count() == 0
        assert count("taro", "nobody") == 1
        assert count('a "name", quoted', "jiro", *(f"r{number}" for number in range(300_000))) == 2
    engine.dispose()
