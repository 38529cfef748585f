"""From new events to scores, stages, enrolments and mails to plan."""

import logging
from datetime import datetime

from sqlalchemy import Connection

from nurture_worker.handoffs.opening import sellers
from nurture_worker.readers.following import follow_all
from nurture_worker.scenarios.planning import redate_steps
from nurture_worker.scenarios.reminding import plan_reminders
from nurture_worker.tools import Tools
from tracker.events import Event
from tracker.store import cursors, deliveries, events, verdicts
from tracker.store.engine import writing
from tracker.words import ELSEWHERE, EventKind, FormOf, MailKind

log = logging.getLogger(__name__)

CURSOR = cursors.DIGEST
BATCH = 2000
"""Events in a transaction: readers come in visits, so there are far fewer of them."""


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
            arrived = {event.id for event in batch}
            follow_all(tools, connection, events.readers_of(connection, batch), now, arrived)
            cursors.move(connection, CURSOR, batch[-1].seq)
        taken += len(batch)


def _answer(tools: Tools, connection: Connection, event: Event, now: datetime) -> None:
    """The mails an event asks for by itself: what a reader ordered, what marketing must know."""
    if (event.data or {}).get(ELSEWHERE):
        return
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
    elif event.kind is EventKind.LINE_ASK and event.reader_id:
        gate = FormOf.LINE.gate(str((event.data or {}).get("link_token", "")))[:100]
        if not deliveries.is_flooded(connection, event.reader_id, gate, event.id, event.at):
            deliveries.plan(
                connection,
                key=f"line:{event.id}"[:140],
                kind=MailKind.DELIVERY,
                domain=tools.mail_domain,
                now=now,
                due_at=now,
                reader_id=event.reader_id,
                gate=gate,
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
        deliveries.plan_to_each(
            connection,
            sellers(tools, connection),
            key=f"inquiry:{event.id}",
            kind=MailKind.REPORT,
            domain=tools.mail_domain,
            now=now,
            due_at=now,
            event_id=event.id,
        )
