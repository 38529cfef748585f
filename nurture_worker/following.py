"""Brings what is kept of readers up to what the log says of them: scores, stages, scenarios, and
whom sales should call."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from nurture_worker.concluding import Rules, conclude
from nurture_worker.handoffs import consider
from nurture_worker.placing import place
from nurture_worker.tools import Tools
from tracker.store import conclusions, events, readers
from tracker.store.conclusions import Concluded


def follow(tools: Tools, connection: Connection, reader_id: str, now: datetime) -> None:
    """Bring one reader's score, stage and scenarios up to what the log says of them."""
    follow_all(tools, connection, [reader_id], now)


def follow_all(
    tools: Tools,
    connection: Connection,
    reader_ids: Collection[str],
    now: datetime,
    *,
    place_all: bool = True,
) -> int:
    """As ``follow``, for many in one go; of how many anything changed.

    Without ``place_all`` nobody's scenarios are looked at but those of who is in another stage now.
    """
    people = readers.held_all(connection, reader_ids)
    done = events.of_readers(connection, people)
    rules = rules_of(tools)
    found = []
    for reader_id, reader in people.items():
        one = conclude(done[reader_id], rules, now, address=reader.email, company=reader.company)
        acted_at = one.acted_at or reader.created_at
        found.append(Concluded(reader, one.entries, one.score, one.stages, acted_at))
    changed = conclusions.keep(connection, found)
    moved = [one.reader.id for one in found if one.stage is not one.reader.stage]
    if asked := list(people) if place_all else moved:
        current = readers.held_all(connection, asked)
        place(tools, connection, [(current[i], done[i]) for i in asked], now)
        consider(tools, connection, [(current[i], done[i]) for i in asked], now)
    return len(changed)


def rules_of(tools: Tools) -> Rules:
    """The rules of today's catalogue."""
    catalogue = tools.catalogue
    return Rules(catalogue.scoring, tools.stage_of, catalogue.page_at, tools.settings.zone)
