"""What is due is taken for this worker: the last look, the pace, and the claims, in one
transaction."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import Connection

from nurture_worker.channels.pace import Pace, domain_of
from nurture_worker.sending.admission import Turn, admit, look
from nurture_worker.tools import Tools
from tracker.store import claims, cursors, deliveries, holds, readers
from tracker.store.deliveries import Delivery
from tracker.store.engine import writing
from tracker.store.readers import Reader
from tracker.store.tables import EPOCH

log = logging.getLogger(__name__)

_MILLISECOND = timedelta(milliseconds=1)


@dataclass
class Taken:
    """What was taken, and what became of the rest."""

    claimed: list[Delivery] = field(default_factory=list)
    readers: dict[str, Reader] = field(default_factory=dict)
    """Of the claimed mails, by id."""
    passed: int = 0
    """Mails that ended without being sent."""
    looked_at: set[str] = field(default_factory=set)
    """Mails whose turn was asked: they are not asked again in this run."""
    room_in: timedelta = timedelta(0)
    """How long it is until the pace has room again, where it held up any."""


def take(tools: Tools, most: int, tried: Collection[str]) -> Taken:
    """Claim up to ``most`` due mails, the longest due first, but for those ``tried``; what was
    ordered goes before the rest where the pace is limited."""
    told = tools.settings
    pace = Pace(told.mails_a_minute, told.mails_a_minute_per_domain)
    taken = Taken()
    with writing(tools.engine) as connection:
        if holds.is_held(connection):
            log.warning("send: 復元のあとの確認が済むまで送りません（sodate deliveries reconcile）")
            return taken
        due = [
            delivery_id
            for delivery_id in deliveries.due(
                connection, tools.now(), most + len(tried), ordered_first=pace.is_limited
            )
            if delivery_id not in tried
        ][:most]
        if not due:
            return taken
        looked = look(tools, connection, due)
        people = {mail.reader_id for mail in looked.mails.values() if mail.reader_id}
        taken.readers = readers.all_of(connection, people)
        wanted = [
            (mail.id, _domain(mail, taken.readers))
            for delivery_id in due
            if (mail := looked.mails.get(delivery_id))
        ]
        allowed = set(due)
        if pace.is_limited:
            allowed = _allowed(tools, connection, pace, wanted, taken)
        go = []
        for delivery_id in due:
            if delivery_id not in allowed:
                continue
            taken.looked_at.add(delivery_id)
            turn = admit(tools, connection, delivery_id, looked)
            taken.passed += turn is Turn.PASSED
            if turn is Turn.GO:
                go.append(delivery_id)
        if go:
            taken.claimed = claims.claim_each(
                connection, go, tools.now(), tools.catalogue.newsletter_scenarios
            )
    return taken


def _domain(mail: Delivery, known: dict[str, Reader]) -> str:
    reader = known.get(mail.reader_id or "")
    return domain_of((reader.email if reader else mail.recipient) or "")


def _allowed(
    tools: Tools,
    connection: Connection,
    pace: Pace,
    wanted: list[tuple[str, str]],
    taken: Taken,
) -> set[str]:
    """The mails that the pace lets go now, its buckets held so that all workers share them."""
    now = tools.now()
    names = pace.buckets_of([domain for _, domain in wanted])
    for name in names:  # always in this order, so that no two workers wait for one another
        place = cursors.hold(connection, _cursor(name))
        pace.next[name] = EPOCH + place * _MILLISECOND
    allowed = pace.allow(wanted, now)
    for name in names:
        cursors.move(connection, _cursor(name), (pace.next[name] - EPOCH) // _MILLISECOND)
    waits = [pace.wait(name, now) for name in names]
    if len(allowed) < len(wanted):
        taken.room_in = min(wait for wait in waits if wait) if any(waits) else _MILLISECOND
    return set(allowed)


def _cursor(name: str) -> str:
    """A bucket's cursor; a domain may be somebody's own and stands there as a hash."""
    return f"pace:{sha256(name.encode()).hexdigest()[:24]}" if name else "pace"
