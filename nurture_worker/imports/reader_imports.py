"""Existing lists into the store: the same file twice changes nothing."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nurture_worker.imports import reader_files
from nurture_worker.imports.deal_files import Bad
from nurture_worker.imports.reader_files import Given, Person
from nurture_worker.imports.spreadsheets import read_table
from nurture_worker.tools import Tools
from tracker.store import audit, events, lists
from tracker.store.engine import writing
from tracker.store.lists import Became, Listed, Proof
from tracker.wake import Job, wake
from tracker.words import Act

BATCH = 500


@dataclass
class Imported:
    """What became of a list. ``merged`` rows were of somebody who stood above."""

    became: Counter[Became] = field(default_factory=Counter)
    merged: int = 0
    bad: list[Bad] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    encoding: str = ""


class _LeaveError(Exception):
    """Ends the transaction of a dry run."""


def import_readers(
    tools: Tools,
    raw: bytes,
    mapping: Mapping[str, str],
    given: Given,
    *,
    without_consent: bool = False,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Imported:
    """Take the people of a list in, or (``dry_run``) only say what would become of them.

    Raises ``TableError`` for a file that is none.
    """
    table = read_table(raw, reader_files.COLUMNS, mapping)
    judged = reader_files.judge(
        table.rows, given, tools.settings.zone, tools.now(), without_consent=without_consent
    )
    found = Imported(
        merged=judged.merged, bad=judged.bad, columns=table.found, encoding=table.encoding
    )
    people = judged.people
    for begin in range(0, len(people), BATCH):
        some = people[begin : begin + BATCH]
        try:
            with writing(tools.engine) as connection:
                events.alone(connection)
                became = lists.take(connection, [_listed(one) for one in some], tools.now())
                found.became.update(became)
                if dry_run:
                    raise _LeaveError
        except _LeaveError:
            pass
        progress(min(begin + BATCH, len(people)), len(people))
    if not dry_run:
        with writing(tools.engine) as connection:
            audit.record(
                connection,
                tools.now(),
                audit.shell(),
                Act.READERS_IMPORTED,
                bad=len(found.bad),
                became={one.name.lower(): number for one, number in found.became.items()},
            )
        wake(tools.redis, Job.DIGEST)
    return found


def _listed(one: Person) -> Listed:
    proof = None
    if one.evidence is not None:
        proof = Proof(one.evidence.wording, one.evidence.at, one.evidence.method)
    return Listed(one.email, one.address, one.name, one.company, proof)
