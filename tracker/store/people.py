"""Readers as the desk lists them: who they are, and how far they have come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, true

from tracker.store.tables import readers
from tracker.words import Stage

PAGE_SIZE = 50
AT_ONCE = 500


@dataclass(frozen=True)
class Person:
    """A reader as the desk names them."""

    id: str
    email: str | None
    name: str | None
    company: str | None


@dataclass(frozen=True)
class Listed:
    """A reader in the list of readers."""

    person: Person
    stage: Stage | None
    stage_since: datetime | None
    score: float
    created_at: datetime
    inquired_at: datetime | None
    unsubscribed_at: datetime | None


Order = Literal["score", "new"]

PERSON = (readers.c.id, readers.c.email, readers.c.name, readers.c.company)

_PAST = datetime(1970, 1, 1, tzinfo=UTC)


def list_readers(
    connection: Connection,
    *,
    words: str = "",
    stage: Stage | None = None,
    order: Order = "score",
    after: tuple[float, str] | None = None,
) -> tuple[list[Listed], tuple[float, str] | None]:
    """Up to ``PAGE_SIZE`` readers and where the next page begins (``None``: there is none).

    ``words`` are looked for in name, company and address. ``after`` is the place the page before
    told; in the order ``new`` its number is in milliseconds since 1970.
    """
    statement, column = _selected(words, stage, order)
    if after is not None:
        place: Any = after[0] if order == "score" else _moment(after[0])
        statement = statement.where(
            or_(column < place, and_(column == place, readers.c.id > after[1]))
        )
    rows = connection.execute(statement.limit(PAGE_SIZE + 1)).all()
    page = [_listed(row) for row in rows[:PAGE_SIZE]]
    if len(rows) <= PAGE_SIZE:
        return page, None
    last = page[-1]
    if order == "score":
        return page, (last.score, last.person.id)
    return page, ((last.created_at - _PAST) / timedelta(milliseconds=1), last.person.id)


def every_reader(
    connection: Connection, *, words: str = "", stage: Stage | None = None, order: Order = "score"
) -> Iterator[list[Listed]]:
    """All readers that ``list_readers`` would list, some hundreds at a time, in one pass."""
    statement, _column = _selected(words, stage, order)
    rows = connection.execution_options(yield_per=AT_ONCE).execute(statement)
    for part in rows.partitions():
        yield [_listed(row) for row in part]


def count_readers(connection: Connection, *, words: str = "", stage: Stage | None = None) -> int:
    """How many readers ``list_readers`` would list in all."""
    return int(
        connection.execute(
            select(func.count()).select_from(readers).where(_matching(words, stage))
        ).scalar_one()
    )


def _selected(
    words: str, stage: Stage | None, order: Order
) -> tuple[Select[Any], ColumnElement[Any]]:
    """The readers in their order, and the column that orders them."""
    column: ColumnElement[Any] = readers.c.score if order == "score" else readers.c.created_at
    statement = select(
        *named(PERSON, "person"),
        readers.c.stage,
        readers.c.stage_since,
        readers.c.score,
        readers.c.created_at,
        readers.c.inquired_at,
        readers.c.unsubscribed_at,
    )
    return statement.where(_matching(words, stage)).order_by(column.desc(), readers.c.id), column


def _listed(row: Any) -> Listed:
    return Listed(
        person(row),
        stage_or_none(row.stage),
        row.stage_since,
        row.score,
        row.created_at,
        row.inquired_at,
        row.unsubscribed_at,
    )


def _matching(words: str, stage: Stage | None) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if stage is not None:
        conditions.append(readers.c.stage == stage)
    for word in words.split():
        conditions.append(
            or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (readers.c.name, readers.c.company, readers.c.email)
                )
            )
        )
    return and_(*conditions)


def _moment(milliseconds: float) -> datetime:
    return _PAST + timedelta(milliseconds=round(milliseconds))


def named(columns: Iterable[ColumnElement[Any]], prefix: str) -> list[ColumnElement[Any]]:
    return [column.label(f"{prefix}_{column.key}") for column in columns]


def person(row: Any) -> Person:
    return Person(row.person_id, row.person_email, row.person_name, row.person_company)


def stage_or_none(value: str | None) -> Stage | None:
    return Stage(value) if value else None
