"""What a mail server's log says of our mails. Pure: lines in, Message-IDs out.

Postfix names a message's queue id beside its Message-ID, and tells by the queue id that it was
taken; Exim (``<=``) and sendmail (``msgid=``) tell both in one line. That a log does not name a
mail proves nothing: it may not reach back so far.
"""

import re
from collections.abc import Collection, Iterable

_POSTFIX_NAMES = re.compile(r"\b(?P<queue>[0-9A-Za-z]{6,20}): message-id=(?P<id><[^>\s]+>)")
_POSTFIX_TAKES = re.compile(r"\b(?P<queue>[0-9A-Za-z]{6,20}): .*(?:\(queue active\)|status=)")
_EXIM = re.compile(r" <= .*\bid=(?P<id>[^\s<>]+)")
_SENDMAIL = re.compile(r": from=.*\bmsgid=(?P<id><[^>\s,]+>)")


def taken(lines: Iterable[str], message_ids: Collection[str]) -> set[str]:
    """Those of ``message_ids`` (with their angle brackets) that the server took."""
    queued: dict[str, str] = {}
    found: set[str] = set()
    for line in lines:
        if (match := _POSTFIX_NAMES.search(line)) is not None:
            if match["id"] in message_ids:
                queued[match["queue"]] = match["id"]
        elif (match := _POSTFIX_TAKES.search(line)) is not None:
            if match["queue"] in queued:
                found.add(queued[match["queue"]])
        elif (match := _EXIM.search(line)) is not None:
            if f"<{match['id']}>" in message_ids:
                found.add(f"<{match['id']}>")
        elif (match := _SENDMAIL.search(line)) is not None and match["id"] in message_ids:
            found.add(match["id"])
    return found
