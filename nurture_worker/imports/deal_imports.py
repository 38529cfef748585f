"""Deals from a file into the store: the same file twice changes nothing."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from nurture_worker.imports import deal_files
from nurture_worker.imports.deal_files import Bad, Told
from nurture_worker.imports.spreadsheets import read_table
from nurture_worker.tools import Tools
from tracker.store import audit, deals, dossier, events
from tracker.store.deals import Came, Deal
from tracker.store.engine import writing
from tracker.wake import Job, wake
from tracker.words import Act, DealOutcome, DealSource

BATCH = 200


@dataclass
class Imported:
    """What became of a file. ``won`` is the sum of the new and changed deals won, in yen."""

    came: Counter[Came] = field(default_factory=Counter)
    won: int = 0
    still_open: int = 0
    bad: list[Bad] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    encoding: str = ""


class _LeaveError(Exception):
    """Ends the transaction of a dry run."""


def import_deals(
    tools: Tools,
    raw: bytes,
    mapping: Mapping[str, str],
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Imported:
    """Take the deals of a file in, or (``dry_run``) only say what would become of them.

    Raises ``TableError`` for a file that is none. Rows about nobody we know are bad.
    """
    table = read_table(raw, deal_files.COLUMNS, mapping)
    told, bad, still_open = deal_files.judge(table.rows, tools.settings.zone, tools.now())
    found = Imported(still_open=still_open, bad=bad, columns=table.found, encoding=table.encoding)
    for begin in range(0, len(told), BATCH):
        try:
            with writing(tools.engine) as connection:
                events.alone(connection)
                for one in told[begin : begin + BATCH]:
                    _take(tools, connection, one, found)
                if dry_run:
                    raise _LeaveError
        except _LeaveError:
            pass
        progress(min(begin + BATCH, len(told)), len(told))
    found.bad.sort(key=lambda b: b.line)
    if not dry_run:
        with writing(tools.engine) as connection:
            audit.record(
                connection,
                tools.now(),
                audit.shell(),
                Act.DEALS_IMPORTED,
                new=found.came[Came.NEW],
                changed=found.came[Came.CHANGED],
                bad=len(found.bad),
            )
        wake(tools.redis, Job.DIGEST)
    return found


def _take(tools: Tools, connection: Connection, one: Told, found: Imported) -> None:
    reader_id = dossier.find(connection, one.address)
    if reader_id is None:
        found.bad.append(Bad(one.line, "このアドレスの読者はいません"))
        return
    came = deals.record(
        connection,
        Deal(
            key=one.key,
            reader_id=reader_id,
            outcome=one.outcome,
            closed_at=one.closed_at,
            source=DealSource.FILE,
            amount=one.amount,
            reason=one.reason,
            note=one.note,
        ),
        now=tools.now(),
        quiet=timedelta(days=tools.catalogue.firm.sending.quiet_days),
        author=audit.shell(),
    )
    found.came[came] += 1
    if came is not Came.KNOWN and one.outcome is DealOutcome.WON:
        found.won += one.amount or 0
