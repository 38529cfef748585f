"""What the worker holds of each scenario's effect, kept for the desk."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from tracker.store.tables import judgements


@dataclass(frozen=True)
class Judgement:
    """``mailed`` and ``held_out`` readers whose time is over, with their inquiries; ``waiting`` of
    whom it is not; the difference of the two shares from ``low`` to ``high`` (80 %; None while a
    group is empty); ``works`` once it is beyond doubt, else about how many more readers are
    ``needed``. ``held_part`` of a hundred are held out; 0: it is not measured."""

    scenario: str
    held_part: int
    mailed: int = 0
    held_out: int = 0
    mailed_inquiries: int = 0
    held_out_inquiries: int = 0
    waiting: int = 0
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    works: bool = False
    needed: int = 0


def keep(connection: Connection, found: Mapping[str, Judgement], made_at: datetime) -> None:
    """These in place of all before."""
    connection.execute(delete(judgements))
    rows = [
        {"scenario": name, "made_at": made_at, "data": asdict(one)} for name, one in found.items()
    ]
    if rows:
        connection.execute(insert(judgements), rows)


def made_at(connection: Connection) -> datetime | None:
    """When they were made."""
    return connection.execute(select(func.max(judgements.c.made_at))).scalar()


def newest(connection: Connection) -> dict[str, Judgement]:
    """By scenario."""
    rows = connection.execute(select(judgements.c.scenario, judgements.c.data))
    known = Judgement.__dataclass_fields__.keys()
    return {
        name: Judgement(**{key: value for key, value in data.items() if key in known})
        for name, data in rows
    }
