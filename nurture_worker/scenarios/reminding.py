"""The mails about a place at a seminar: planned with it, and moved when the seminar is."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from nurture_worker.scenarios.reminders import Reminder, reminders
from nurture_worker.tools import Tools
from tracker.events import Event
from tracker.store import deliveries
from tracker.store.deliveries import Delivery
from tracker.store.engine import reading, writing
from tracker.words import EndReason, FormOf, MailKind


def plan_reminders(tools: Tools, connection: Connection, event: Event, now: datetime) -> None:
    """The mails of a place at a seminar: that it is theirs, at once, and the reminders to come."""
    seminar_id = FormOf.SEMINAR.id_in(event.gate) or ""
    page = tools.catalogue.seminar_page(seminar_id)
    if page is None or page.seminar is None or event.reader_id is None:
        return
    about: dict[str, Any] = {
        "domain": tools.mail_domain,
        "now": now,
        "reader_id": event.reader_id,
        "gate": event.gate,
        "event_id": event.id,
    }
    deliveries.plan(
        connection, key=f"place:{event.id}", kind=MailKind.DELIVERY, due_at=now, **about
    )
    planned = deliveries.untried(connection, MailKind.REMINDER, reader_id=event.reader_id)
    if any(mail.gate == event.gate for mail in planned):
        return
    for due in reminders(page.seminar, now, tools.settings.zone, tools.day):
        deliveries.plan(
            connection,
            key=f"reminder:{event.id}:{due.reminder}"[:140],
            kind=MailKind.REMINDER,
            due_at=due.at,
            step=due.reminder,
            **about,
        )


def keep_reminders(tools: Tools) -> None:
    """Bring the planned reminders up to the catalogue: a seminar that is gone is reminded of no
    more, one held at another time at that time."""
    with reading(tools.engine) as connection:
        wrong = [
            (mail, at)
            for mail in deliveries.untried(connection, MailKind.REMINDER)
            if (at := _due_now(tools, mail)) != mail.due_at
        ]
    if not wrong:
        return
    with writing(tools.engine) as connection:
        for mail, at in wrong:
            if at is None:
                deliveries.cancel(connection, mail.id, EndReason.REMOVED, tools.now())
            else:
                deliveries.move(connection, mail.id, at)


def _due_now(tools: Tools, mail: Delivery) -> datetime | None:
    """When a planned reminder is due by today's catalogue; ``None`` if it is due no more. A time
    that has gone by since leaves the reminder where it is."""
    page = tools.catalogue.seminar_page(FormOf.SEMINAR.id_in(mail.gate) or "")
    if page is None or page.seminar is None:
        return None
    ahead = reminders(page.seminar, mail.planned_at, tools.settings.zone, tools.day)
    at = next((due.at for due in ahead if due.reminder is Reminder(mail.step or "")), mail.due_at)
    return at.astimezone(tools.now().tzinfo)
