"""What the store knows beyond the views, for the diagnosis."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from tracker.catalogue import Catalogue
from tracker.catalogue.coverage import coverage
from tracker.diagnosis import READING
from tracker.reporting.content import UNKNOWN, standing_as
from tracker.reporting.scope import LOOK_BACK, Reading, ms
from tracker.reports.mailings import Mailing
from tracker.store import orders, touches
from tracker.store.mailings import mailed_people, mailings
from tracker.words import Stage

if TYPE_CHECKING:
    from nurture_worker.diagnosis.beyond import Beyond, Served


def mails(connection: Connection, since: datetime, until: datetime) -> tuple[Mailing, ...]:
    """What became of each step's mails of the period."""
    return tuple(mailings(connection, since, until, until).values())


def beyond(
    connection: Connection, catalogue: Catalogue, since: datetime, until: datetime
) -> "Beyond":
    """Of the period from ``since`` to before ``until``, and of where readers stand now."""
    from nurture_worker.diagnosis.beyond import Beyond

    mailed, pressed = mailed_people(connection, since, until)
    return Beyond(
        mails=mails(connection, since, until),
        mailed=mailed,
        pressed=pressed,
        served=tuple(_served(connection, catalogue, since, until)),
        orders=_orders(connection, since, until),
    )


def _served(
    connection: Connection, catalogue: Catalogue, since: datetime, until: datetime
) -> "Iterator[Served]":
    from nurture_worker.diagnosis.beyond import Served

    reading = Reading(catalogue)
    reads: defaultdict[str, set[str]] = defaultdict(set)
    for touch in touches.reads(
        connection, since - LOOK_BACK, until, reading.is_read, catalogue.moved
    ):
        reads[touch.reader].add(touch.thing.id)
    standing: Counter[tuple[int, str]] = standing_as(connection, reading, reads)
    articles = Counter(page.stage for page in catalogue.pages if page.kind in READING)
    if not articles:
        return
    for stage in Stage:
        there = sum(count for (rank, _), count in standing.items() if rank == stage.rank)
        yield Served(stage, UNKNOWN, "", articles[stage], there)
    for cell in coverage(catalogue).cells:
        persona = cell.persona
        readers = standing[cell.stage.rank, persona.id]
        yield Served(cell.stage, persona.id, persona.name, len(cell.pages), readers)


def _orders(connection: Connection, since: datetime, until: datetime) -> int | None:
    """How many were won in the period; None where none was ever told."""
    found = orders.won(connection)
    begin, end = ms(since), ms(until)
    return sum(begin <= at < end for own in found.values() for at, _ in own) if found else None
