"""Brings what is kept of readers up to what the log says of them: scores, stages, scenarios, and
whom sales should call."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nurture_worker.handoffs.opening import consider
from nurture_worker.scenarios.placing import ASKED, place
from nurture_worker.scoring.concluding import Rules, conclude
from nurture_worker.scoring.points import untold_by
from nurture_worker.tools import Tools
from tracker.catalogue import Catalogue
from tracker.events import Event, at_present
from tracker.store import conclusions, events, page_stages, readers
from tracker.store.conclusions import Changes, Concluded
from tracker.words import EventKind, Stage


def follow(tools: Tools, connection: Connection, reader_id: str, now: datetime) -> None:
    """Bring one reader's score, stage and scenarios up to what the log says of them."""
    follow_all(tools, connection, [reader_id], now)


def follow_all(
    tools: Tools,
    connection: Connection,
    reader_ids: Collection[str],
    now: datetime,
    arrived: Collection[str] = (),
) -> None:
    """As ``follow``, for many in one go; ``arrived`` are the ids of the events that came just now,
    whenever they happened."""
    rules = rules_of(tools, connection)
    done, found = differences(connection, reader_ids, rules, now)
    found.write(connection)
    people = [(person, done[i]) for i, person in readers.held_all(connection, done).items()]
    place(tools, connection, people, now)
    consider(tools, connection, people, now, rules.stage_of, arrived)


def differences(
    connection: Connection, reader_ids: Collection[str], rules: Rules, now: datetime
) -> tuple[dict[str, Sequence[Event]], Changes]:
    """What the log holds of each of these readers (pages by the addresses of today), and what it comes to by ``rules``, as far as
    that differs from what is kept.

    In a transaction that writes, the readers are held until its end.
    """
    people = readers.held_all(connection, reader_ids)
    done = {
        reader_id: at_present(own, rules.moved)
        for reader_id, own in events.of_readers(
            connection, people, untold_by(rules.scoring)
        ).items()
    }
    found = []
    for reader_id, reader in people.items():
        one = conclude(done[reader_id], rules, now, address=reader.email, company=reader.company)
        acted_at = one.acted_at or reader.created_at
        found.append(Concluded(reader, one.entries, one.score, one.stages, acted_at))
    return done, conclusions.changes(connection, found)


def place_all(
    tools: Tools, connection: Connection, reader_ids: Collection[str], now: datetime
) -> None:
    """Bring these readers into the scenarios they belong in by what is kept of them."""
    people = readers.held_all(connection, reader_ids)
    done = events.of_readers(connection, people, frozenset(EventKind) - ASKED)
    place(tools, connection, [(person, done[i]) for i, person in people.items()], now)


def changes_of(
    connection: Connection, reader_ids: Collection[str], rules: Rules, now: datetime
) -> Changes:
    """What is to be written of these readers by ``rules``."""
    return differences(connection, reader_ids, rules, now)[1]


def rules_of(tools: Tools, connection: Connection, catalogue: Catalogue | None = None) -> Rules:
    """The rules of ``catalogue``: that of now, whatever becomes of it meanwhile, or another."""
    known = catalogue or tools.catalogue
    stages = Stages(known, page_stages.past(connection))
    return Rules(known.scoring, stages, known.page_at, tools.settings.zone, known.moved)


@dataclass(frozen=True)
class Stages:
    """The stage of the page an event happened on; of a page that is gone, the last it had: what a
    reader read stays read."""

    catalogue: Catalogue
    past: Mapping[str, Stage]

    def __call__(self, event: Event) -> Stage | None:
        if event.page is None:
            return None
        page = self.catalogue.page_at(event.page)
        return page.stage if page else self.past.get(event.page.removeprefix("/"))
