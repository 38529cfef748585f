"""Gives hot readers, and who inquired, to sales: one open task a reader, told of at once."""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from nurture_worker.handoffs import notifying
from nurture_worker.handoffs.cases import case_for, deadline, newest_inquiry
from nurture_worker.scenarios.planning import calendar_of
from nurture_worker.tools import Tools
from tracker.events import Event
from tracker.store import accounts, deliveries, handoffs
from tracker.store.engine import reading, writing
from tracker.store.handoffs import Handoff, Listed
from tracker.store.readers import Reader
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
