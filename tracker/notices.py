"""What the store makes of a notice about a mail, and of a follower in LINE: recorded once, in any
order, with what follows from it."""

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from tracker.bounces import (
    DSN,
    REST,
    RESTS_AFTER,
    SMTP,
    Notice,
    impersonal,
    plain,
    suppression,
    why,
)
from tracker.journal import Entry
from tracker.store import deliveries, events, line_users, outcomes, readers, suppressions
from tracker.store.deliveries import Delivery
from tracker.words import BounceReason, EventKind, SuppressedFor

log = logging.getLogger(__name__)

ABOUT_MAILS = frozenset({EventKind.MAIL_DELIVERED, EventKind.MAIL_BOUNCE, EventKind.MAIL_COMPLAINT})
IN_LINE = frozenset(
    {
        EventKind.LINE_FOLLOW,
        EventKind.LINE_UNFOLLOW,
        EventKind.LINE_ASK,
        EventKind.LINE_LINK,
        EventKind.LINE_UNLINK,
    }
)


def entry_of(notice: Notice) -> Entry:
    """The journal's entry for a notice. Its event tells no address, and nothing a server said
    that quotes one."""
    recipient = (notice.recipient or "").strip().casefold()
    data: dict[str, Any] = {
        "source": notice.source,
        "status": plain(notice.status, 20) or None,
        "diagnostic": impersonal(plain(notice.diagnostic), recipient),
        "domain": plain(recipient.rpartition("@")[2], 255) or None,
    }
    if notice.kind is EventKind.MAIL_BOUNCE:
        data["reason"] = why(replace(notice, diagnostic=plain(notice.diagnostic)))
    person = {
        "email_normalised": plain(recipient, 320) or None,
        "message_id": plain(notice.message_id, 320) or None,
    }
    return Entry(
        id=notice.id,
        at=notice.at,
        kind=notice.kind,
        delivery_id=plain(notice.delivery_id, 20) or None,
        data={name: value for name, value in data.items() if value},
        person={name: value for name, value in person.items() if value},
    )


def take(connection: Connection, entry: Entry) -> str | None:
    """Take in a notice about a mail; why it came to nothing, or ``None``.

    A notice counts only for a mail that was handed over, to the address it names. One from the
    mailbox must name the mail itself (its return address, or its Message-ID and its recipient),
    for anybody can write it; a provider that signed may name the address alone.
    """
    mail = _mail(connection, entry)
    outcome = _refused(connection, entry, mail)
    reader_id = mail.reader_id if mail else None
    if outcome is None and mail is None:
        reader_id = _reader(connection, entry)
        outcome = None if reader_id else "unknown"
    if outcome is not None:
        source = str(entry.data.get("source", ""))[:20]
        suppressions.count(connection, source, outcome)
        log.warning("notice: %s from %s ignored: %s", entry.kind, source, outcome)
        return outcome
    reader = readers.get(connection, reader_id) if reader_id else None
    settled = _settle(connection, entry, mail)
    if entry.kind is EventKind.MAIL_DELIVERED and not settled:
        return None
    if reader is not None and reader.email is None:  # erased since: nothing more is kept of them
        return None
    if not events.append(connection, [_row(entry, reader_id, mail.id if mail else None)]):
        return None
    if entry.data.get("reason") == BounceReason.POLICY:
        _rest(connection, str(entry.data.get("domain", "")), entry)
    if reader is not None and entry.kind is not EventKind.MAIL_DELIVERED:
        conclude(connection, reader.id, entry.at)
    return None


def conclude(connection: Connection, reader_id: str, at: datetime) -> None:
    """Bring what is held against a reader's address up to the log, and at once what was planned
    for them with it. ``at`` is when it came to be known."""
    address = readers.address_of(connection, reader_id)
    if address is None:
        return
    found = suppression(
        suppressions.facts_of(connection, reader_id),
        suppressions.proofs_of(connection, reader_id),
        suppressions.agreements_of(connection, reader_id),
        suppressions.held(connection, address),
    )
    suppressions.keep(connection, reader_id, address, found)
    if found is None:
        return
    if found.reason is SuppressedFor.COMPLAINT:
        readers.opt_out(connection, reader_id, found.since)
    deliveries.cancel_suppressed(
        connection, reader_id, found.reason.end_reason, max(found.since, at), at
    )


def _rest(connection: Connection, domain: str, entry: Entry) -> None:
    """Leave a domain alone for a while that refuses one mail after another by its policy."""
    log.error(
        "notice: %s refuses our mails by its policy: %s", domain, entry.data.get("diagnostic")
    )
    refused = suppressions.refusals(connection, entry.at - REST)
    if next((r.mails for r in refused if r.domain == domain), 0) >= RESTS_AFTER:
        put_off = deliveries.rest(connection, domain, entry.at + REST)
        log.error("notice: %d step mail(s) to %s put off for %s", put_off, domain, REST)


def take_line(connection: Connection, entry: Entry) -> None:
    """Who follows in LINE, or no more, and which reader's account it is; the newest word counts,
    in whatever order they come."""
    if entry.kind is EventKind.LINE_ASK:
        _ask_to_be_linked(connection, entry)
        return
    if entry.kind is EventKind.LINE_UNLINK:
        _unlink(connection, entry)
        return
    user_id = entry.person.get("line_user")
    if not user_id:
        return
    user_hash = line_users.hash_of(user_id)
    event = replace(entry, data={**entry.data, "line_user": user_hash[:32]})
    if entry.kind is EventKind.LINE_LINK:
        _link(connection, event, user_hash, user_id)
        return
    if not events.append(connection, [_row(event, None, None)]):
        return
    follows = entry.kind is EventKind.LINE_FOLLOW
    line_users.note(connection, user_hash, user_id, follows, entry.at)
    if follows and (reply_token := entry.person.get("reply_token")):
        line_users.ask(connection, user_hash, reply_token, entry.at)


def _ask_to_be_linked(connection: Connection, entry: Entry) -> None:
    """Somebody in LINE typed an address: only a reader's brings a mail, and it alone can go on."""
    reader_id = readers.confirmed(connection, entry.person.get("email_normalised", ""))
    if reader_id is not None:
        events.append(connection, [_row(entry, reader_id, None)])


def _link(connection: Connection, entry: Entry, user_hash: str, user_id: str) -> None:
    reader_id, _ = readers.of_delivery(connection, entry.delivery_id or "") or (None, None)
    reader = readers.get(connection, reader_id) if reader_id else None
    if reader_id is None or reader is None or reader.email is None:
        return
    if events.append(connection, [_row(entry, reader_id, entry.delivery_id)]):
        line_users.note(connection, user_hash, user_id, True, entry.at)
        line_users.link(connection, reader_id, user_hash, entry.at)


def _unlink(connection: Connection, entry: Entry) -> None:
    reader_id, _ = readers.of_delivery(connection, entry.delivery_id or "") or (None, None)
    if reader_id is not None and line_users.unlink(connection, reader_id):
        events.append(connection, [_row(entry, reader_id, entry.delivery_id)])


def _mail(connection: Connection, entry: Entry) -> Delivery | None:
    if entry.delivery_id:
        return deliveries.get(connection, entry.delivery_id)
    if message_id := entry.person.get("message_id"):
        return outcomes.by_message_id(connection, message_id)
    return None


def _refused(connection: Connection, entry: Entry, mail: Delivery | None) -> str | None:
    """Why a notice about ``mail`` cannot be true; ``None`` if it can."""
    if mail is None or entry.data.get("source") == SMTP:
        return None
    if not outcomes.was_handed_over(mail):
        return "not sent"
    told = entry.person.get("email_normalised")
    proven = entry.delivery_id is not None and entry.data.get("source") == DSN
    if proven or (told is None and entry.data.get("source") != DSN):
        return None
    own = readers.address_of(connection, mail.reader_id) if mail.reader_id else mail.recipient
    if own is not None and (told is None or told != own.casefold()):
        return "other recipient"
    return None


def _reader(connection: Connection, entry: Entry) -> str | None:
    """Whom a provider means that names no mail of ours."""
    told = entry.person.get("email_normalised")
    if told is None or entry.data.get("source") == DSN or entry.kind is EventKind.MAIL_DELIVERED:
        return None
    return suppressions.mailed_reader(connection, told, entry.at)


def _settle(connection: Connection, entry: Entry, mail: Delivery | None) -> bool:
    if mail is None:
        return False
    if entry.kind is EventKind.MAIL_BOUNCE:
        return outcomes.undelivered(connection, mail.id, entry.data["reason"], entry.at)
    return outcomes.arrived(connection, mail.id, entry.at)


def _row(entry: Entry, reader_id: str | None, delivery_id: str | None) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at,
        "kind": entry.kind,
        "reader_id": reader_id,
        "visitor": None,
        "view": None,
        "page": None,
        "section": None,
        "cta": None,
        "gate": None,
        "delivery_id": delivery_id,
        "data": entry.data or None,
    }
