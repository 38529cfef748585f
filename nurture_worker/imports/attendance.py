"""Who came to a seminar, as the firm tells it afterwards: a fact of the log like any other."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from nurture_worker.tools import Tools
from tracker.inputs import InputError, read_address
from tracker.store import events
from tracker.store.engine import writing
from tracker.store.tables import events as log
from tracker.store.tables import readers
from tracker.words import EventKind, FormOf


class NoSuchSeminarError(Exception):
    """There is no such seminar, or it is not over; the message says so."""


@dataclass(frozen=True)
class Attendance:
    """``recorded`` are new, ``known`` were told before; ``unknown`` had no place at it."""

    recorded: int
    known: int
    unknown: list[str]


def record(tools: Tools, seminar_id: str, addresses: Iterable[str]) -> Attendance:
    """Note that those with ``addresses`` came. Telling it twice changes nothing.

    Raises ``NoSuchSeminarError``.
    """
    page = tools.catalogue.seminar_page(seminar_id)
    if page is None or page.seminar is None:
        raise NoSuchSeminarError(f"セミナー「{seminar_id}」はありません")
    if not page.seminar.is_over(tools.now()):
        raise NoSuchSeminarError(f"セミナー「{seminar_id}」はまだ終わっていません")
    gate = FormOf.SEMINAR.gate(seminar_id)
    rows, unknown = [], []
    with writing(tools.engine) as connection:
        events.alone(connection)
        for told in dict.fromkeys(line.strip() for line in addresses):
            if not told:
                continue
            try:
                address = read_address(told).normalised
            except InputError:
                unknown.append(told)
                continue
            reader_id = connection.execute(
                select(readers.c.id).where(
                    readers.c.email_normalised == address,
                    readers.c.id.in_(
                        select(log.c.reader_id).where(
                            log.c.kind == EventKind.SEMINAR_REGISTER, log.c.gate == gate
                        )
                    ),
                )
            ).scalar()
            if reader_id is None:
                unknown.append(told)
                continue
            rows.append(
                {
                    "id": f"attend:{seminar_id}:{reader_id}"[:100],
                    "at": page.seminar.ends,
                    "kind": EventKind.SEMINAR_ATTEND,
                    "reader_id": reader_id,
                    "gate": gate,
                }
            )
        fresh = len(events.append(connection, rows)) if rows else 0
    return Attendance(fresh, len(rows) - fresh, unknown)
