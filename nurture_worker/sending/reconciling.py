"""Uncertain mails settled by what is known of them: their links, a mail server's log, the outbox.
Never sent again by itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select

from nurture_worker.scenarios.planning import plan_steps
from nurture_worker.sending import mail_logs, outbox
from nurture_worker.tools import Tools
from tracker.store import deliveries, holds, outcomes, tables
from tracker.store.engine import reading, writing
from tracker.words import DeliveryState

_AT_ONCE = 500
_UNSETTLED = (DeliveryState.UNCERTAIN, DeliveryState.PLANNED, DeliveryState.SENDING)


@dataclass(frozen=True)
class Reconciled:
    """How many mails were settled as sent, by what; and those that are left to a person."""

    by_links: int
    by_log: int
    by_outbox: int
    left: list[deliveries.Delivery]


def reconcile(tools: Tools, log: Iterable[str] | None = None) -> Reconciled:
    """Settle what can be settled. After a restore what falls due is planned first, so that a mail
    the store has forgotten is known again by its Message-ID."""
    now = tools.now()
    with writing(tools.engine) as connection:
        held = holds.is_held(connection)
        by_links = outcomes.proven(connection)
    if held:
        plan_steps(tools)
    by_log = by_outbox = 0
    if log is not None:
        with reading(tools.engine) as connection:
            mine = set(
                connection.execute(
                    select(tables.deliveries.c.message_id).where(
                        tables.deliveries.c.state.in_(_UNSETTLED)
                    )
                ).scalars()
            )
        found = mail_logs.taken(log, mine)
        for some in _batches(found):
            with writing(tools.engine) as connection:
                by_log += outcomes.sent_by_message_ids(
                    connection, some, "in the mail server's log", now
                )
    for some in _batches(outbox.read(tools.settings.data)):
        with writing(tools.engine) as connection:
            by_outbox += outcomes.sent_by_message_ids(connection, some, "in the outbox", now)
    if held:
        plan_steps(tools)  # what comes after them
    with reading(tools.engine) as connection:
        left = outcomes.uncertain(connection, 10_000)
    return Reconciled(by_links, by_log, by_outbox, left)


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
