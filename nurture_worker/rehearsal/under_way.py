"""The readers now in a scenario, as the store knows them."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.engine import make_url

from nurture_worker.rehearsal.effects import UnderWay
from nurture_worker.scenarios.steps import Taken
from tracker.store.deliveries import OPEN
from tracker.store.engine import check_version, open_store, reading
from tracker.store.tables import deliveries, enrolments
from tracker.words import Arm, DeliveryState, MailKind, SkipReason


def readers_under_way(store_url: str) -> list[UnderWay] | None:
    """All enrolments that have not ended and in which mails are sent; ``None`` where there is no store yet.

    Changes nothing. Raises ``StoreError`` for a store that cannot be read.
    """
    url = make_url(store_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return None
    check_version(store_url)
    engine = open_store(store_url)
    try:
        with reading(engine) as connection:
            rows = connection.execute(
                select(
                    enrolments.c.id,
                    enrolments.c.scenario,
                    enrolments.c.started_at,
                    deliveries.c.step,
                    deliveries.c.state,
                    deliveries.c.reason,
                    deliveries.c.due_at,
                    deliveries.c.settled_at,
                )
                .select_from(
                    enrolments.outerjoin(
                        deliveries,
                        (deliveries.c.enrolment_id == enrolments.c.id)
                        & (deliveries.c.kind == MailKind.STEP),
                    )
                )
                .where(
                    enrolments.c.ended_at.is_(None),
                    or_(enrolments.c.arm.is_(None), enrolments.c.arm != Arm.HELD_OUT),
                )
                .order_by(enrolments.c.id, deliveries.c.due_at)
            ).all()
    finally:
        engine.dispose()
    begun: dict[str, tuple[str, datetime]] = {}
    taken: dict[str, list[Taken]] = {}
    planned: dict[str, Taken] = {}
    for row in rows:
        begun[row.id] = (row.scenario, row.started_at)
        if row.step and row.state in OPEN:
            planned[row.id] = Taken(row.step, row.due_at)
        elif row.step:
            unsent = (DeliveryState.SKIPPED, DeliveryState.CANCELLED)
            taken.setdefault(row.id, []).append(
                Taken(
                    row.step,
                    row.settled_at or row.due_at,
                    passed=row.reason == SkipReason.CONDITION,
                    mailed=row.state not in unsent,
                )
            )
    return [
        UnderWay(scenario, started_at, tuple(taken.get(id_, ())), planned.get(id_))
        for id_, (scenario, started_at) in begun.items()
    ]
