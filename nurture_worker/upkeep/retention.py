"""What is kept for how long, and forgotten then: the promises of the site's privacy page."""

from datetime import timedelta

from nurture_worker.tools import Tools
from tracker.store import audit, cursors, dossier
from tracker.store.engine import writing
from tracker.words import Act

MONTH = timedelta(days=30.5)
HASHES = 3 * MONTH
"""How long an erasure knows its address: no host keeps an event in its journal for so long."""
CURSOR = "retention"
BROWSERS = timedelta(days=366)
"""How long an erasure knows its reader's browsers: their cookies last a year."""
BATCH = 500


def forget(tools: Tools) -> bool:
    """Forget what has been kept long enough, once a day; whether today was still to do.

    Readers are erased when nothing was heard of them for ``SODATE_KEEP_READERS`` months, visits of
    nameless visitors are parted from one another after ``SODATE_KEEP_VISITS`` months, and the
    consents of erased readers go after ``SODATE_KEEP_CONSENTS`` months. What recognises an erased
    address in a journal goes after three, what recognises an erased reader's browser after a year.
    """
    now = tools.now()
    today = now.toordinal()
    settings = tools.settings
    with writing(tools.engine) as connection:
        if cursors.hold(connection, CURSOR) >= today:
            return False
        for reader_id in dossier.inactive(connection, now - settings.keep_readers * MONTH, BATCH):
            dossier.erase(connection, reader_id, now)
            audit.record(
                connection, now, audit.SYSTEM, Act.READER_ERASED, about=f"reader:{reader_id}"
            )
        dossier.forget_visitors(connection, now - settings.keep_visits * MONTH)
        dossier.forget_consents(connection, now - settings.keep_consents * MONTH)
        dossier.forget_hashes(connection, now - HASHES)
        dossier.forget_erased_visitors(connection, now - BROWSERS)
        cursors.move(connection, CURSOR, today)
    dossier.scrub(tools.engine)
    return True
