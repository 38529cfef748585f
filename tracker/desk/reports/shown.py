"""A report as the screen and the files take it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracker.desk.reports.pictures import Stairs
from tracker.reports.sheets import Sheet, Tile


@dataclass(frozen=True)
class Shown:
    """``word`` is what it comes to, in a sentence or two; ``pictures`` stand above the sheet of
    that id; ``definitions`` say what each figure is."""

    word: str
    tiles: tuple[Tile, ...]
    sheets: tuple[Sheet, ...]
    definitions: tuple[tuple[str, str], ...]
    pictures: Mapping[str, tuple[Stairs, ...]] = field(default_factory=dict)
