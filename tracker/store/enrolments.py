"""Readers on their way through scenarios."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, func, not_, or_, select, update

from tracker.store.deliveries import OPEN
from tracker.store.engine import insert_new
from tracker.store.tables import deliveries, enrolments, events, new_id, readers
from tracker.words import Arm, EndReason, EventKind, FormOf


@dataclass(frozen=True)
class Enrolment:
    """One reader on the way through one scenario; ``ended_at`` is None while under way.

    ``occasion`` is what it is about where a scenario may be gone through again; ``arm`` what the
    draw of the hold-out said, None where none was made.
    """

    id: str
    reader_id: str
    scenario: str
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    occasion: str = ""
    arm: Arm | None = None

    @property
    def held_out(self) -> bool:
        """Whether nothing is sent, so that the effect of sending can be told."""
        return self.arm is Arm.HELD_OUT


_COLUMNS = [enrolments.c[name] for name in Enrolment.__dataclass_fields__]


def enrol(
    connection: Connection,
    reader_id: str,
    scenario: str,
    now: datetime,
    *,
    occasion: str = "",
    arm: Arm | None = None,
) -> str | None:
    """Start a reader on a scenario; ``None`` if they were in it before, on that occasion."""
    row = {
        "reader_id": reader_id,
        "scenario": scenario,
        "started_at": now,
        "occasion": occasion,
        "arm": arm,
    }
    begun = enrol_all(connection, [row])
    return begun[0] if begun else None


def enrol_all(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Start those of ``rows`` that were not in that scenario on that occasion before; their ids."""
    fresh = insert_new(connection, enrolments, [{"id": new_id(), **row} for row in rows])
    return [str(row["id"]) for row in fresh]


def count(connection: Connection, scenario: str, most: int) -> int:
    """How many enrolments a scenario has had, counted up to ``most``."""
    some = select(enrolments.c.id).where(enrolments.c.scenario == scenario).limit(most).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def get(connection: Connection, enrolment_id: str) -> Enrolment | None:
    row = connection.execute(select(*_COLUMNS).where(enrolments.c.id == enrolment_id)).one_or_none()
    return _enrolment(row) if row else None


def get_each(connection: Connection, enrolment_ids: Collection[str]) -> dict[str, Enrolment]:
    """Several enrolments by their ids; unknown ones are left out."""
    rows = connection.execute(select(*_COLUMNS).where(enrolments.c.id.in_(enrolment_ids)))
    return {row.id: _enrolment(row) for row in rows}


def registered(connection: Connection, seminar_id: str, scenario: str, most: int) -> list[str]:
    """Up to ``most`` readers with a place at a seminar who agree to step mails and have not been in
    ``scenario`` on its occasion."""
    agreed = exists().where(
        readers.c.id == events.c.reader_id,
        readers.c.opted_in_at.is_not(None),
        readers.c.unsubscribed_at.is_(None),
        readers.c.suppressed_at.is_(None),
        readers.c.sunset_at.is_(None),
        readers.c.wants_step,
    )
    been = exists().where(
        enrolments.c.reader_id == events.c.reader_id,
        enrolments.c.scenario == scenario,
        enrolments.c.occasion == seminar_id,
    )
    found = connection.execute(
        select(events.c.reader_id)
        .where(
            events.c.kind == EventKind.SEMINAR_REGISTER,
            events.c.gate == FormOf.SEMINAR.gate(seminar_id),
            agreed,
            not_(been),
        )
        .distinct()
        .order_by(events.c.reader_id)
        .limit(most)
    ).scalars()
    return [reader_id for reader_id in found if reader_id]


def finish_held_out(
    connection: Connection, scenario: str, begun_before: datetime, reason: str, now: datetime
) -> int:
    """End the enrolments of held-out readers that would be over by now; how many."""
    return connection.execute(
        update(enrolments)
        .where(
            enrolments.c.scenario == scenario,
            enrolments.c.arm == Arm.HELD_OUT,
            enrolments.c.ended_at.is_(None),
            enrolments.c.started_at <= begun_before,
        )
        .values(ended_at=now, end_reason=reason)
    ).rowcount


def end(connection: Connection, enrolment_id: str, reason: str, now: datetime) -> bool:
    """End an enrolment under way. False if it had ended."""
    ended = connection.execute(
        update(enrolments)
        .where(enrolments.c.id == enrolment_id, enrolments.c.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
    )
    return ended.rowcount == 1


def end_all(
    connection: Connection, endings: Sequence[tuple[str, EndReason]], now: datetime
) -> None:
    """End these enrolments, each for its reason, where they are under way."""
    if endings:
        connection.execute(
            update(enrolments)
            .where(enrolments.c.id == bindparam("of_id"), enrolments.c.ended_at.is_(None))
            .values(ended_at=now, end_reason=bindparam("reason")),
            [{"of_id": one, "reason": reason} for one, reason in endings],
        )


def under_way(connection: Connection, reader_id: str) -> list[Enrolment]:
    """A reader's enrolments that have not ended."""
    rows = connection.execute(
        select(*_COLUMNS).where(
            enrolments.c.reader_id == reader_id, enrolments.c.ended_at.is_(None)
        )
    )
    return [_enrolment(row) for row in rows.all()]


def ways_of(connection: Connection, reader_ids: Collection[str]) -> dict[str, list[Enrolment]]:
    """All enrolments of each of these readers, ended or not."""
    found: dict[str, list[Enrolment]] = {reader_id: [] for reader_id in reader_ids}
    rows = connection.execute(select(*_COLUMNS).where(enrolments.c.reader_id.in_(reader_ids)))
    for row in rows:
        found[row.reader_id].append(_enrolment(row))
    return found


def waiting(
    connection: Connection, after: str, most: int, newsletters: Collection[str] = ()
) -> list[Enrolment]:
    """Up to ``most`` enrolments under way, of readers who want such mails, that have no mail
    planned or in hand, by id behind ``after``: for each the next step is to be decided.

    Those in the scenarios ``newsletters`` want the newsletter, all others step mails. Who is held
    out waits for nothing.
    """
    of_newsletter = enrolments.c.scenario.in_(newsletters)
    has_open = exists().where(
        deliveries.c.enrolment_id == enrolments.c.id, deliveries.c.state.in_(OPEN)
    )
    wanted = exists().where(
        readers.c.id == enrolments.c.reader_id,
        or_(
            and_(of_newsletter, readers.c.wants_newsletter),
            and_(not_(of_newsletter), readers.c.wants_step),
        ),
        readers.c.suppressed_at.is_(None),
    )
    mailed = or_(enrolments.c.arm.is_(None), enrolments.c.arm != Arm.HELD_OUT)
    rows = connection.execute(
        select(*_COLUMNS)
        .where(
            enrolments.c.ended_at.is_(None),
            enrolments.c.id > after,
            not_(has_open),
            wanted,
            mailed,
        )
        .order_by(enrolments.c.id)
        .limit(most)
    )
    return [_enrolment(row) for row in rows.all()]


def _enrolment(row: Sequence[Any]) -> Enrolment:
    one, reader_id, scenario, started_at, ended_at, reason, occasion, arm = row
    held = Arm(arm) if arm else None
    return Enrolment(one, reader_id, scenario, started_at, ended_at, reason, occasion, held)
