"""What is kept for how long, and forgotten then: the promises of the site's privacy page."""

from datetime import timedelta

from nurture_worker.tools import Tools
from tracker.store import cursors, dossier
from tracker.store.engine import writing

MONTH = timedelta(days=30.5)
CURSOR = "retention"
BATCH = 500


def forget(tools: Tools) -> bool:
    """Forget what has been kept long enough, once a day; whether today was still to do.

    Readers are erased when nothing was heard of them for ``SODATE_KEEP_READERS`` months, visits of
    nameless visitors are parted from one another after ``SODATE_KEEP_VISITS`` months, and the
    consents of erased readers go after ``SODATE_KEEP_CONSENTS`` months.
    """
    now = tools.now()
    today = now.toordinal()
    settings = tools.settings
    with writing(tools.engine) as connection:
        if cursors.hold(connection, CURSOR) >= today:
            return False
        for reader_id in dossier.inactive(connection, now - settings.keep_readers * MONTH, BATCH):
            dossier.erase(connection, reader_id, now)
        dossier.forget_visitors(connection, now - settings.keep_visits * MONTH)
        dossier.forget_consents(connection, now - settings.keep_consents * MONTH)
        cursors.move(connection, CURSOR, today)
    return True
