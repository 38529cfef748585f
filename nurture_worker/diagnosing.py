"""The diagnosis made of the event log and kept: reads counts, asks the pure part, stores."""

from datetime import timedelta

from nurture_worker.diagnosis import diagnose, structures
from nurture_worker.tools import Tools
from tracker.diagnosis import DiagnosisReport
from tracker.store import diagnoses, events
from tracker.store.engine import reading, writing
from tracker.store.reading import counts

PERIOD = timedelta(days=30)


def make(tools: Tools) -> DiagnosisReport:
    """Make the diagnosis of the last 30 days and keep it."""
    now = tools.now()
    with reading(tools.engine) as connection:
        place = events.last_seq(connection)
        counted = counts(connection, now - PERIOD, now)
    report = diagnose(counted, structures(tools.catalogue), now - PERIOD, now)
    with writing(tools.engine) as connection:
        diagnoses.save(connection, report, made_at=now, up_to_seq=place)
    return report
