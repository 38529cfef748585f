"""What sales are told by mail: of a reader given to them, of an inquiry, of what is overdue."""

from sqlalchemy import Connection, select

from nurture_worker.handoffs.opening import sellers
from nurture_worker.letters import handoffs as handoff_letters
from nurture_worker.letters.bodies import Letter
from nurture_worker.tools import Tools
from tracker.briefing import brief, why
from tracker.store import events, handoffs, readers
from tracker.store.deliveries import Delivery
from tracker.store.tables import inquiries
from tracker.words import HandoffMail


def letter_for(tools: Tools, connection: Connection, delivery: Delivery) -> Letter | None:
    """The letter of a delivery about hand-offs; ``None`` where there is nothing to tell any more."""
    if delivery.step == HandoffMail.OVERDUE:
        return _overdue(tools, connection, delivery.recipient or "")
    handoff = handoffs.get(connection, delivery.handoff_id or "")
    if handoff is None or not handoff.is_open:
        return None
    return told_of(tools, connection, handoff.reader_id, handoff.id)


def told_of(tools: Tools, connection: Connection, reader_id: str, handoff_id: str) -> Letter | None:
    """The letter that tells sales of a task; ``None`` about a reader who was erased."""
    handoff, reader = handoffs.get(connection, handoff_id), readers.get(connection, reader_id)
    if handoff is None or reader is None or reader.email is None:
        return None
    zone = tools.settings.zone
    return handoff_letters.handed_over(
        handoff_letters.Who(reader.name, reader.company, reader.email, reader.stage, reader.score),
        handoff.cause,
        why(tools.catalogue, handoff.cause, handoff.score, handoff.reasons, zone),
        brief(
            tools.catalogue,
            events.of_reader(connection, reader.id),
            stage=reader.stage,
            cause=handoff.cause,
            mail_stopped=reader.unsubscribed_at is not None or reader.suppressed_at is not None,
        ),
        due_at=handoff.due_at,
        url=f"{tools.settings.site_url}/desk/handoffs/{handoff.id}",
        zone=zone,
    )


def inquiry_letter(tools: Tools, connection: Connection, event_id: str) -> Letter | None:
    """The letter that tells sales of an inquiry; ``None`` about one that was erased."""
    row = connection.execute(
        select(inquiries.c.reader_id).where(inquiries.c.event_id == event_id)
    ).one_or_none()
    task = handoffs.last_of(connection, row.reader_id) if row else None
    if row is None or task is None:
        return None
    return told_of(tools, connection, row.reader_id, task.id)


def _overdue(tools: Tools, connection: Connection, address: str) -> Letter | None:
    """What is overdue of one address' tasks, and of nobody's."""
    desk = f"{tools.settings.site_url}/desk/handoffs"
    selling = address in sellers(tools, connection)
    tasks = [
        handoff_letters.Task(
            " ".join(part for part in (task.person.company, task.person.name) if part)
            or task.person.email
            or "消去した読者",
            task.handoff.due_at,
            f"{desk}/{task.handoff.id}",
            task.handoff.touched_at is not None,
        )
        for task in handoffs.overdue(connection, tools.now())
        if task.owner == address or (task.owner is None and selling)
    ]
    return handoff_letters.overdue(tasks, url=desk, zone=tools.settings.zone) if tasks else None
