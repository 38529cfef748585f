"""Click-to-stage, counted from the store: who moved, by what, and what the mails did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from tracker.clicks.counting import counts_as_click
from tracker.store.people import PERSON, Person, named, person, stage_or_none
from tracker.store.tables import (
    deliveries,
    events,
    inquiries,
    readers,
    stage_changes,
    verdicts,
    visitors,
)
from tracker.words import DeliveryState, EventKind, MailKind, Stage, Verdict

FOLLOWED_WITHIN = timedelta(days=7)

FINAL = (
    DeliveryState.SENT,
    DeliveryState.UNCERTAIN,
    DeliveryState.FAILED,
    DeliveryState.BOUNCED,
)


@dataclass(frozen=True)
class Cause:
    """The event behind something, with what is needed to tell it in words."""

    kind: EventKind
    page: str | None = None
    cta: str | None = None
    gate: str | None = None
    section: int | None = None
    scenario: str | None = None
    step: str | None = None


@dataclass(frozen=True)
class Move:
    """One reader reaching a stage. ``from_stage`` is None where it was their first."""

    at: datetime
    person: Person
    from_stage: Stage | None
    to_stage: Stage
    cause: Cause | None


@dataclass(frozen=True)
class Followed:
    """What people clicked and how often a move followed.

    ``people`` are readers, and visitors without a name; only readers can move. ``moved`` readers
    reached a later stage within ``FOLLOWED_WITHIN`` of their first click; ``waiting`` did not,
    but have time left.
    """

    scenario: str | None
    step: str | None
    cta: str | None
    target: str | None
    people: int
    readers: int
    moved: int
    waiting: int


@dataclass(frozen=True)
class StepFigures:
    """One scenario step: mails planned now, and how those settled in the period ended.

    ``clicked`` and ``unsubscribed`` are people, of the mails ``sent`` in the period; the hits that
    were not held for a person's are counted apart, as hits.
    """

    scenario: str
    step: str
    planned: int = 0
    sent: int = 0
    clicked: int = 0
    unsubscribed: int = 0
    uncertain: int = 0
    failed: int = 0
    machine_hits: int = 0
    unsure_hits: int = 0


@dataclass(frozen=True)
class Inquiry:
    at: datetime
    person: Person
    message: str

    @property
    def first_line(self) -> str:
        return next((line.strip() for line in self.message.splitlines() if line.strip()), "")


_SETTLED_AS = {"sent": "sent", "uncertain": "uncertain", "failed": "failed", "bounced": "failed"}


def readers_by_stage(connection: Connection) -> dict[Stage | None, int]:
    """How many readers stand at each stage now; under ``None``, those not staged yet."""
    rows = connection.execute(select(readers.c.stage, func.count()).group_by(readers.c.stage))
    found = {Stage(stage) if stage else None: count for stage, count in rows}
    return {stage: found.get(stage, 0) for stage in (*Stage, None)}


def inquired_readers(connection: Connection) -> int:
    """How many readers have ever inquired."""
    return int(
        connection.execute(
            select(func.count()).where(readers.c.inquired_at.is_not(None))
        ).scalar_one()
    )


def moves_by_stage(connection: Connection, since: datetime | None) -> dict[Stage, int]:
    """How many readers reached each stage since then."""
    rows = connection.execute(
        select(stage_changes.c.to_stage, func.count(stage_changes.c.reader_id.distinct()))
        .where(_from(stage_changes.c.at, since))
        .group_by(stage_changes.c.to_stage)
    )
    found = {Stage(stage): count for stage, count in rows}
    return {stage: found.get(stage, 0) for stage in Stage}


def moves(connection: Connection, since: datetime | None, most: int) -> list[Move]:
    """The newest ``most`` moves since then, each with what moved the reader."""
    rows = connection.execute(
        select(
            stage_changes.c.at,
            stage_changes.c.from_stage,
            stage_changes.c.to_stage,
            *named(PERSON, "person"),
            events.c.kind,
            events.c.page,
            events.c.cta,
            events.c.gate,
            events.c.section,
            deliveries.c.scenario,
            deliveries.c.step,
        )
        .join(readers, readers.c.id == stage_changes.c.reader_id)
        .outerjoin(events, events.c.id == stage_changes.c.event_id)
        .outerjoin(deliveries, deliveries.c.id == events.c.delivery_id)
        .where(_from(stage_changes.c.at, since))
        .order_by(stage_changes.c.at.desc(), stage_changes.c.id)
        .limit(most)
    )
    return [
        Move(
            at=row.at,
            person=person(row),
            from_stage=stage_or_none(row.from_stage),
            to_stage=Stage(row.to_stage),
            cause=Cause(
                EventKind(row.kind),
                row.page,
                row.cta,
                row.gate,
                row.section,
                row.scenario,
                row.step,
            )
            if row.kind
            else None,
        )
        for row in rows
    ]


def clicks_followed(
    connection: Connection,
    since: datetime | None,
    now: datetime,
    moved: Mapping[str, str] | None = None,
) -> list[Followed]:
    """Per mail step with link target, and per CTA: who clicked since then, and who moved after.

    Most moved first, then most people. ``moved`` says of an address that a page had before which it
    has now.
    """
    moved = moved or {}
    own = select(visitors.c.reader_id).where(visitors.c.visitor == events.c.visitor)
    rows = connection.execute(
        select(
            events.c.at,
            events.c.kind,
            func.coalesce(events.c.reader_id, own.scalar_subquery()).label("reader_id"),
            events.c.visitor,
            events.c.cta,
            events.c.page,
            events.c.data,
            verdicts.c.verdict,
            deliveries.c.scenario,
            deliveries.c.step,
        )
        .outerjoin(deliveries, deliveries.c.id == events.c.delivery_id)
        .outerjoin(verdicts, verdicts.c.event_id == events.c.id)
        .where(
            events.c.kind.in_([EventKind.MAIL_CLICK, EventKind.CTA_CLICK]),
            _from(events.c.at, since),
        )
        .order_by(events.c.at, events.c.seq)
    ).all()
    changes: dict[str, list[datetime]] = {}
    for change in connection.execute(
        select(
            stage_changes.c.reader_id,
            stage_changes.c.at,
            stage_changes.c.from_stage,
            stage_changes.c.to_stage,
        ).where(_from(stage_changes.c.at, since))
    ):
        before = stage_or_none(change.from_stage)
        if before is None or before.rank < Stage(change.to_stage).rank:
            changes.setdefault(change.reader_id, []).append(change.at)
    first: dict[tuple[str | None, ...], dict[str, tuple[datetime, str | None]]] = {}
    for row in rows:
        if row.kind == EventKind.MAIL_CLICK and (row.scenario is None or not _counts(row)):
            continue
        who = row.reader_id or row.visitor
        if who is None:
            continue
        what = (
            (row.scenario, row.step, None, _now_at(row.page, moved))
            if row.kind == EventKind.MAIL_CLICK
            else (None, None, row.cta, None)
        )
        first.setdefault(what, {}).setdefault(who, (row.at, row.reader_id))
    found = [_followed(what, list(clicks.values()), changes, now) for what, clicks in first.items()]
    return sorted(found, key=lambda f: (-f.moved, -f.people, f.cta or "", f.step or ""))


def _followed(
    what: tuple[str | None, ...],
    clicks: list[tuple[datetime, str | None]],
    changes: dict[str, list[datetime]],
    now: datetime,
) -> Followed:
    known = [(at, reader) for at, reader in clicks if reader]
    moved = [
        any(at <= change <= at + FOLLOWED_WITHIN for change in changes.get(reader, []))
        for at, reader in known
    ]
    waiting = sum(
        not m and at + FOLLOWED_WITHIN > now for m, (at, _reader) in zip(moved, known, strict=True)
    )
    scenario, step, cta, target = what
    return Followed(scenario, step, cta, target, len(clicks), len(known), sum(moved), waiting)


def _counts(row: Any) -> bool:
    return counts_as_click({**(row.data or {}), "verdict": row.verdict})


def _now_at(page: str | None, moved: Mapping[str, str]) -> str | None:
    target = bare(page)
    return None if target is None else moved.get(target, target)


def bare(page: str | None) -> str | None:
    """A link's target without query and fragment."""
    return None if page is None else page.partition("#")[0].partition("?")[0].removeprefix("/")


def step_figures(
    connection: Connection, since: datetime | None
) -> dict[tuple[str, str], StepFigures]:
    """Per (scenario, step): planned now, and how the mails settled since then ended."""
    in_period = and_(deliveries.c.state.in_(FINAL), _from(deliveries.c.settled_at, since))
    counted: dict[tuple[str, str], dict[str, int]] = {}

    def note(scenario: str, step: str, field: str, count: int) -> None:
        figures = counted.setdefault((scenario, step), {})
        figures[field] = figures.get(field, 0) + count

    for scenario, step, state, count in connection.execute(
        select(deliveries.c.scenario, deliveries.c.step, deliveries.c.state, func.count())
        .where(
            deliveries.c.kind == MailKind.STEP,
            or_(
                in_period,
                deliveries.c.state.in_(
                    [DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.SENDING]
                ),
            ),
        )
        .group_by(deliveries.c.scenario, deliveries.c.step, deliveries.c.state)
    ):
        note(scenario, step, _SETTLED_AS.get(state, "planned"), count)
    people: dict[tuple[str, str, str], set[str]] = {}
    for row in connection.execute(
        select(
            deliveries.c.scenario,
            deliveries.c.step,
            deliveries.c.reader_id,
            events.c.kind,
            events.c.data,
            verdicts.c.verdict,
        )
        .join(events, events.c.delivery_id == deliveries.c.id)
        .outerjoin(verdicts, verdicts.c.event_id == events.c.id)
        .where(
            deliveries.c.kind == MailKind.STEP,
            deliveries.c.state == DeliveryState.SENT,
            _from(deliveries.c.settled_at, since),
            events.c.kind.in_([EventKind.MAIL_CLICK, EventKind.MAIL_UNSUB]),
        )
    ):
        if row.kind == EventKind.MAIL_CLICK and not _counts(row):
            if row.verdict in (Verdict.MACHINE, Verdict.UNSURE):
                note(row.scenario, row.step, f"{row.verdict}_hits", 1)
            continue
        field = "clicked" if row.kind == EventKind.MAIL_CLICK else "unsubscribed"
        people.setdefault((row.scenario, row.step, field), set()).add(row.reader_id)
    for (scenario, step, field), who in people.items():
        note(scenario, step, field, len(who))
    return {
        (scenario, step): StepFigures(scenario, step, **figures)
        for (scenario, step), figures in counted.items()
    }


def newest_inquiries(connection: Connection, since: datetime | None, most: int) -> list[Inquiry]:
    rows = connection.execute(
        select(inquiries.c.at, inquiries.c.message, *named(PERSON, "person"))
        .join(readers, readers.c.id == inquiries.c.reader_id)
        .where(_from(inquiries.c.at, since))
        .order_by(inquiries.c.at.desc(), inquiries.c.event_id)
        .limit(most)
    )
    return [Inquiry(row.at, person(row), row.message) for row in rows]


def count_inquiries(
    connection: Connection, since: datetime | None, until: datetime | None = None
) -> int:
    """How many inquiries came since then (and before ``until``)."""
    before = true() if until is None else inquiries.c.at < until
    return int(
        connection.execute(
            select(func.count()).select_from(inquiries).where(_from(inquiries.c.at, since), before)
        ).scalar_one()
    )


def _from(column: ColumnElement[Any], since: datetime | None) -> ColumnElement[bool]:
    return true() if since is None else column >= since
