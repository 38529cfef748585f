"""Brings readers into the scenarios they belong in, and out of the others."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from nurture_worker.scenarios.entering import (
    AFTER_A_SEMINAR,
    Place,
    Standing,
    leaves,
    leaves_newsletter,
    places,
)
from nurture_worker.scenarios.holdout import draw
from nurture_worker.scenarios.planning import calendar_of
from nurture_worker.tools import Tools
from tracker.events import Event
from tracker.store import deals, deliveries, enrolments
from tracker.store.deals import Dealt
from tracker.store.enrolments import Enrolment
from tracker.store.readers import Reader
from tracker.words import Arm, EndReason, EventKind, FormOf, MailKind, Topic

ASKED = frozenset({EventKind.INQUIRY, EventKind.SEMINAR_REGISTER})
"""The kinds of events that a reader's scenarios depend on, beside the stage."""


def place(
    tools: Tools,
    connection: Connection,
    readers: Sequence[tuple[Reader, Sequence[Event]]],
    now: datetime,
) -> None:
    """Each by what the log says of them, and what they agreed to."""
    ids = [reader.id for reader, _ in readers]
    ways = enrolments.ways_of(connection, ids)
    dealt = deals.standing(connection, ids)
    moves = _Moves()
    for reader, done in readers:
        _place(tools, connection, reader, done, ways[reader.id], dealt[reader.id], now, moves)
    enrolments.end_all(connection, moves.ended, now)
    deliveries.cancel_ways(connection, moves.cancelled, now)
    enrolments.enrol_all(connection, moves.begun)


@dataclass
class _Moves:
    """What is to be written of the readers' ways: enrolments that end, and why; readers, scenarios
    and why their planned mails are cancelled; rows of enrolments that begin."""

    ended: list[tuple[str, EndReason]] = field(default_factory=list)
    cancelled: list[tuple[str, str, EndReason]] = field(default_factory=list)
    begun: list[dict[str, Any]] = field(default_factory=list)

    def begun_in(self, scenario: str) -> int:
        return sum(row["scenario"] == scenario for row in self.begun)


def _place(
    tools: Tools,
    connection: Connection,
    reader: Reader,
    done: Sequence[Event],
    ways: Sequence[Enrolment],
    dealt: Dealt,
    now: datetime,
    moves: _Moves,
) -> None:
    standing = _standing(tools, reader, done, dealt, now)
    if reader.suppressed_at is not None and standing.over:
        deliveries.cancel_suppressed(
            connection, reader.id, standing.over, reader.suppressed_at, now
        )
    free = True
    for enrolment in ways:
        if enrolment.ended_at is not None:
            continue
        scenario = tools.catalogue.scenario(enrolment.scenario)
        reason = standing.over
        if scenario is not None:
            reason = leaves(scenario, enrolment.started_at, standing)
        if reason:
            moves.ended.append((enrolment.id, reason))
            moves.cancelled.append((reader.id, enrolment.scenario, reason))
            continue
        free = False
        if (scenario.topic if scenario else Topic.STEP) not in reader.wants:
            moves.cancelled.append((reader.id, enrolment.scenario, EndReason.PREFERENCES))
    if not reader.wants_seminar:
        reason = standing.over or EndReason.PREFERENCES
        deliveries.cancel_open(connection, reason, now, reader_id=reader.id, kind=MailKind.REMINDER)
    standing = replace(standing, free=free)
    quiet_days = tools.catalogue.firm.sending.quiet_days
    been = {(way.scenario, way.occasion) for way in ways}
    if reason := leaves_newsletter(standing, now, tools.day, quiet_days):
        deliveries.cancel_open(
            connection, reason, now, reader_id=reader.id, kind=MailKind.NEWSLETTER
        )
    for one in places(tools.catalogue.scenarios, standing, now, tools.day, quiet_days):
        if (one.scenario.id, one.occasion) not in been:
            moves.begun.append(
                {
                    "reader_id": reader.id,
                    "scenario": one.scenario.id,
                    "started_at": now,
                    "occasion": one.occasion,
                    "arm": _arm(tools, connection, reader, one, moves),
                }
            )


def _standing(
    tools: Tools, reader: Reader, done: Sequence[Event], dealt: Dealt, now: datetime
) -> Standing:
    over: EndReason | None = None
    if reader.suppressed_at is not None and reader.suppressed_for is not None:
        over = reader.suppressed_for.end_reason
    elif reader.unsubscribed_at is not None:
        over = EndReason.UNSUBSCRIBED
    elif reader.sunset_at is not None:
        over = EndReason.SUNSET
    inquired = [event.at for event in done if event.kind is EventKind.INQUIRY]
    return Standing(
        stage=reader.stage,
        agrees=reader.agrees_to_mail,
        wants=reader.wants,
        acted_at=reader.acted_at or reader.created_at,
        inquired_at=max(inquired, default=reader.inquired_at),
        over=over,
        paused=reader.paused_until is not None and reader.paused_until > now,
        seminars=tuple(_seminars(tools, done, now)),
        dealt_at=dealt.up_to,
        customer=dealt.customer,
    )


def _seminars(tools: Tools, done: Sequence[Event], now: datetime) -> list[str]:
    """Those they had a place at and that ended not long ago."""
    ids = [
        FormOf.SEMINAR.id_in(event.gate)
        for event in done
        if event.kind is EventKind.SEMINAR_REGISTER
    ]
    return [one for one in dict.fromkeys(ids) if one and has_just_ended(tools, one, now)]


def has_just_ended(tools: Tools, seminar_id: str, now: datetime) -> bool:
    """Whether a seminar is over, and not for too long to thank for it."""
    page = tools.catalogue.seminar_page(seminar_id)
    if page is None or page.seminar is None:
        return False
    return page.seminar.ends <= now < page.seminar.ends + AFTER_A_SEMINAR


def _arm(
    tools: Tools, connection: Connection, reader: Reader, one: Place, moves: _Moves
) -> Arm | None:
    """What the draw says; ``None`` where none is made: in development and where a scenario's day
    is not a day, so that nobody who tries the house waits in vain, and for the first readers."""
    scenario = one.scenario
    measured = tools.settings.production or tools.settings.demo
    if not (scenario.hold_out and measured and calendar_of(tools).is_real):
        return None
    first = scenario.hold_out_after
    if enrolments.count(connection, scenario.id, first) + moves.begun_in(scenario.id) < first:
        return None
    return draw(reader.id, scenario.id, scenario.hold_out, scenario.draw)
