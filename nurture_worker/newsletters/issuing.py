"""Plans each issue of the newsletter once for each reader it is meant for, in batches."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection

from nurture_worker.newsletters.audience import PATIENCE, Candidate, Seat, seat
from nurture_worker.scenarios.planning import calendar_of
from nurture_worker.tools import Tools
from tracker.catalogue import Catalogue
from tracker.catalogue.affinity import persona_of
from tracker.catalogue.issues import Issue
from tracker.store import deals, deliveries
from tracker.store import issues as store
from tracker.store.engine import reading, writing
from tracker.store.issues import Known
from tracker.words import MailKind

log = logging.getLogger(__name__)

BATCH = 500
_WEEK = timedelta(days=7)


def plan_issues(tools: Tools) -> int:
    """Plan the issues whose time has come; how many mails were new.

    One transaction a batch of readers, with how far it came: a killed worker's batch is planned
    again from its start, and no reader has two mails of one issue. Who signs up later gets the
    next issue. An issue that is published more than ``PATIENCE`` after its time is not begun.
    """
    now = tools.now()
    planned = 0
    with reading(tools.engine) as connection:
        begun = store.all_begun(connection)
    for issue in tools.catalogue.issues:
        known = begun.get(issue.id)
        at = issue.at(tools.settings.zone)
        if known is None and not at <= now <= at + PATIENCE:
            continue
        while known is None or known.planned_at is None:
            with writing(tools.engine) as connection:
                twin = None
                if known is None:
                    twin = store.begin(connection, issue.id, _content(issue), issue.subject, now)
                if twin is not None:
                    log.warning("newsletter: %s says what %s said, not sent", issue.id, twin)
                    break
                planned += _plan_batch(tools, connection, issue, now)
                known = store.hold(connection, issue.id)
    return planned


def _plan_batch(tools: Tools, connection: Connection, issue: Issue, now: datetime) -> int:
    begun = store.hold(connection, issue.id)
    if begun is None or begun.planned_at is not None:
        return 0
    known = store.known(connection, begun.place, BATCH, signed_up=True)
    seats = seats_of(tools, connection, tools.catalogue, issue, known, now)
    rows = [
        {
            "key": f"issue:{issue.id}:{one.reader_id}",
            "reader_id": one.reader_id,
            "step": issue.id,
            "due_at": one.due_at,
        }
        for one in seats
        if one.due_at is not None
    ]
    domain = tools.mail_domain
    new = deliveries.plan_each(connection, MailKind.NEWSLETTER, rows, domain=domain, now=now)
    last = known[-1].id if known else begun.place
    store.move(connection, issue.id, last, None if len(known) == BATCH else now)
    return new


def all_seats(
    tools: Tools, connection: Connection, catalogue: Catalogue, issue: Issue, at: datetime
) -> Iterator[Seat]:
    """What would become of every reader if ``issue`` went out at ``at``; no more than a batch of
    them is held in memory."""
    place = ""
    while known := store.known(connection, place, BATCH):
        yield from seats_of(tools, connection, catalogue, issue, known, at)
        place = known[-1].id


def seats_of(
    tools: Tools,
    connection: Connection,
    catalogue: Catalogue,
    issue: Issue,
    known: Sequence[Known],
    at: datetime,
) -> list[Seat]:
    """What becomes of each of ``known``."""
    ids = [one.id for one in known]
    inquired = store.last_inquiries(connection, ids)
    dealt = deals.standing(connection, ids)
    sent = store.unordered_of(connection, ids, at - _WEEK)
    opened = store.opened_by(connection, ids) if issue.audience.personas else {}
    calendar = calendar_of(tools)
    quiet_days = catalogue.firm.sending.quiet_days
    return [
        seat(
            issue.audience,
            Candidate(
                reader_id=one.id,
                signed_up=one.signed_up,
                unsubscribed=one.unsubscribed,
                suppressed=one.suppressed,
                sunset=one.sunset,
                paused_until=one.paused_until,
                inquired_at=inquired.get(one.id),
                dealt_at=dealt[one.id].up_to,
                stage=one.stage,
                persona=persona_of(map(catalogue.page_at, sorted(opened.get(one.id, ())))),
                acted_at=one.acted_at,
                sent=tuple(sent.get(one.id, ())),
            ),
            at,
            calendar,
            quiet_days,
        )
        for one in known
    ]


def _content(issue: Issue) -> str:
    return sha256(f"{issue.subject}\n{issue.body}".encode()).hexdigest()
