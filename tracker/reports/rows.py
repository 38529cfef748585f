"""The rows that reports are made of: what readers touched, and when they moved. Pure."""

from enum import StrEnum
from typing import NamedTuple

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
MONDAY_MS = 4 * DAY_MS
"""The first Monday after the 1st of January 1970, which was a Thursday."""

GOAL = 4
"""The rank of an inquiry: one above the highest stage."""


class Kind(StrEnum):
    """What can be touched."""

    PAGE = "page"
    MAIL = "mail"
    CTA = "cta"
    FORM = "form"


class Thing(NamedTuple):
    """Something a reader can touch: a page read, a link of a step mail, a CTA, a form sent. ``id``
    is the page's address, ``scenario/step``, the CTA's or the form's id."""

    kind: Kind
    id: str


class Touch(NamedTuple):
    """One reader touching one thing."""

    reader: str
    at: int
    thing: Thing


class Move(NamedTuple):
    """One reader reaching a stage by its rank, or inquiring (``GOAL``)."""

    reader: str
    at: int
    rank: int


def week_of(at: int, offset: int) -> int:
    """The Monday midnight before ``at``, on a clock ``offset`` ms ahead of UTC; in UTC."""
    local = at + offset - MONDAY_MS
    return local - local % WEEK_MS + MONDAY_MS - offset
