"""The diagnosis made of the event log, and kept."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from nurture_worker.reporting.beyond import beyond, mails
from nurture_worker.scenarios.schedule import every
from nurture_worker.tools import Tools
from tracker.catalogue import Catalogue
from tracker.counts import Counts
from tracker.diagnosis import DiagnosisReport, Repaired
from tracker.store import diagnoses, events, repairs
from tracker.store.engine import reading, writing
from tracker.store.reading import counts

if TYPE_CHECKING:
    from nurture_worker.diagnosis.structure import Site

MONTH = timedelta(days=30)
QUARTER = timedelta(days=90)
FEW_SESSIONS = 10_000
"""Below so many visits in a month a month says too little, and three are taken together."""
DIAGNOSES_A_DAY = 24
MOST_REPAIRS = 6
"""Of so many repairs, the newest, before and after are compared."""


def refresh(tools: Tools) -> bool:
    """Make the diagnosis anew when there are new events and the last one is an hour old."""
    with reading(tools.engine) as connection:
        last = diagnoses.newest(connection)
        newest = events.last_seq(connection)
    if newest == 0:
        return False
    if last is not None and (
        last.up_to_seq >= newest or tools.now() - last.made_at < every(tools.day, DIAGNOSES_A_DAY)
    ):
        return False
    make(tools)
    return True


def make(tools: Tools) -> DiagnosisReport:
    """Make the diagnosis of the last 30 days, or of 90 where few read, and keep it."""
    now = tools.now()
    with reading(tools.engine) as connection:
        place = events.last_seq(connection)
        report = of_period(connection, tools.catalogue, now - MONTH, now)
        if report.sessions < FEW_SESSIONS:
            report = of_period(connection, tools.catalogue, now - QUARTER, now)
        repaired = _repaired(connection, tools.catalogue, now)
    report = report.model_copy(update={"repaired": tuple(repaired)})
    with writing(tools.engine) as connection:
        diagnoses.save(connection, report, made_at=now, up_to_seq=place)
    return report


def of_period(
    connection: Connection, catalogue: Catalogue, since: datetime, until: datetime
) -> DiagnosisReport:
    """The diagnosis of the event log from ``since`` to before ``until``."""
    # Arithmetic that only a diagnosis needs; the worker's other jobs go without it.
    from nurture_worker.diagnosis.report import diagnose
    from nurture_worker.diagnosis.structure import structures

    site = structures(catalogue)
    counted = _counts(connection, catalogue, site, since, until)
    known = beyond(connection, catalogue, since, until)
    return diagnose(counted, site, since, until, known)


def _counts(
    connection: Connection, catalogue: Catalogue, site: "Site", since: datetime, until: datetime
) -> Counts:
    targets = {cta.id: cta.target for page in site.pages for cta in page.ctas}
    return counts(connection, since, until, targets, catalogue.moved)


def _repaired(connection: Connection, catalogue: Catalogue, now: datetime) -> list[Repaired]:
    """The repairs of the last three months, with what became of them."""
    from nurture_worker.diagnosis.figures import Figures
    from nurture_worker.diagnosis.repairs import FEWEST_DAYS, compare
    from nurture_worker.diagnosis.structure import structures

    site = structures(catalogue)

    def figures(begin: datetime, end: datetime) -> Figures:
        counted = _counts(connection, catalogue, site, begin, end)
        return Figures(counted, site, mails(connection, begin, end))

    told = []
    done: dict[datetime, tuple[Figures, Figures | None]] = {}
    for repair in repairs.since(connection, now - QUARTER, catalogue.moved)[:MOST_REPAIRS]:
        days = min(MONTH, now - repair.at).days
        if repair.at not in done:
            after = None
            if days >= FEWEST_DAYS:
                after = figures(repair.at, min(now, repair.at + MONTH))
            done[repair.at] = figures(repair.at - MONTH, repair.at), after
        told.append(compare(repair.kind, repair.place, repair.at, days, *done[repair.at]))
    return told
