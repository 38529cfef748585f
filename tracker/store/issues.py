"""The issues of the newsletter, as the store knows them: how far each is planned, and whom there is
to send it to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select, type_coerce, update

from tracker.store.deliveries import UNORDERED
from tracker.store.engine import insert_new
from tracker.store.people import stage_or_none
from tracker.store.tables import (
    Utc,
    deliveries,
    events,
    inquiries,
    issues,
    readers,
    verdicts,
    visitors,
)
from tracker.words import DeliveryState, EventKind, MailKind, Stage, Verdict


@dataclass(frozen=True)
class Begun:
    """An issue that is being sent: readers up to ``place`` are planned; all, at ``planned_at``."""

    id: str
    content: str
    subject: str
    begun_at: datetime
    place: str
    planned_at: datetime | None


def begin(
    connection: Connection, issue_id: str, content: str, subject: str, now: datetime
) -> str | None:
    """Begin with an issue, unless it is begun. ``None``, or the id of another issue that says the
    very same, so that a file given another name is not sent again."""
    twin: str | None = connection.execute(
        select(issues.c.id).where(issues.c.content == content, issues.c.id != issue_id)
    ).scalar()
    if twin is None:
        row = {"id": issue_id, "content": content, "subject": subject, "begun_at": now, "place": ""}
        insert_new(connection, issues, [row])
    return twin


def hold(connection: Connection, issue_id: str) -> Begun | None:
    """The issue, locked until this transaction ends; ``None`` if nobody has begun with it."""
    row = connection.execute(
        select(issues).where(issues.c.id == issue_id).with_for_update()
    ).one_or_none()
    return Begun(**row._mapping) if row else None


def all_begun(connection: Connection) -> dict[str, Begun]:
    return {row.id: Begun(**row._mapping) for row in connection.execute(select(issues))}


def move(connection: Connection, issue_id: str, place: str, done_at: datetime | None) -> None:
    """Readers up to ``place`` are planned; all of them, where ``done_at`` says when."""
    connection.execute(
        update(issues).where(issues.c.id == issue_id).values(place=place, planned_at=done_at)
    )


@dataclass(frozen=True)
class Known:
    """What decides whether a reader gets an issue, as far as the store tells it at once."""

    id: str
    email: str | None
    signed_up: bool
    unsubscribed: bool
    suppressed: bool
    sunset: bool
    paused_until: datetime | None
    stage: Stage | None
    acted_at: datetime | None


def known(connection: Connection, after: str, most: int, *, signed_up: bool = False) -> list[Known]:
    """Up to ``most`` readers with an address, by id behind ``after``; only those ``signed_up``."""
    who: list[ColumnElement[bool]] = [readers.c.email.is_not(None), readers.c.id > after]
    if signed_up:
        who += [readers.c.wants_newsletter, readers.c.opted_in_at.is_not(None)]
    rows = connection.execute(select(readers).where(*who).order_by(readers.c.id).limit(most))
    return [
        Known(
            id=row.id,
            email=row.email,
            signed_up=bool(
                row.wants_newsletter and row.opted_in_at is not None and row.confirmed_at
            ),
            unsubscribed=row.unsubscribed_at is not None,
            suppressed=row.suppressed_at is not None,
            sunset=row.sunset_at is not None,
            paused_until=row.paused_until,
            stage=stage_or_none(row.stage),
            acted_at=row.acted_at,
        )
        for row in rows
    ]


def last_inquiries(connection: Connection, ids: Collection[str]) -> dict[str, datetime]:
    """When each of these readers inquired last, who ever did."""
    last = type_coerce(func.max(inquiries.c.at), Utc)
    rows = connection.execute(
        select(inquiries.c.reader_id, last.label("at"))
        .where(inquiries.c.reader_id.in_(ids))
        .group_by(inquiries.c.reader_id)
    )
    return {row.reader_id: row.at for row in rows}


def unordered_of(
    connection: Connection, ids: Collection[str], since: datetime
) -> dict[str, list[datetime]]:
    """When mails that these readers did not order went out, or are planned to, since ``since``."""
    at = type_coerce(
        func.coalesce(deliveries.c.settled_at, deliveries.c.claimed_at, deliveries.c.due_at), Utc
    )
    never = (DeliveryState.SKIPPED, DeliveryState.CANCELLED, DeliveryState.FAILED)
    found: dict[str, list[datetime]] = {}
    rows = connection.execute(
        select(deliveries.c.reader_id, at.label("at")).where(
            deliveries.c.reader_id.in_(ids),
            deliveries.c.kind.in_(UNORDERED),
            deliveries.c.state.not_in((*never, DeliveryState.PLANNED)),
            at >= since,
        )
    )
    for row in rows:
        found.setdefault(row.reader_id, []).append(row.at)
    return found


def opened_by(connection: Connection, ids: Collection[str]) -> dict[str, set[str]]:
    """The pages each of these readers opened, by their own name or as the visitor they were."""
    whose = func.coalesce(events.c.reader_id, visitors.c.reader_id)
    found: dict[str, set[str]] = {}
    rows = connection.execute(
        select(whose.label("reader"), events.c.page)
        .outerjoin(visitors, visitors.c.visitor == events.c.visitor)
        .where(
            events.c.kind == EventKind.PAGE_VIEW,
            events.c.page.is_not(None),
            or_(
                events.c.reader_id.in_(ids),
                events.c.reader_id.is_(None) & visitors.c.reader_id.in_(ids),
            ),
        )
        .distinct()
    )
    for row in rows:
        found.setdefault(row.reader, set()).add(row.page)
    return found


@dataclass(frozen=True)
class Figures:
    """How the mails of one issue stand; ``clicked`` and ``unsubscribed`` are readers."""

    planned: int = 0
    sent: int = 0
    undelivered: int = 0
    uncertain: int = 0
    dropped: int = 0
    clicked: int = 0
    unsubscribed: int = 0


_COLUMN = {
    DeliveryState.PLANNED: "planned",
    DeliveryState.CLAIMED: "planned",
    DeliveryState.SENDING: "planned",
    DeliveryState.SENT: "sent",
    DeliveryState.BOUNCED: "undelivered",
    DeliveryState.FAILED: "undelivered",
    DeliveryState.UNCERTAIN: "uncertain",
}


def figures(connection: Connection) -> dict[str, Figures]:
    """By issue."""
    found: dict[str, dict[str, int]] = {}
    for issue, state, count in connection.execute(
        select(deliveries.c.step, deliveries.c.state, func.count())
        .where(deliveries.c.kind == MailKind.NEWSLETTER)
        .group_by(deliveries.c.step, deliveries.c.state)
    ):
        column = _COLUMN.get(DeliveryState(state), "dropped")
        counts = found.setdefault(issue, {})
        counts[column] = counts.get(column, 0) + count
    for column, kind, counts_as in (
        ("clicked", EventKind.MAIL_CLICK, verdicts.c.verdict == Verdict.HUMAN),
        ("unsubscribed", EventKind.MAIL_UNSUB, events.c.id.is_not(None)),
    ):
        rows: Any = connection.execute(
            select(deliveries.c.step, func.count(deliveries.c.reader_id.distinct()))
            .join(events, events.c.delivery_id == deliveries.c.id)
            .outerjoin(verdicts, verdicts.c.event_id == events.c.id)
            .where(deliveries.c.kind == MailKind.NEWSLETTER, events.c.kind == kind, counts_as)
            .group_by(deliveries.c.step)
        )
        for issue, count in rows:
            found.setdefault(issue, {})[column] = count
    return {issue: Figures(**counts) for issue, counts in found.items()}
