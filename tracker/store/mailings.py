"""What became of the step mails settled in a period, step by step."""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, exists, func, select, type_coerce

from tracker.reports.mailings import Mailing
from tracker.store.among import among
from tracker.store.hits import answers, is_click
from tracker.store.tables import deliveries, stage_changes, verdicts
from tracker.words import DeliveryState, MailKind

WITHIN_MS = 14 * 86_400_000
_OUT = (DeliveryState.SENT, DeliveryState.BOUNCED, DeliveryState.UNCERTAIN)
_FIELDS = {
    DeliveryState.SENT: "delivered",
    DeliveryState.BOUNCED: "bounced",
    DeliveryState.UNCERTAIN: "uncertain",
}
Step = tuple[str, str]


def mailings(
    connection: Connection,
    since: datetime | None,
    until: datetime,
    now: datetime,
    who: Collection[str] | None = None,
) -> dict[Step, Mailing]:
    """By (scenario, step). ``who`` takes the mails to these readers."""
    chosen = _chosen(since, until)
    if who is not None:
        chosen.append(among(connection, deliveries.c.reader_id, who))
    found: defaultdict[Step, Counter[str]] = defaultdict(Counter)
    for scenario, step, state, count in connection.execute(
        select(deliveries.c.scenario, deliveries.c.step, deliveries.c.state, func.count())
        .where(*chosen, deliveries.c.state.in_(_OUT))
        .group_by(deliveries.c.scenario, deliveries.c.step, deliveries.c.state)
    ):
        found[scenario, step][_FIELDS[DeliveryState(state)]] += count
        found[scenario, step]["sent"] += count
    for scenario, step, count in _moved(connection, chosen, now):
        found[scenario, step]["moved"] += count
    for own, field, count in answers(connection, chosen):
        found[own][field] += count
    return {own: _mailing(own, counts) for own, counts in found.items()}


def mailed_people(connection: Connection, since: datetime, until: datetime) -> tuple[int, int]:
    """How many readers got a step mail in the period, and how many of them pressed a link of it."""
    chosen = _chosen(since, until)
    got = connection.execute(
        select(func.count(deliveries.c.reader_id.distinct())).where(
            *chosen, deliveries.c.state == DeliveryState.SENT
        )
    ).scalar_one()
    pressed = connection.execute(
        select(func.count(deliveries.c.reader_id.distinct()))
        .join(verdicts, verdicts.c.delivery_id == deliveries.c.id)
        .where(*chosen, is_click())
    ).scalar_one()
    return got, min(pressed, got)


def _mailing(own: Step, counts: Counter[str]) -> Mailing:
    figures: dict[str, Any] = dict(counts)
    return Mailing(*own, **figures)


def _chosen(since: datetime | None, until: datetime) -> list[ColumnElement[bool]]:
    found = [deliveries.c.kind == MailKind.STEP, deliveries.c.settled_at < until]
    if since is not None:
        found.append(deliveries.c.settled_at >= since)
    return found


def _moved(connection: Connection, chosen: list[ColumnElement[bool]], now: datetime) -> Any:
    """Mails whose reader came to a later stage within 14 days, where these are over."""
    settled = type_coerce(deliveries.c.settled_at, BigInteger)
    changed = type_coerce(stage_changes.c.at, BigInteger)
    moved = exists().where(
        stage_changes.c.reader_id == deliveries.c.reader_id,
        stage_changes.c.from_stage.is_not(None),
        changed >= settled,
        changed <= settled + WITHIN_MS,
    )
    return connection.execute(
        select(deliveries.c.scenario, deliveries.c.step, func.count())
        .where(
            *chosen,
            deliveries.c.state == DeliveryState.SENT,
            deliveries.c.settled_at <= now - timedelta(milliseconds=WITHIN_MS),
            moved,
        )
        .group_by(deliveries.c.scenario, deliveries.c.step)
    ).all()
