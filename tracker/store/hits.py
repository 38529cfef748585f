"""Hits on mails' links with what they are held for, counted and listed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, true

from tracker.store.tables import deliveries, events, verdicts
from tracker.words import EventKind, MailKind, Verdict

Signs = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class MailHits:
    """The hits on the mails of one step; on all mails of another kind where ``scenario`` is None.
    ``signs`` are those of the hits not held for a person's, by how many bear them."""

    kind: MailKind | None
    scenario: str | None
    step: str | None
    verdicts: Mapping[Verdict | None, int]
    signs: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.verdicts.values())


@dataclass(frozen=True)
class Listed:
    """One hit. ``verdict`` is None as long as it is not judged; ``reader_id`` is the public id."""

    at: datetime
    page: str | None
    scenario: str | None
    step: str | None
    reader_id: str | None
    verdict: Verdict | None
    total: float
    signs: Signs
    forwarded: Signs
    late: bool


def by_mail(connection: Connection, since: datetime | None, most_signs: int) -> list[MailHits]:
    """Per step mail and for all others, the hits since then. Signs are told of the newest
    ``most_signs`` that were not held for a person's."""
    counted: dict[tuple[str | None, ...], Counter[Verdict | None]] = {}
    mail = (deliveries.c.kind, deliveries.c.scenario, deliveries.c.step)
    for *key, verdict, count in connection.execute(
        _joined(select(*mail, verdicts.c.verdict, func.count()), since).group_by(
            *mail, verdicts.c.verdict
        )
    ):
        counted.setdefault(_mail(key), Counter())[_verdict(verdict)] += count
    signs: dict[tuple[str | None, ...], Counter[str]] = {}
    for *key, told in connection.execute(
        _joined(select(*mail, verdicts.c.signs), since)
        .where(verdicts.c.verdict != Verdict.HUMAN)
        .order_by(events.c.at.desc())
        .limit(most_signs)
    ):
        of_mail = signs.setdefault(_mail(key), Counter())
        of_mail.update(name for name, weight in told if weight > 0)
    return [
        MailHits(MailKind(kind) if kind else None, scenario, step, found, signs.get(key, Counter()))
        for key, found in counted.items()
        for kind, scenario, step in [key]
    ]


def times(connection: Connection, since: datetime | None) -> list[tuple[datetime, Verdict | None]]:
    """When each hit since then came and what it is held for, in order."""
    rows = connection.execute(
        _joined(select(events.c.at, verdicts.c.verdict), since).order_by(events.c.at)
    )
    return [(at, _verdict(verdict)) for at, verdict in rows]


def newest(
    connection: Connection, since: datetime | None, verdict: Verdict | None, most: int
) -> list[Listed]:
    """The newest ``most`` hits since then, of one verdict or of all."""
    asked = select(
        events.c.at,
        events.c.page,
        events.c.data,
        events.c.reader_id,
        deliveries.c.scenario,
        deliveries.c.step,
        verdicts.c.verdict,
        verdicts.c.total,
        verdicts.c.signs,
        verdicts.c.forwarded,
    )
    rows = connection.execute(
        _joined(asked, since)
        .where(true() if verdict is None else verdicts.c.verdict == verdict)
        .order_by(events.c.at.desc(), events.c.seq.desc())
        .limit(most)
    )
    return [
        Listed(
            at=row.at,
            page=row.page,
            scenario=row.scenario,
            step=row.step,
            reader_id=row.reader_id,
            verdict=_verdict(row.verdict),
            total=row.total or 0.0,
            signs=_signs(row.signs),
            forwarded=_signs(row.forwarded),
            late=bool((row.data or {}).get("late")),
        )
        for row in rows
    ]


def answers(
    connection: Connection, chosen: Sequence[ColumnElement[bool]]
) -> Iterator[tuple[tuple[str, str], str, int]]:
    """What the mails of these deliveries were answered with, step by step: ``clicked`` and
    ``unsubscribed`` by how many people, ``machine_hits`` and ``unsure_hits`` as hits."""
    step = (deliveries.c.scenario, deliveries.c.step)
    people = func.count(deliveries.c.reader_id.distinct())
    judged = connection.execute(
        select(*step, verdicts.c.verdict, people, func.count())
        .join(verdicts, verdicts.c.delivery_id == deliveries.c.id)
        .where(*chosen, or_(is_click(), verdicts.c.verdict != Verdict.HUMAN))
        .group_by(*step, verdicts.c.verdict)
    ).all()
    for scenario, name, verdict, clicked, hits in judged:
        if verdict == Verdict.HUMAN:
            yield (scenario, name), "clicked", clicked
        else:
            yield (scenario, name), f"{verdict}_hits", hits
    stopped = connection.execute(
        select(*step, people)
        .join(events, events.c.delivery_id == deliveries.c.id)
        .where(*chosen, events.c.kind == EventKind.MAIL_UNSUB)
        .group_by(*step)
    ).all()
    for scenario, name, unsubscribed in stopped:
        yield (scenario, name), "unsubscribed", unsubscribed


def is_click() -> ColumnElement[bool]:
    """``tracker.clicks.counts_as_click``, of a verdict."""
    return and_(verdicts.c.verdict == Verdict.HUMAN, ~verdicts.c.late)


def _joined(asked: Select[Any], since: datetime | None) -> Select[Any]:
    after: ColumnElement[bool] = true() if since is None else events.c.at >= since
    return (
        asked.select_from(events)
        .join(deliveries, deliveries.c.id == events.c.delivery_id)
        .outerjoin(verdicts, verdicts.c.event_id == events.c.id)
        .where(events.c.kind == EventKind.MAIL_CLICK, after)
    )


def _mail(key: Iterable[str | None]) -> tuple[str | None, ...]:
    kind, scenario, step = key
    return (kind, scenario, step) if kind == MailKind.STEP else (kind, None, None)


def _verdict(value: str | None) -> Verdict | None:
    return Verdict(value) if value else None


def _signs(value: Iterable[tuple[str, float]] | None) -> Signs:
    return tuple((name, weight) for name, weight in value or ())
