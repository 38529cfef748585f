"""What the desk shows of readers and mails: click-to-stage, counted from the store."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, true

from tracker.clicks import counts_as_click
from tracker.store.tables import (
    deliveries,
    events,
    inquiries,
    readers,
    score_entries,
    stage_changes,
    visitors,
)
from tracker.words import DeliveryState, EventKind, MailKind, Stage

FOLLOWED_WITHIN = timedelta(days=7)
PAGE_SIZE = 50

FINAL = (
    DeliveryState.SENT,
    DeliveryState.UNCERTAIN,
    DeliveryState.FAILED,
    DeliveryState.BOUNCED,
)


@dataclass(frozen=True)
class Person:
    """A reader as the desk names them."""

    id: str
    email: str | None
    name: str | None
    company: str | None


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
    ``clicked`` and ``unsubscribed`` are people, of the mails ``sent`` in the period."""

    scenario: str
    step: str
    planned: int = 0
    sent: int = 0
    clicked: int = 0
    unsubscribed: int = 0
    uncertain: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Mail:
    """One delivery as the desk shows it."""

    id: str
    kind: MailKind
    scenario: str | None
    step: str | None
    gate: str | None
    state: DeliveryState
    reason: str | None
    due_at: datetime
    settled_at: datetime | None
    person: Person | None
    recipient: str | None


@dataclass(frozen=True)
class Inquiry:
    at: datetime
    person: Person
    message: str

    @property
    def first_line(self) -> str:
        return next((line.strip() for line in self.message.splitlines() if line.strip()), "")


@dataclass(frozen=True)
class Listed:
    """A reader in the list of readers."""

    person: Person
    stage: Stage | None
    stage_since: datetime | None
    score: float
    created_at: datetime
    inquired_at: datetime | None
    unsubscribed_at: datetime | None


@dataclass(frozen=True)
class ScoreEntry:
    """Points one event gave by one rule."""

    event_id: str
    rule: str
    at: datetime
    points: int


@dataclass(frozen=True)
class StageChange:
    at: datetime
    from_stage: Stage | None
    to_stage: Stage
    event_id: str | None


_SETTLED_AS = {"sent": "sent", "uncertain": "uncertain", "failed": "failed", "bounced": "failed"}
Order = Literal["score", "new"]
_PERSON = (readers.c.id, readers.c.email, readers.c.name, readers.c.company)
_PAST = datetime(1970, 1, 1, tzinfo=UTC)


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
        select(stage_changes.c.to_stage, func.count())
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
            *_named(_PERSON, "person"),
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
            person=_person(row),
            from_stage=_stage(row.from_stage),
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
    connection: Connection, since: datetime | None, now: datetime
) -> list[Followed]:
    """Per mail step with link target, and per CTA: who clicked since then, and who moved after.

    Most moved first, then most people.
    """
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
            deliveries.c.scenario,
            deliveries.c.step,
        )
        .outerjoin(deliveries, deliveries.c.id == events.c.delivery_id)
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
        before = _stage(change.from_stage)
        if before is None or before.rank < Stage(change.to_stage).rank:
            changes.setdefault(change.reader_id, []).append(change.at)
    first: dict[tuple[str | None, ...], dict[str, tuple[datetime, str | None]]] = {}
    for row in rows:
        if row.kind == EventKind.MAIL_CLICK and (
            row.scenario is None or not counts_as_click(row.data)
        ):
            continue
        who = row.reader_id or row.visitor
        if who is None:
            continue
        what = (
            (row.scenario, row.step, None, bare(row.page))
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
        )
        .join(events, events.c.delivery_id == deliveries.c.id)
        .where(
            deliveries.c.kind == MailKind.STEP,
            deliveries.c.state == DeliveryState.SENT,
            _from(deliveries.c.settled_at, since),
            events.c.kind.in_([EventKind.MAIL_CLICK, EventKind.MAIL_UNSUB]),
        )
    ):
        if row.kind == EventKind.MAIL_CLICK and not counts_as_click(row.data):
            continue
        field = "clicked" if row.kind == EventKind.MAIL_CLICK else "unsubscribed"
        people.setdefault((row.scenario, row.step, field), set()).add(row.reader_id)
    for (scenario, step, field), who in people.items():
        note(scenario, step, field, len(who))
    return {
        (scenario, step): StepFigures(scenario, step, **figures)
        for (scenario, step), figures in counted.items()
    }


def uncertain(connection: Connection, since: datetime | None, most: int) -> list[Mail]:
    """The newest mails of which nobody knows whether they arrived."""
    return _mails(
        connection,
        _mail_select()
        .where(
            deliveries.c.state == DeliveryState.UNCERTAIN,
            or_(deliveries.c.settled_at.is_(None), _from(deliveries.c.settled_at, since)),
        )
        .order_by(deliveries.c.settled_at.desc(), deliveries.c.id)
        .limit(most),
    )


def mails_of(connection: Connection, reader_id: str) -> list[Mail]:
    """All mails to a reader, whatever came of them, in order of their due time."""
    return _mails(
        connection,
        _mail_select()
        .where(deliveries.c.reader_id == reader_id)
        .order_by(deliveries.c.due_at, deliveries.c.id),
    )


def newest_inquiries(connection: Connection, since: datetime | None, most: int) -> list[Inquiry]:
    rows = connection.execute(
        select(inquiries.c.at, inquiries.c.message, *_named(_PERSON, "person"))
        .join(readers, readers.c.id == inquiries.c.reader_id)
        .where(_from(inquiries.c.at, since))
        .order_by(inquiries.c.at.desc(), inquiries.c.event_id)
        .limit(most)
    )
    return [Inquiry(row.at, _person(row), row.message) for row in rows]


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


def inquiries_of(connection: Connection, reader_id: str) -> dict[str, str]:
    """The messages of a reader's inquiries, by the id of their event."""
    rows = connection.execute(
        select(inquiries.c.event_id, inquiries.c.message).where(inquiries.c.reader_id == reader_id)
    )
    return {row.event_id: row.message for row in rows}


def score_entries_of(connection: Connection, reader_id: str) -> list[ScoreEntry]:
    rows = connection.execute(
        select(
            score_entries.c.event_id,
            score_entries.c.rule,
            score_entries.c.at,
            score_entries.c.points,
        )
        .where(score_entries.c.reader_id == reader_id)
        .order_by(score_entries.c.at, score_entries.c.event_id, score_entries.c.rule)
    )
    return [ScoreEntry(**row._mapping) for row in rows]


def stage_changes_of(connection: Connection, reader_id: str) -> list[StageChange]:
    rows = connection.execute(
        select(stage_changes)
        .where(stage_changes.c.reader_id == reader_id)
        .order_by(stage_changes.c.at, stage_changes.c.id)
    )
    return [
        StageChange(row.at, _stage(row.from_stage), Stage(row.to_stage), row.event_id)
        for row in rows
    ]


def list_readers(
    connection: Connection,
    *,
    words: str = "",
    stage: Stage | None = None,
    order: Order = "score",
    after: tuple[float, str] | None = None,
) -> tuple[list[Listed], tuple[float, str] | None]:
    """Up to ``PAGE_SIZE`` readers and where the next page begins (``None``: there is none).

    ``words`` are looked for in name, company and address. ``after`` is the place the page before
    told; in the order ``new`` its number is in milliseconds since 1970.
    """
    statement = select(
        *_named(_PERSON, "person"),
        readers.c.stage,
        readers.c.stage_since,
        readers.c.score,
        readers.c.created_at,
        readers.c.inquired_at,
        readers.c.unsubscribed_at,
    ).where(_matching(words, stage))
    column: ColumnElement[Any] = readers.c.score if order == "score" else readers.c.created_at
    if after is not None:
        place: Any = after[0] if order == "score" else _moment(after[0])
        statement = statement.where(
            or_(column < place, and_(column == place, readers.c.id > after[1]))
        )
    rows = connection.execute(
        statement.order_by(column.desc(), readers.c.id).limit(PAGE_SIZE + 1)
    ).all()
    page = [
        Listed(
            _person(row),
            _stage(row.stage),
            row.stage_since,
            row.score,
            row.created_at,
            row.inquired_at,
            row.unsubscribed_at,
        )
        for row in rows[:PAGE_SIZE]
    ]
    if len(rows) <= PAGE_SIZE:
        return page, None
    last = page[-1]
    if order == "score":
        return page, (last.score, last.person.id)
    return page, ((last.created_at - _PAST) / timedelta(milliseconds=1), last.person.id)


def count_readers(connection: Connection, *, words: str = "", stage: Stage | None = None) -> int:
    """How many readers ``list_readers`` would list in all."""
    return int(
        connection.execute(
            select(func.count()).select_from(readers).where(_matching(words, stage))
        ).scalar_one()
    )


def _matching(words: str, stage: Stage | None) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if stage is not None:
        conditions.append(readers.c.stage == stage)
    for word in words.split():
        conditions.append(
            or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (readers.c.name, readers.c.company, readers.c.email)
                )
            )
        )
    return and_(*conditions)


def _moment(milliseconds: float) -> datetime:
    return _PAST + timedelta(milliseconds=round(milliseconds))


def _from(column: ColumnElement[Any], since: datetime | None) -> ColumnElement[bool]:
    return true() if since is None else column >= since


def _named(columns: Iterable[ColumnElement[Any]], prefix: str) -> list[ColumnElement[Any]]:
    return [column.label(f"{prefix}_{column.key}") for column in columns]


def _person(row: Any) -> Person:
    return Person(row.person_id, row.person_email, row.person_name, row.person_company)


def _stage(value: str | None) -> Stage | None:
    return Stage(value) if value else None


def _mail_select() -> Select[Any]:
    return select(
        deliveries.c.id,
        deliveries.c.kind,
        deliveries.c.scenario,
        deliveries.c.step,
        deliveries.c.gate,
        deliveries.c.state,
        deliveries.c.reason,
        deliveries.c.due_at,
        deliveries.c.settled_at,
        deliveries.c.recipient,
        *_named(_PERSON, "person"),
    ).outerjoin(readers, readers.c.id == deliveries.c.reader_id)


def _mails(connection: Connection, statement: Select[Any]) -> list[Mail]:
    return [
        Mail(
            row.id,
            MailKind(row.kind),
            row.scenario,
            row.step,
            row.gate,
            DeliveryState(row.state),
            row.reason,
            row.due_at,
            row.settled_at,
            _person(row) if row.person_id else None,
            row.recipient,
        )
        for row in connection.execute(statement)
    ]
