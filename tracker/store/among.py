"""Rows of many readers at once: their ids go to the database as one value."""

import json
from collections.abc import Iterable

from sqlalchemy import JSON, ColumnElement, Connection, Text, cast, func, select


def among(
    connection: Connection, column: ColumnElement[str], ids: Iterable[str]
) -> ColumnElement[bool]:
    """Whether ``column`` is one of ``ids``, however many they are."""
    told = json.dumps(sorted(ids))
    if connection.dialect.name == "postgresql":
        rows = func.json_array_elements_text(cast(cast(told, Text), JSON)).column_valued("one")
        return column.in_(select(rows))
    return column.in_(select(func.json_each(told).table_valued("value").c.value))
