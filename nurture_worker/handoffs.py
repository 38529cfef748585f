"""Gives hot readers, and who inquired, to sales: one open task a reader, told of at once."""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from nurture_worker import handoff_letters, notifying
from nurture_worker.handing_over import case_for, deadline, newest_inquiry
from nurture_worker.letters import Letter
from nurture_worker.planning import calendar_of
from nurture_worker.tools import Tools
from tracker.briefing import brief, why
from tracker.events import Event
from tracker.store import accounts, deliveries, events, handoffs, readers
from tracker.store.deliveries import Delivery
from tracker.store.engine import reading, writing
from tracker.store.handoffs import Handoff, Listed
from tracker.store.readers import Reader
from tracker.store.tables import inquiries
from tracker.words import HandoffCause, HandoffMail, MailKind, Role, Touch

log = logging.getLogger(__name__)


def consider(
    tools: Tools,
    connection: Connection,
    people: Sequence[tuple[Reader, Sequence[Event]]],
    now: datetime,
) -> None:
    """Open a task about each reader if what the log says of them asks for one.

    An inquiry of who has an open task already hurries that one.
    """
    newest = handoffs.newest_of(connection, [reader.id for reader, _ in people])
    for reader, done in people:
        _consider(tools, connection, reader, done, newest.get(reader.id), now)


def _consider(
    tools: Tools,
    connection: Connection,
    reader: Reader,
    done: Sequence[Event],
    last: Handoff | None,
    now: datetime,
) -> str | None:
    if reader.email is None:
        return None
    catalogue, sales = tools.catalogue, tools.catalogue.firm.sales
    if last is not None and last.is_open:
        inquiry = newest_inquiry(done, now)
        if inquiry is not None and handoffs.inquired(connection, last.id, inquiry.id):
            handoffs.write_down(connection, last, Touch.INQUIRY, "system", inquiry.at)
            due_at = deadline(HandoffCause.INQUIRY, now, sales, calendar_of(tools))
            handoffs.hurry(connection, last.id, due_at)
        return None
    case = case_for(
        done,
        reader.score,
        catalogue.scoring,
        now,
        stage_of=tools.stage_of,
        zone=tools.settings.zone,
        confirmed=reader.confirmed_at is not None,
        closed_at=last.closed_at if last else None,
    )
    if case is None:
        return None
    handoff_id = handoffs.give(
        connection,
        reader.id,
        case.cause,
        now=now,
        due_at=deadline(case.cause, now, sales, calendar_of(tools)),
        score=reader.score,
        stage=reader.stage,
        reasons=case.reasons,
        event_id=case.event_id,
    )
    if handoff_id is None:
        return None
    log.info("handoff: %s opened: %s", handoff_id, case.cause)
    if case.cause is HandoffCause.HOT:  # of an inquiry its own mail tells
        for address in sellers(tools, connection):
            deliveries.plan(
                connection,
                key=f"handoff:{handoff_id}:{address}"[:140],
                kind=MailKind.HANDOFF,
                domain=tools.mail_domain,
                now=now,
                due_at=now,
                recipient=address,
                step=HandoffMail.NEW,
                handoff_id=handoff_id,
            )
    notifying.plan(tools, connection, handoff_id, now)
    return handoff_id


def sellers(tools: Tools, connection: Connection) -> list[str]:
    """Who is told of readers by name: ``SODATE_SALES_TO``, else ``SODATE_REPORT_TO``, else every
    account of the desk that may see names."""
    for told in (tools.settings.sales_to, tools.settings.report_to):
        addresses = [address.strip() for address in told.split(",") if address.strip()]
        if addresses:
            return addresses
    return sorted(
        account.email
        for account in accounts.everyone(connection)
        if account.role.covers(Role.MARKETER)
    )


def remind(tools: Tools) -> int:
    """Plan the mails about what is overdue, in the firm's hours: one a day to each owner, or to
    all who sell where nobody owns it; how many were new."""
    now = tools.now()
    calendar = calendar_of(tools)
    if calendar.open_from(now) > now:
        return 0
    if calendar.is_real:
        today = f"{now.astimezone(tools.settings.zone):%Y-%m-%d}"
    else:
        today = f"day-{int(now.timestamp() / tools.settings.day_seconds)}"
    with reading(tools.engine) as connection:
        late = handoffs.overdue(connection, now)
        addresses = _concerned(tools, connection, late)
    if not late:
        return 0
    with writing(tools.engine) as connection:
        return sum(
            deliveries.plan(
                connection,
                key=f"overdue:{today}:{address}"[:140],
                kind=MailKind.HANDOFF,
                domain=tools.mail_domain,
                now=now,
                due_at=now,
                recipient=address,
                step=HandoffMail.OVERDUE,
            )
            is not None
            for address in addresses
        )


def _concerned(tools: Tools, connection: Connection, late: Sequence[Listed]) -> list[str]:
    owners = {task.owner for task in late if task.owner}
    free = any(task.owner is None for task in late)
    return sorted(owners | set(sellers(tools, connection) if free else ()))


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
