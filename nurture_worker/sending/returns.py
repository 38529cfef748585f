"""The mails that came back: read from their mailbox, judged against the ledger, taken in."""

import logging

from nurture_worker.channels import dsn
from nurture_worker.channels.mailbox import Mailbox, MailboxAwayError, open_mailbox
from nurture_worker.tools import Tools
from tracker import notices
from tracker.bounces import DSN
from tracker.store import cursors, events, suppressions
from tracker.store.engine import is_away, writing

log = logging.getLogger(__name__)

CURSOR = "returns"
BATCH = 200


def collect(tools: Tools) -> int:
    """Read what came back since the last time, at most once a minute; how many mails were looked
    at.

    A report that was taken in is removed, after the commit: a crash between the two reads it
    again, which its id makes harmless. Anything else is left, marked as read, for a person.
    """
    url = tools.settings.bounces_url
    if not url:
        return 0
    minute = int(tools.now().timestamp() // 60)
    with writing(tools.engine) as connection:
        if cursors.hold(connection, CURSOR) == minute:
            return 0
        cursors.move(connection, CURSOR, minute)
    looked = 0
    try:
        with open_mailbox(url) as box:
            for key, raw in box.unread(BATCH, dsn.LARGEST):
                _take(tools, box, key, raw)
                looked += 1
    except MailboxAwayError as error:
        log.error("returns: 不達の知らせのメールボックスを読めません: %s", error)
    return looked


def _take(tools: Tools, box: Mailbox, key: str, raw: bytes) -> None:
    found = dsn.read(raw, tools.now(), tools.verp.read)
    try:
        with writing(tools.engine) as connection:
            events.alone(connection)
            outcomes = [notices.take(connection, notices.entry_of(n)) for n in found.notices]
            if found.left is not None:
                suppressions.count(connection, DSN, found.left)
    except Exception as error:
        if is_away(error):
            raise
        log.error("returns: a mail was left: %s", type(error).__name__)
        box.leave(key)
        return
    if None in outcomes:
        box.remove(key)
    else:
        log.warning("returns: a mail was left: %s", found.left or ", ".join(map(str, outcomes)))
        box.leave(key)
