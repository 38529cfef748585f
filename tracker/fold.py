"""The fold: from the host's journal into the store, each event exactly once.

What is personal in an entry becomes the reader's rows; the event itself goes into the log without
it. Both in one transaction, and the journal forgets only after its commit: a crash between the
two folds the same entries again, which the event ids make harmless.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine

from tracker import dealing, notices
from tracker.bounces import Suppression
from tracker.journal import Entry, Journal
from tracker.store import dossier, events, readers, suppressions
from tracker.store.engine import is_away, writing
from tracker.words import EventKind, FormOf, SuppressedFor, Topic

log = logging.getLogger(__name__)

BATCH = 500
_FACTS_ALONE = frozenset(
    {
        EventKind.PAGE_VIEW,
        EventKind.SECTION,
        EventKind.CTA_SEEN,
        EventKind.CTA_CLICK,
        EventKind.PAGE_END,
        EventKind.GATE_OPEN,
        EventKind.GATE_FIELD,
        EventKind.GATE_DOWNLOAD,
        EventKind.GATE_SHARED,
        EventKind.VIDEO_PROGRESS,
        EventKind.MAIL_CLICK,
    }
)


def fold(journal: Journal, engine: Engine) -> int:
    """Move one batch from ``journal`` into the store; how many entries it held.

    An entry that the store will never take is set aside, so that it cannot hold up the others.
    Raises ``sqlalchemy.exc.DBAPIError`` when the store is away: nothing is lost, the entries stay
    in the journal.
    """
    batch = journal.oldest(BATCH)
    if not batch:
        return 0
    try:
        _fold_all(engine, [entry for _place, entry in batch])
    except Exception as error:
        if is_away(error):
            raise
        log.error("fold: a batch was refused, taking its entries one by one: %s", told(error))
        for place, entry in batch:
            _fold_alone(journal, engine, place, entry)
    journal.forget(batch[-1][0])
    return len(batch)


def _fold_all(engine: Engine, entries: Sequence[Entry]) -> None:
    with writing(engine) as connection:
        events.alone(connection)
        for alone, group in groupby(entries, _is_fact_alone):
            if alone:
                _fold_facts(connection, list(group))
            else:
                for entry in group:
                    _fold_entry(connection, entry)


def _is_fact_alone(entry: Entry) -> bool:
    """Whether the entry changes nothing but the log."""
    return entry.kind in _FACTS_ALONE and not entry.person


def _fold_facts(connection: Connection, entries: Sequence[Entry]) -> None:
    """All in one statement: what readers do most comes in crowds."""
    asked = {entry.delivery_id for entry in entries if entry.delivery_id}
    found = readers.of_deliveries(connection, asked)
    erased = dossier.erased(connection, set(found.values()))
    names = {entry.visitor for entry in entries if entry.visitor}
    gone = dossier.erased_visitors_of(connection, names)
    rows = []
    for entry in entries:
        reader_id = found.get(entry.delivery_id or "")
        erased_at = erased.get(reader_id or "") or gone.get(entry.visitor or "")
        kept = _left(entry, erased_at)
        if kept:
            rows.append(_row(kept, reader_id))
    events.append_all(connection, rows)


def _left(entry: Entry, erased_at: datetime | None) -> Entry | None:
    """``entry`` if its reader was not erased. Else what an erasure leaves of it; nothing of what
    came later: the mails of somebody erased lead on, and nobody is recorded."""
    if erased_at is None:
        return entry
    if entry.at > erased_at:
        return None
    if entry.view:  # read before: of nobody now, and counted as it was
        return replace(entry, visitor=None)
    return replace(entry, visitor=None, data=dossier.stays(entry.kind, entry.data) or {}, person={})


def _fold_alone(journal: Journal, engine: Engine, place: int, entry: Entry) -> None:
    try:
        _fold_all(engine, [entry])
    except Exception as error:
        if is_away(error):
            raise
        log.error("fold: entry %s set aside: %s", entry.id, told(error))
        journal.set_aside(place, told(error))


def told(error: Exception) -> str:
    """What an error says without what it was given: PostgreSQL quotes the row in its details."""
    said = str(getattr(error, "orig", None) or error).strip() or "?"
    return f"{type(error).__name__}: {said.splitlines()[0][:300]}"


def _fold_entry(connection: Connection, entry: Entry) -> None:
    if entry.kind in notices.ABOUT_MAILS:
        notices.take(connection, entry)
        return
    if entry.kind in notices.IN_LINE:
        notices.take_line(connection, entry)
        return
    if entry.kind is EventKind.MAIL_UNSUB and entry.person:
        _fold_way_out(connection, entry)
        return
    entry = _of_nobody_erased(connection, entry)
    if entry.kind in dealing.KINDS:
        dealing.take(connection, entry)
        return
    reader_id, answered, erased_at = _reader_of(connection, entry)
    if entry.kind is EventKind.MAIL_UNSUB and readers.is_out(connection, reader_id):
        return  # the second press of the button, or of the mail program's
    kept = _left(entry, erased_at)
    if kept is None or not events.append(connection, [_row(kept, reader_id)]) or erased_at:
        return
    if entry.kind in (EventKind.GATE_SUBMIT, EventKind.INQUIRY) and reader_id:
        _fold_form(connection, entry, reader_id)
    elif entry.kind is EventKind.CONFIRM and reader_id:
        readers.confirm(connection, reader_id, answered, entry.at, _topics(entry.gate))
        if entry.visitor:
            dossier.welcome_back(connection, entry.visitor)
            readers.join_visitor(connection, entry.visitor, reader_id, entry.at)
        _own_diagnosis(connection, entry, reader_id, answered)
        _own_place(connection, entry, reader_id)
        notices.conclude(connection, reader_id, entry.at)
    elif entry.kind is EventKind.MAIL_UNSUB and reader_id:
        readers.opt_out(connection, reader_id, entry.at)
    elif entry.kind is EventKind.PREFERENCES and reader_id:
        _fold_preferences(connection, entry, reader_id)


def _fold_way_out(connection: Connection, entry: Entry) -> None:
    """Whoever names an address takes it out. One that is not known is remembered by its hash, for
    an opt-out holds for what is imported later too."""
    address = entry.person["email_normalised"]
    reader_id = dossier.find(connection, address)
    if reader_id is None:
        if suppressions.held(connection, address) is None:
            out = Suppression(SuppressedFor.UNSUBSCRIBED, entry.at)
            suppressions.hold(connection, address, out)
    elif not readers.is_out(connection, reader_id) and events.append(
        connection, [_row(entry, reader_id)]
    ):
        readers.opt_out(connection, reader_id, entry.at)


def _of_nobody_erased(connection: Connection, entry: Entry) -> Entry:
    """``entry`` without its visitor, if that is somebody's who was erased. The button in a mail
    makes the browser a reader's again."""
    if entry.visitor is None or entry.kind is EventKind.CONFIRM:
        return entry
    gone = dossier.erased_visitors_of(connection, [entry.visitor])
    return replace(entry, visitor=None) if gone else entry


def _reader_of(
    connection: Connection, entry: Entry
) -> tuple[str | None, str | None, datetime | None]:
    """Whose fact it is, the form it goes back to, where one does, and when that reader was
    erased, if they were."""
    if address := entry.person.get("email_normalised"):
        if gone := dossier.erased_address(connection, address, entry.at):
            return gone[0], None, gone[1]
        return readers.identify(connection, entry.person, entry.at), None, None
    if entry.delivery_id:
        reader_id, answered = readers.of_delivery(connection, entry.delivery_id) or (None, None)
        gone_at = dossier.erased(connection, [reader_id]).get(reader_id) if reader_id else None
        return reader_id, answered, gone_at
    return None, None, None


def _fold_form(connection: Connection, entry: Entry, reader_id: str) -> None:
    if wording := entry.person.get("wording"):
        readers.agree(
            connection,
            event_id=entry.id,
            reader_id=reader_id,
            at=entry.at,
            wording=wording,
            method=f"{entry.kind}:{entry.gate or entry.page or ''}",
            network=entry.person.get("network"),
        )
    if entry.kind is EventKind.INQUIRY:
        readers.inquire(
            connection,
            event_id=entry.id,
            reader_id=reader_id,
            at=entry.at,
            message=entry.person.get("message", ""),
        )


def _topics(gate: str | None) -> tuple[Topic, ...]:
    """What the wording beside the box of that form is about."""
    if gate == FormOf.NEWSLETTER:
        return (Topic.NEWSLETTER,)
    return (Topic.STEP, Topic.SEMINAR)


def _fold_preferences(connection: Connection, entry: Entry, reader_id: str) -> None:
    if "wants" in entry.data:
        wanted = [topic for topic in Topic if topic in entry.data["wants"]]
        readers.switch(connection, reader_id, wanted)
    if until := entry.data.get("paused_until"):
        readers.pause(connection, reader_id, entry.at, datetime.fromisoformat(until))


def _own_place(connection: Connection, entry: Entry, reader_id: str) -> None:
    """The button in the mail is the registration: anybody can type anybody's address into the
    form."""
    if FormOf.SEMINAR.id_in(entry.gate) is None:
        return
    row = _row(entry, reader_id)
    row.update(id=f"{entry.id}:place", kind=EventKind.SEMINAR_REGISTER)
    if events.append(connection, [row]):
        readers.take_place(connection, reader_id)


def _own_diagnosis(
    connection: Connection, entry: Entry, reader_id: str, answered: str | None
) -> None:
    """A diagnosis asked for by mail becomes the reader's own once the address is confirmed, unless
    it is: the visitor who took it is this reader."""
    form = events.get(connection, answered) if answered else None
    if form is None or not form.data or "diagnosis" not in form.data:
        return
    taken_as = form.data.get("answered")
    taken = events.get(connection, taken_as) if taken_as else None
    if taken and taken.visitor and readers.is_visitor(connection, taken.visitor, reader_id):
        return
    row = _row(entry, reader_id)
    row.update(
        id=f"{taken_as or entry.id}:{reader_id}",
        kind=EventKind.DIAGNOSIS,
        page=form.page,
        data=form.data,
        delivery_id=None,
    )
    events.append(connection, [row])


def _row(entry: Entry, reader_id: str | None) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at,
        "kind": entry.kind,
        "reader_id": reader_id,
        "visitor": entry.visitor,
        "view": entry.view,
        "page": entry.page,
        "section": entry.section,
        "cta": entry.cta,
        "gate": entry.gate,
        "delivery_id": entry.delivery_id,
        "data": entry.data or None,
    }
