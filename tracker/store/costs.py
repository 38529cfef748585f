"""What marketing spent, month by month, as the desk was told. Whole yen."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from tracker.store.engine import insert_new
from tracker.store.tables import costs

LARGEST = 1_000_000_000_000
"""Yen: above it a figure is a slip."""


def tell(connection: Connection, month: str, yen: int | None, now: datetime) -> None:
    """What ``month`` (``2026-11``) cost, in place of what was told before; ``None`` takes it
    back."""
    connection.execute(delete(costs).where(costs.c.month == month))
    if yen is not None:
        insert_new(connection, costs, [{"month": month, "yen": yen, "told_at": now}])


def by_month(connection: Connection) -> dict[str, int]:
    """The yen of each month that was told, the newest first."""
    rows = connection.execute(select(costs.c.month, costs.c.yen).order_by(costs.c.month.desc()))
    return {row[0]: row[1] for row in rows}
