"""What readers bought, for the reports: plain rows, UTC in ms."""

from collections import defaultdict

from sqlalchemy import BigInteger, Connection, select, type_coerce

from tracker.store.tables import deals
from tracker.words import DealOutcome


def won(connection: Connection) -> dict[str, tuple[tuple[int, int], ...]]:
    """Each buyer's orders, the first first: when, and how many yen (0 where nobody told)."""
    rows = connection.execute(
        select(deals.c.reader_id, type_coerce(deals.c.closed_at, BigInteger), deals.c.amount)
        .where(deals.c.outcome == DealOutcome.WON)
        .order_by(deals.c.closed_at)
    ).all()
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for reader, at, amount in rows:
        found[reader].append((at, amount or 0))
    return {reader: tuple(own) for reader, own in found.items()}
