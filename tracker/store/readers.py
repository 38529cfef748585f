"""Readers with a name: who they are, what they agreed to, which visitor they were."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, insert, not_, or_, select, update

from tracker.bounces import Suppression
from tracker.store import suppressions
from tracker.store.engine import insert_new
from tracker.store.tables import (
    consents,
    deals,
    deliveries,
    enrolments,
    inquiries,
    new_id,
    readers,
    visitors,
    wordings,
)
from tracker.words import DealOutcome, Stage, SuppressedFor, Topic


@dataclass(frozen=True)
class Reader:
    """A known reader. ``score`` is as of the last digest; ``concluded`` counts how often what is
    concluded of them changed."""

    id: str
    email: str | None
    name: str | None
    company: str | None
    created_at: datetime
    confirmed_at: datetime | None
    opted_in_at: datetime | None
    unsubscribed_at: datetime | None
    stage: Stage | None
    stage_since: datetime | None
    score: float
    inquired_at: datetime | None
    wants_step: bool
    wants_seminar: bool
    wants_newsletter: bool
    paused_at: datetime | None
    paused_until: datetime | None
    suppressed_at: datetime | None = None
    suppressed_for: SuppressedFor | None = None
    acted_at: datetime | None = None
    sunset_at: datetime | None = None
    concluded: int = 0

    @property
    def agrees_to_mail(self) -> bool:
        """Whether mail they did not order may go out: agreed, confirmed, and not taken back,
        to an address that takes it."""
        return (
            self.email is not None
            and self.suppressed_at is None
            and self.confirmed_at is not None
            and self.opted_in_at is not None
            and self.unsubscribed_at is None
        )

    @property
    def may_be_mailed(self) -> bool:
        """Whether step mails may go out; a pause only puts them off."""
        return self.agrees_to_mail and self.wants_step and self.sunset_at is None

    @property
    def wants(self) -> frozenset[Topic]:
        """The kinds of mail they have switched on."""
        switches = {
            Topic.STEP: self.wants_step,
            Topic.SEMINAR: self.wants_seminar,
            Topic.NEWSLETTER: self.wants_newsletter,
        }
        return frozenset(topic for topic, on in switches.items() if on)


def identify(connection: Connection, person: dict[str, Any], at: datetime) -> str:
    """The id of the reader with this address, made where there is none.

    An unconfirmed reader takes the newest name and company; a confirmed one keeps theirs, since
    anybody can type anybody's address into a form.
    """
    own = {
        "email": person["email"],
        "name": person.get("name"),
        "company": person.get("company"),
    }
    row = {"id": new_id(), "email_normalised": person["email_normalised"], "created_at": at, **own}
    held = suppressions.held(connection, person["email_normalised"])
    if held is not None:
        row |= held_against(held)
    if insert_new(connection, readers, [row]):
        return str(row["id"])
    known = connection.execute(
        select(readers.c.id, readers.c.confirmed_at).where(
            readers.c.email_normalised == person["email_normalised"]
        )
    ).one()
    if known.confirmed_at is None:
        told = {column: value for column, value in own.items() if value}
        connection.execute(update(readers).where(readers.c.id == known.id).values(told))
    return str(known.id)


def held_against(held: Suppression) -> dict[str, Any]:
    """What a reader starts with whose address is suppressed since before they came."""
    if held.reason is SuppressedFor.UNSUBSCRIBED:
        return {"unsubscribed_at": held.since}
    own = {"suppressed_at": held.since, "suppressed_for": held.reason}
    if held.reason is SuppressedFor.COMPLAINT:
        own["unsubscribed_at"] = held.since
    return own


def address_of(connection: Connection, reader_id: str) -> str | None:
    """A reader's normalised address; ``None`` where it was erased."""
    return connection.execute(
        select(readers.c.email_normalised).where(readers.c.id == reader_id)
    ).scalar()


def agree(
    connection: Connection,
    *,
    event_id: str,
    reader_id: str,
    at: datetime,
    wording: dict[str, str],
    method: str,
    network: str | None,
) -> None:
    """Keep that this reader ticked the box beside this wording."""
    if not connection.execute(
        select(exists().where(wordings.c.hash == wording["hash"]))
    ).scalar_one():
        connection.execute(insert(wordings).values(first_shown=at, **wording))
    connection.execute(
        insert(consents).values(
            event_id=event_id,
            reader_id=reader_id,
            at=at,
            wording=wording["hash"],
            method=method,
            network=network,
        )
    )


def confirm(
    connection: Connection,
    reader_id: str,
    by_event: str | None,
    at: datetime,
    topics: Collection[Topic] = (Topic.STEP, Topic.SEMINAR),
) -> None:
    """The address is theirs. They are opted in to ``topics`` if they ticked the box in the form
    ``by_event``; a tick older than their last opt-out lifts nothing. What they had agreed to
    before, they keep."""
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id, readers.c.confirmed_at.is_(None))
        .values(confirmed_at=at)
    )
    ticked = connection.execute(
        select(consents.c.at).where(
            consents.c.event_id == by_event, consents.c.reader_id == reader_id
        )
    ).scalar()
    if ticked is None:
        return
    known = get(connection, reader_id)
    assert known is not None
    if known.unsubscribed_at is not None and known.unsubscribed_at >= ticked:
        return
    before = known.wants if known.agrees_to_mail else known.wants & {Topic.SEMINAR}
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id)
        .values(opted_in_at=at, unsubscribed_at=None, **_switches(before | set(topics)))
    )


def is_out(connection: Connection, reader_id: str | None) -> bool:
    """Whether this reader has opted out, and not in again since."""
    return connection.execute(
        select(exists().where(readers.c.id == reader_id, readers.c.unsubscribed_at.is_not(None)))
    ).scalar_one()


def opt_out(connection: Connection, reader_id: str, at: datetime) -> None:
    """No mail any more but what they order themselves; a reminder is none of these."""
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id, readers.c.unsubscribed_at.is_(None))
        .values(unsubscribed_at=at, **_switches(()))
    )


def switch(connection: Connection, reader_id: str, topics: Collection[Topic]) -> None:
    """From now on they want ``topics`` and no others."""
    connection.execute(update(readers).where(readers.c.id == reader_id).values(**_switches(topics)))


def take_place(connection: Connection, reader_id: str) -> None:
    """Who takes a place at a seminar is told of it, whatever they had switched off before."""
    connection.execute(update(readers).where(readers.c.id == reader_id).values(wants_seminar=True))


def pause(connection: Connection, reader_id: str, at: datetime, until: datetime) -> None:
    """No step mails from ``at`` to ``until``; ``until=at`` ends a pause. What is under way keeps
    when it began."""
    known = get(connection, reader_id)
    if known is None:
        return
    under_way = known.paused_until is not None and known.paused_until > at
    if until <= at and not under_way:
        return
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id)
        .values(paused_at=known.paused_at if under_way else at, paused_until=until)
    )


def _switches(topics: Collection[Topic]) -> dict[str, bool]:
    return {f"wants_{topic}": topic in topics for topic in Topic}


def inquire(
    connection: Connection, *, event_id: str, reader_id: str, at: datetime, message: str
) -> None:
    """Keep an inquiry, and when its reader first made one."""
    connection.execute(
        insert(inquiries).values(event_id=event_id, reader_id=reader_id, at=at, message=message)
    )
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id, readers.c.inquired_at.is_(None))
        .values(inquired_at=at)
    )


def join_visitor(connection: Connection, visitor: str, reader_id: str, at: datetime) -> None:
    """What this visitor did is this reader's, unless the visitor is another reader already: two
    people at one browser stay two."""
    row = {"visitor": visitor, "reader_id": reader_id, "since": at}
    insert_new(connection, visitors, [row])


def is_visitor(connection: Connection, visitor: str, reader_id: str) -> bool:
    """Whether this visitor is known to be this reader."""
    return connection.execute(
        select(exists().where(visitors.c.visitor == visitor, visitors.c.reader_id == reader_id))
    ).scalar_one()


def is_another(connection: Connection, visitor: str, reader_id: str) -> bool:
    """Whether this visitor is known to be another reader."""
    return connection.execute(
        select(exists().where(visitors.c.visitor == visitor, visitors.c.reader_id != reader_id))
    ).scalar_one()


def of_delivery(connection: Connection, delivery_id: str) -> tuple[str | None, str | None] | None:
    """The reader a delivery went to and the event it answered; ``None`` for no such delivery."""
    row = connection.execute(
        select(deliveries.c.reader_id, deliveries.c.event_id).where(deliveries.c.id == delivery_id)
    ).one_or_none()
    return (row.reader_id, row.event_id) if row else None


def of_address(connection: Connection, email_normalised: str) -> str | None:
    """The id of the reader with that address."""
    return connection.execute(
        select(readers.c.id).where(readers.c.email_normalised == email_normalised)
    ).scalar()


def confirmed(connection: Connection, email_normalised: str) -> str | None:
    """The id of the reader who has confirmed that address."""
    return connection.execute(
        select(readers.c.id).where(
            readers.c.email_normalised == email_normalised, readers.c.confirmed_at.is_not(None)
        )
    ).scalar()


def of_deliveries(connection: Connection, delivery_ids: Collection[str]) -> dict[str, str]:
    """The readers these deliveries went to, by delivery; unknown deliveries are left out."""
    if not delivery_ids:
        return {}
    rows = connection.execute(
        select(deliveries.c.id, deliveries.c.reader_id).where(deliveries.c.id.in_(delivery_ids))
    )
    return {row.id: row.reader_id for row in rows if row.reader_id}


def get(connection: Connection, reader_id: str) -> Reader | None:
    row = connection.execute(select(*_COLUMNS).where(readers.c.id == reader_id)).one_or_none()
    return _reader(row._mapping) if row else None


def all_of(connection: Connection, reader_ids: Collection[str]) -> dict[str, Reader]:
    """These readers by id, in order of their ids. Who is unknown is left out."""
    return _all_of(connection, _of_ids(reader_ids))


def held_all(connection: Connection, reader_ids: Collection[str]) -> dict[str, Reader]:
    """As ``all_of``; whoever else decides on them is held up until this transaction ends."""
    return _all_of(connection, _of_ids(reader_ids).with_for_update())


def _of_ids(reader_ids: Collection[str]) -> Select[Any]:
    return select(*_COLUMNS).where(readers.c.id.in_(reader_ids)).order_by(readers.c.id)


def _all_of(connection: Connection, statement: Select[Any]) -> dict[str, Reader]:
    return {row.id: _reader(row._mapping) for row in connection.execute(statement)}


_COLUMNS = [readers.c[name] for name in Reader.__dataclass_fields__]


def _reader(row: Any) -> Reader:
    values = dict(row)
    values["stage"] = Stage(values["stage"]) if values["stage"] else None
    held = values["suppressed_for"]
    return Reader(**{**values, "suppressed_for": SuppressedFor(held) if held else None})


def hold_each(connection: Connection, reader_ids: Collection[str]) -> None:
    """As ``hold``, several readers, always in the same order."""
    if connection.dialect.name == "postgresql" and reader_ids:
        connection.execute(
            select(readers.c.id)
            .where(readers.c.id.in_(reader_ids))
            .order_by(readers.c.id)
            .with_for_update()
        )


def hold(connection: Connection, reader_id: str) -> None:
    """Hold up whoever else decides on mails to this reader, until this transaction ends."""
    connection.execute(select(readers.c.id).where(readers.c.id == reader_id).with_for_update())


def sunset(connection: Connection, reader_id: str, at: datetime) -> None:
    """No mail that they did not order goes out any more, until they do something again."""
    connection.execute(update(readers).where(readers.c.id == reader_id).values(sunset_at=at))


def idle(
    connection: Connection,
    scenario: str,
    since: datetime,
    now: datetime,
    inquired_before: datetime,
    most: int,
) -> list[str]:
    """Ids of up to ``most`` readers who did nothing since ``since``, may be mailed, have a stage, have
    neither inquired nor had a deal end since ``inquired_before``, did not buy, are in no scenario and have not been in ``scenario`` since
    they last did something."""
    free = not_(
        exists().where(
            enrolments.c.reader_id == readers.c.id,
            or_(
                enrolments.c.ended_at.is_(None),
                (enrolments.c.scenario == scenario)
                & (enrolments.c.started_at >= readers.c.acted_at),
            ),
        )
    )
    quiet = exists().where(inquiries.c.reader_id == readers.c.id, inquiries.c.at > inquired_before)
    dealt = exists().where(
        deals.c.reader_id == readers.c.id,
        or_(deals.c.outcome == DealOutcome.WON, deals.c.ends_at > inquired_before),
    )
    return list(
        connection.execute(
            select(readers.c.id)
            .where(
                readers.c.acted_at <= since,
                readers.c.opted_in_at.is_not(None),
                readers.c.unsubscribed_at.is_(None),
                readers.c.suppressed_at.is_(None),
                readers.c.sunset_at.is_(None),
                readers.c.email.is_not(None),
                readers.c.stage.is_not(None),
                readers.c.wants_step,
                or_(readers.c.paused_until.is_(None), readers.c.paused_until <= now),
                free,
                not_(quiet),
                not_(dealt),
            )
            .order_by(readers.c.acted_at)
            .limit(most)
        ).scalars()
    )


def pauses(
    connection: Connection, reader_ids: Collection[str]
) -> dict[str, tuple[datetime, datetime]]:
    """Since when and until when those of these readers rest, or rested, who ever did."""
    rows = connection.execute(
        select(readers.c.id, readers.c.paused_at, readers.c.paused_until).where(
            readers.c.id.in_(reader_ids), readers.c.paused_until.is_not(None)
        )
    )
    return {row.id: (row.paused_at, row.paused_until) for row in rows if row.paused_at}
