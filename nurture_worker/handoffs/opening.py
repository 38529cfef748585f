"""Gives hot readers, and who inquired, to sales: one open task a reader, told of at once."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from nurture_worker.handoffs import notifying
from nurture_worker.handoffs.cases import case_for, deadline, newest_inquiry
from nurture_worker.scenarios.planning import calendar_of
from nurture_worker.scoring.points import StageOf
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
    stage_of: StageOf,
    arrived: Collection[str] = (),
) -> None:
    """Open a task about each reader if what the log says of them asks for one.

    An inquiry of who has an open task already hurries that one. ``arrived``: see ``case_for``.
    """
    newest = handoffs.newest_of(connection, [reader.id for reader, _ in people])
    for reader, done in people:
        last = newest.get(reader.id)
        _consider(tools, connection, reader, done, last, now, stage_of, arrived)


def _consider(
    tools: Tools,
    connection: Connection,
    reader: Reader,
    done: Sequence[Event],
    last: Handoff | None,
    now: datetime,
    stage_of: StageOf,
    arrived: Collection[str],
) -> None:
    if reader.email is None:
        return
    catalogue, sales = tools.catalogue, tools.catalogue.firm.sales
    if last is not None and last.is_open:
        inquiry = newest_inquiry(done, now)
        if inquiry is not None and handoffs.inquired(connection, last.id, inquiry.id):
            handoffs.write_down(connection, last, Touch.INQUIRY, "system", inquiry.at)
            due_at = deadline(HandoffCause.INQUIRY, now, sales, calendar_of(tools))
            handoffs.hurry(connection, last.id, due_at)
        return
    case = case_for(
        done,
        reader.score,
        catalogue.scoring,
        now,
        stage_of=stage_of,
        zone=tools.settings.zone,
        confirmed=reader.confirmed_at is not None,
        closed_at=last.closed_at if last else None,
        arrived=arrived,
    )
    if case is None:
        return
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
        return
    log.info("handoff: %s opened: %s", handoff_id, case.cause)
    if case.cause is HandoffCause.HOT:  # of an inquiry its own mail tells
        _tell(tools, connection, handoff_id, sellers(tools, connection), now)
    notifying.plan(tools, connection, handoff_id, now)


def tell_of_given(tools: Tools) -> int:
    """Plan what sales are told of tasks that somebody opened at the desk: to the owner, or to all
    who sell; how many mails were new."""
    with reading(tools.engine) as connection:
        given = handoffs.untold(connection, HandoffCause.BY_HAND)
    if not given:
        return 0
    now = tools.now()
    with writing(tools.engine) as connection:
        for task in given:
            notifying.plan(tools, connection, task.handoff.id, now)
        return sum(
            _tell(
                tools,
                connection,
                task.handoff.id,
                [task.owner] if task.owner else sellers(tools, connection),
                now,
            )
            for task in given
        )


def _tell(
    tools: Tools, connection: Connection, handoff_id: str, addresses: Sequence[str], now: datetime
) -> int:
    return deliveries.plan_to_each(
        connection,
        addresses,
        key=f"handoff:{handoff_id}",
        kind=MailKind.HANDOFF,
        domain=tools.mail_domain,
        now=now,
        due_at=now,
        step=HandoffMail.NEW,
        handoff_id=handoff_id,
    )


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
        return deliveries.plan_to_each(
            connection,
            addresses,
            key=f"overdue:{today}",
            kind=MailKind.HANDOFF,
            domain=tools.mail_domain,
            now=now,
            due_at=now,
            step=HandoffMail.OVERDUE,
        )


def _concerned(tools: Tools, connection: Connection, late: Sequence[Listed]) -> list[str]:
    owners = {task.owner for task in late if task.owner}
    free = any(task.owner is None for task in late)
    return sorted(owners | set(sellers(tools, connection) if free else ()))
