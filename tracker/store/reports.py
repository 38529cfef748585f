"""Click-to-stage, counted from the store: who moved, by what, and what the mails did."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    and_,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
)

from tracker.store.hits import answers, is_click
from tracker.store.people import PERSON, Person, named, person, stage_or_none
from tracker.store.tables import (
    EPOCH,
    deliveries,
    events,
    inquiries,
    readers,
    stage_changes,
    verdicts,
    visitors,
)
from tracker.words import DeliveryState, EventKind, MailKind, Stage

FOLLOWED_WITHIN = timedelta(days=7)
_WITHIN_MS = FOLLOWED_WITHIN // timedelta(milliseconds=1)
_What = tuple[str | None, str | None, str | None, str | None]

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
    changes: dict[str, list[int]] = {}
    for change in connection.execute(
        select(
            stage_changes.c.reader_id,
            _ms(stage_changes.c.at).label("at"),
            stage_changes.c.from_stage,
            stage_changes.c.to_stage,
        ).where(_from(stage_changes.c.at, since))
    ):
        before = stage_or_none(change.from_stage)
        if before is None or before.rank < Stage(change.to_stage).rank:
            changes.setdefault(change.reader_id, []).append(change.at)
    first: dict[_What, dict[str, tuple[int, str | None]]] = {}
    for scenario, step, cta, page, reader, visitor, at in _clicks(connection, since):
        own = first.setdefault((scenario, step, cta, _now_at(page, moved)), {})
        who = reader or visitor
        held = own.get(who)
        if held is None or at < held[0]:
            own[who] = (at, reader)
    until = (now - EPOCH) // timedelta(milliseconds=1)
    found = [_followed(what, own.values(), changes, until) for what, own in first.items()]
    return sorted(found, key=lambda f: (-f.moved, -f.people, f.cta or "", f.step or ""))


def _clicks(connection: Connection, since: datetime | None) -> Iterator[Any]:
    """Each link of a step mail, and each CTA, with who clicked it and when they did first."""
    none = literal(None, String)
    reader = func.coalesce(events.c.reader_id, visitors.c.reader_id)
    first = func.min(_ms(events.c.at))
    somebody = or_(reader.is_not(None), events.c.visitor.is_not(None))
    link = (deliveries.c.scenario, deliveries.c.step, none, events.c.page)
    yield from connection.execute(
        select(*link, reader, events.c.visitor, first)
        .join_from(deliveries, events, events.c.delivery_id == deliveries.c.id)
        .join(verdicts, verdicts.c.event_id == events.c.id)
        .outerjoin(visitors, visitors.c.visitor == events.c.visitor)
        .where(
            events.c.kind == EventKind.MAIL_CLICK,
            is_click(),
            deliveries.c.scenario.is_not(None),
            somebody,
            _from(events.c.at, since),
        )
        .group_by(deliveries.c.scenario, deliveries.c.step, events.c.page, reader, events.c.visitor)
    ).all()
    yield from connection.execute(
        select(none, none, events.c.cta, none, reader, events.c.visitor, first)
        .outerjoin_from(events, visitors, visitors.c.visitor == events.c.visitor)
        .where(events.c.kind == EventKind.CTA_CLICK, somebody, _from(events.c.at, since))
        .group_by(events.c.cta, reader, events.c.visitor)
    ).all()


def _followed(
    what: _What,
    clicks: Iterable[tuple[int, str | None]],
    changes: Mapping[str, Sequence[int]],
    now: int,
) -> Followed:
    people = readers = moved = waiting = 0
    for at, reader in clicks:
        people += 1
        if reader is None:
            continue
        readers += 1
        if any(at <= change <= at + _WITHIN_MS for change in changes.get(reader, ())):
            moved += 1
        elif at + _WITHIN_MS > now:
            waiting += 1
    return Followed(*what, people, readers, moved, waiting)


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
    sent = [
        deliveries.c.kind == MailKind.STEP,
        deliveries.c.state == DeliveryState.SENT,
        _from(deliveries.c.settled_at, since),
    ]
    for (scenario, step), field, count in answers(connection, sent):
        note(scenario, step, field, count)
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


def _ms(column: ColumnElement[Any]) -> ColumnElement[int]:
    return type_coerce(column, BigInteger)


def _from(column: ColumnElement[Any], since: datetime | None) -> ColumnElement[bool]:
    return true() if since is None else column >= since
