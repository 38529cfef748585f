"""Keeps everybody's score up to the day and to the rules: each night, and when the rules change."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import Connection

from nurture_worker.readers.rebuild import rebuild
from nurture_worker.tools import Tools
from tracker.catalogue import Catalogue
from tracker.store import cursors, page_stages
from tracker.store.engine import reading, writing

log = logging.getLogger(__name__)

RULES = "scoring-rules"
"""The cursor whose place is the mark of the rules by which everybody was last scored."""
NIGHT = "scoring-night"
"""The cursor whose place is the day (as in ``date.toordinal``) on which that was."""
AT_WORK = "scoring-at-work"
"""The cursor whose place is when who scores everybody last gave a sign (ms since 1970)."""

FROM_HOUR = 2
"""On the firm's clock: until then it is still yesterday's night."""
LEASE = timedelta(minutes=5)
"""No sign for so long, and whoever was at work is taken for dead."""


def rescore(tools: Tools) -> int | None:
    """Score everybody where the night or new rules ask for it; how many readers there are, and
    ``None`` where there was nothing to do or another worker is at it.

    A worker that ends on the way leaves the mark of the old rules: the next begins again, and
    writes what is still to be written.
    """
    catalogue = tools.catalogue
    mark = mark_of(catalogue, tools.settings.tz)
    tonight = (tools.now().astimezone(tools.settings.zone) - timedelta(hours=FROM_HOUR)).toordinal()
    with reading(tools.engine) as connection:
        places = cursors.places(connection)
    if places.get(RULES) == mark and places.get(NIGHT, 0) >= tonight:
        return None
    if tools.stop.is_set():
        return None
    with writing(tools.engine) as connection:
        if not _begin(tools, connection):
            return None
        page_stages.remember(
            connection, {page.url: page.stage for page in catalogue.pages if page.stage}
        )
    if places.get(RULES) not in (None, mark):
        log.info("rescore: the rules have changed; everybody is scored anew")
    try:
        count = rebuild(tools, every=False, beat=lambda connection: _beat(tools, connection))
    except _StoppedError:
        log.info("rescore: told to end; the next worker begins anew")
        _note(tools, {AT_WORK: 0})
        return None
    _note(tools, {RULES: mark, NIGHT: tonight, AT_WORK: 0})
    return count


def mark_of(catalogue: Catalogue, zone: str) -> int:
    """A number that is another one when anybody's score or stage may be another one."""
    pages = sorted(
        (page.url, page.stage or "", page.personas, page.aliases) for page in catalogue.pages
    )
    told = f"{catalogue.scoring.model_dump_json()}|{pages!r}|{zone}"
    return int.from_bytes(sha256(told.encode()).digest()[:7], "big")


def _begin(tools: Tools, connection: Connection) -> bool:
    at_work = cursors.hold(connection, AT_WORK)
    if _ms(tools) - at_work < LEASE // timedelta(milliseconds=1):
        return False
    cursors.move(connection, AT_WORK, _ms(tools))
    return True


class _StoppedError(Exception):
    """This process is told to end."""


def _note(tools: Tools, places: Mapping[str, int]) -> None:
    with writing(tools.engine) as connection:
        for name, place in places.items():
            cursors.hold(connection, name)
            cursors.move(connection, name, place)


def _beat(tools: Tools, connection: Connection) -> None:
    if tools.stop.is_set():
        raise _StoppedError
    cursors.move(connection, AT_WORK, _ms(tools))


def _ms(tools: Tools) -> int:
    return int(tools.now().timestamp() * 1000)
