"""A table of a report, the same on the screen and in a file. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class Look(StrEnum):
    """How a column's values are shown: what they are."""

    TEXT = "text"
    NUMBER = "number"
    DECIMAL = "decimal"
    SHARE = "share"
    POINTS = "points"
    YEN = "yen"
    DAYS = "days"
    HOURS = "hours"
    STAGE = "stage"
    READER = "reader"
    WHEN = "when"
    HANDOFF = "handoff"
    BAR = "bar"
    SPAN = "span"

    @property
    def is_picture(self) -> bool:
        """Drawn on the screen, and left out of files: the numbers stand in other columns."""
        return self in (Look.BAR, Look.SPAN)

    @property
    def is_number(self) -> bool:
        return self in (
            Look.NUMBER, Look.DECIMAL, Look.SHARE, Look.POINTS, Look.YEN, Look.DAYS, Look.HOURS,
        )  # fmt: skip


class Handoff(NamedTuple):
    """A reader's hand-off to sales, by its id, and when it was."""

    id: str
    at: datetime


class Bar(NamedTuple):
    """A bar of ``part`` of the width, 0 to 1, ``look`` its colour; ``within`` of the width it is
    dark."""

    part: float
    look: str = "fill"
    within: float = 0.0


class Span(NamedTuple):
    """An interval with its middle, on an axis from ``-reach`` to ``reach``; from 0 where it is
    ``of_share``."""

    low: float
    middle: float
    high: float
    reach: float
    of_share: bool = False


@dataclass(frozen=True)
class Column:
    label: str
    look: Look = Look.TEXT
    only_in_files: bool = False


@dataclass(frozen=True)
class Sheet:
    """``rows`` hold one value for each column; None is "nothing to say". ``open_rows`` stand open
    on the screen, the others unfold. ``empty`` says what will stand here, where there is no row."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]]
    note: str = ""
    empty: str = ""
    open_rows: int = 12
    more: str = field(default="")
    """What stands below the table."""

    @property
    def width(self) -> int:
        return len(self.columns)


@dataclass(frozen=True)
class Tile:
    """A figure that stands out, and the same in the period before (None: not to be compared)."""

    label: str
    value: float | None
    look: Look = Look.NUMBER
    before: float | None = None
    note: str = ""
