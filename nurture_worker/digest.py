"""From new events to scores, stages, enrolments and mails to plan."""

import logging
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from nurture_worker.dormancy import last_act
from nurture_worker.fitting import who_of
from nurture_worker.handoffs import consider, sellers
from nurture_worker.placing import place
from nurture_worker.planning import plan_reminders, redate_steps
from nurture_worker.scoring import score, total
from nurture_worker.stages import reached
from nurture_worker.tools import Tools
from tracker.events import Event
from tracker.store import cursors, deliveries, events, readers, verdicts
from tracker.store.engine import writing
from tracker.store.readers import Reader
from tracker.store.tables import accounts, score_entries
from tracker.words import EventKind, FormOf, MailKind

log = logging.getLogger(__name__)

CURSOR = cursors.DIGEST
BATCH = 500


def digest(tools: Tools) -> int:
    """Take in all events behind the cursor; how many there were.

    One transaction a batch: what it concludes and how far it came are committed together, so a
    killed worker's batch is taken in again from the start.
    """
    taken = 0
    while True:
        with writing(tools.engine) as connection:
            behind = cursors.hold(connection, CURSOR)
            batch = events.after(connection, behind, BATCH)
            if not batch:
                return taken
            now = tools.now()
            for event in batch:
                _answer(tools, connection, event, now)
            # What a page tells of its own view is evidence on the hit that led there.
            verdicts.reconsider(connection, {event.view for event in batch if event.view})
            for reader_id in sorted(events.readers_of(connection, batch)):
                follow(tools, connection, reader_id, now)
            cursors.move(connection, CURSOR, batch[-1].seq)
        taken += len(batch)


def follow(tools: Tools, connection: Connection, reader_id: str, now: datetime) -> None:
    """Bring one reader's score, stage and scenarios up to what the log says of them."""
    reader = readers.get(connection, reader_id)
    if reader is None:
        return
    done = events.of_reader(connection, reader_id)
    readers.note_act(connection, reader, last_act(done) or reader.created_at)
    _rescore(tools, connection, reader, done, now)
    stage = reader.stage
    for step in reached(done, tools.catalogue.scoring.stages, tools.stage_of):
        if stage is None or step.stage.rank > stage.rank:
            current = readers.get(connection, reader_id)
            assert current is not None
            readers.reach(connection, current, step.stage, step.event_id, step.at)
            stage = step.stage
    current = readers.get(connection, reader_id)
    assert current is not None
    place(tools, connection, current, done, now)
    consider(tools, connection, current, done, now)


def _rescore(
    tools: Tools, connection: Connection, reader: Reader, done: list[Event], now: datetime
) -> None:
    rules = tools.catalogue.scoring
    who = who_of(rules, reader.email, reader.company, done, tools.catalogue.page_at)
    entries = score(done, rules, tools.stage_of, tools.settings.zone, who)
    wanted = {(e.event_id, e.rule): e for e in entries}
    held = {
        (row.event_id, row.rule): row.points
        for row in connection.execute(
            select(score_entries.c.event_id, score_entries.c.rule, score_entries.c.points).where(
                score_entries.c.reader_id == reader.id
            )
        )
    }
    for event_id, rule in held.keys() - {k for k, e in wanted.items() if held.get(k) == e.points}:
        connection.execute(
            delete(score_entries).where(
                score_entries.c.event_id == event_id, score_entries.c.rule == rule
            )
        )
    fresh = [
        {
            "event_id": e.event_id,
            "rule": e.rule,
            "reader_id": reader.id,
            "at": e.at,
            "points": e.points,
        }
        for key, e in wanted.items()
        if held.get(key) != e.points
    ]
    if fresh:
        connection.execute(insert(score_entries), fresh)
    readers.set_score(connection, reader.id, total(entries, now, rules))


def _answer(tools: Tools, connection: Connection, event: Event, now: datetime) -> None:
    """The mails an event asks for by itself: what a reader ordered, what marketing must know."""
    if event.kind is EventKind.GATE_SUBMIT and event.reader_id:
        if deliveries.is_flooded(connection, event.reader_id, event.gate, event.id, event.at):
            log.warning("digest: %s not answered by another mail so soon", event.id)
            return
        deliveries.plan(
            connection,
            key=f"delivery:{event.id}",
            kind=MailKind.DELIVERY,
            domain=tools.mail_domain,
            now=now,
            due_at=now,
            reader_id=event.reader_id,
            gate=event.gate,
            event_id=event.id,
        )
    elif event.kind is EventKind.SEMINAR_REGISTER:
        plan_reminders(tools, connection, event, now)
    elif event.kind is EventKind.PREFERENCES and event.reader_id:
        redate_steps(tools, connection, event.reader_id)
    elif event.kind is EventKind.INQUIRY:
        if event.reader_id:
            # One an hour: anybody can type anybody's address into the form.
            hour = int(event.at.timestamp()) // 3600
            deliveries.plan(
                connection,
                key=f"receipt:{event.reader_id}:{hour}",
                kind=MailKind.DELIVERY,
                domain=tools.mail_domain,
                now=now,
                due_at=now,
                reader_id=event.reader_id,
                gate=FormOf.INQUIRY,
                event_id=event.id,
            )
        for address in sellers(tools, connection):
            deliveries.plan(
                connection,
                key=f"inquiry:{event.id}:{address}"[:140],
                kind=MailKind.REPORT,
                domain=tools.mail_domain,
                now=now,
                due_at=now,
                recipient=address,
                event_id=event.id,
            )


def marketing(tools: Tools, connection: Connection) -> list[str]:
    """Who gets reports: ``SODATE_REPORT_TO``, else everybody with an account at the desk."""
    told = [address.strip() for address in tools.settings.report_to.split(",") if address.strip()]
    if told:
        return told
    return list(connection.execute(select(accounts.c.email).order_by(accounts.c.email)).scalars())
