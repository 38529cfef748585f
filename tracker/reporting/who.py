"""Of which readers a report tells, where a filter takes a part of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from tracker.catalogue import Catalogue
from tracker.reporting.scope import LOOK_BACK, Reading, Scope
from tracker.reports.content import persona_of
from tracker.store import touches


def of_scope(
    connection: Connection, catalogue: Catalogue, scope: Scope, *, standing: bool = False
) -> frozenset[str] | None:
    """The readers who first came from the scope's source, who are like its persona by the pages
    they read, and, if ``standing``, who stand at its stage now. None is everybody."""
    parts: list[Iterable[str]] = []
    if scope.source is not None:
        first = touches.first_seen(connection, touches.came(connection))
        parts.append(reader for reader, seen in first.items() if seen[1] == scope.source)
    if standing and scope.stage is not None:
        now = touches.standing(connection)
        parts.append(reader for reader, rank in now.items() if rank == scope.stage.rank)
    if scope.persona is not None:
        before = scope.before
        since = None if before is None or before.since is None else before.since - LOOK_BACK
        own = _read(connection, catalogue, since, scope.until)
        reading = Reading(catalogue)
        parts.append(r for r, persona in likeness(reading, own).items() if persona == scope.persona)
    if not parts:
        return None
    return frozenset.intersection(*map(frozenset, parts))


def likeness(reading: Reading, reads: Mapping[str, Iterable[str]]) -> dict[str, str | None]:
    """Whom each reader is like, as far as the pages say that they ``reads`` (None: nobody)."""
    return {
        reader: persona_of(reading.pages[page].personas for page in own if page in reading.pages)
        for reader, own in reads.items()
    }


def _read(
    connection: Connection, catalogue: Catalogue, since: datetime | None, until: datetime
) -> dict[str, set[str]]:
    is_read = Reading(catalogue).is_read
    found: defaultdict[str, set[str]] = defaultdict(set)
    for touch in touches.reads(connection, since, until, is_read, catalogue.moved):
        found[touch.reader].add(touch.thing.id)
    return found
