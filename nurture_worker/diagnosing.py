"""The diagnosis made of the event log and kept: reads counts, asks the pure part, stores."""

from datetime import timedelta

from nurture_worker.diagnosis import diagnose, structures
from nurture_worker.tools import Tools
from tracker.diagnosis import DiagnosisReport
from tracker.store import diagnoses, events
from tracker.store.engine import reading, writing
from tracker.store.reading import counts

MONTH = timedelta(days=30)
QUARTER = timedelta(days=90)
FEW_VIEWS = 10_000
"""Below so many views in a month a month says too little, and three are taken together."""


def make(tools: Tools) -> DiagnosisReport:
    """Make the diagnosis of the last 30 days, or of 90 where few read, and keep it."""
    now = tools.now()
    with reading(tools.engine) as connection:
        place = events.last_seq(connection)
        period = MONTH
        counted = counts(connection, now - period, now)
        if counted.views < FEW_VIEWS:
            period = QUARTER
            counted = counts(connection, now - period, now)
    report = diagnose(counted, structures(tools.catalogue), now - period, now)
    with writing(tools.engine) as connection:
        diagnoses.save(connection, report, made_at=now, up_to_seq=place)
    return report
