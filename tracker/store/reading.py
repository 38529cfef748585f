"""What was read in a period, from the event log."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, case, select, type_coerce

from tracker.counts import Counts, Tally
from tracker.store.tables import EPOCH, events
from tracker.words import ELSEWHERE, EventKind, FormOf

_SENDS = {
    EventKind.GATE_SUBMIT: None,
    EventKind.SEMINAR_REGISTER: None,
    EventKind.DIAGNOSIS: None,
    EventKind.INQUIRY: FormOf.INQUIRY,
}
"""The kinds of events that are a form sent; where the event names no form, which it is."""
_KINDS = (
    EventKind.PAGE_VIEW,
    EventKind.SECTION,
    EventKind.CTA_SEEN,
    EventKind.CTA_CLICK,
    EventKind.PAGE_END,
    EventKind.GATE_OPEN,
    EventKind.GATE_FIELD,
    *_SENDS,
)
_AT_ONCE = 5000
_A_MS = timedelta(milliseconds=1)
_WITH_DATA = (EventKind.PAGE_VIEW, EventKind.PAGE_END, EventKind.GATE_FIELD, *_SENDS)


def counts(
    connection: Connection,
    since: datetime,
    until: datetime,
    targets: Mapping[str, str] | None = None,
    moved: Mapping[str, str] | None = None,
) -> Counts:
    """The figures of all views that began from ``since`` to before ``until``.

    What such a view did after ``until`` is not known yet, and its end is then as good as lost.
    ``targets`` are the addresses that CTAs lead to, by the CTAs' ids; ``moved`` says of an address
    that a page had before which it has now.
    """
    tally = Tally(_ms(since), _ms(until), targets=targets, by_visitor=True)
    for fact in facts(connection, since, until, moved):
        tally.add(fact)
    return tally.counts()


def facts(
    connection: Connection,
    since: datetime,
    until: datetime,
    moved: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Any]]:
    """The period's events in the words of ``lead-events/1``, a form sent and an inquiry as one of
    each. The log knows no sessions: a visitor stands for them. ``moved`` is as of ``counts``."""
    moved = moved or {}
    at = type_coerce(events.c.at, BigInteger)  # as it is kept: ms since 1970
    data = case((events.c.kind.in_(_WITH_DATA), events.c.data))  # most events carry none
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(
        select(
            events.c.id, at, events.c.kind, events.c.reader_id, events.c.visitor, events.c.view,
            events.c.page, events.c.section, events.c.cta, events.c.gate, data,
        ).where(events.c.at >= since, events.c.at < until, events.c.kind.in_(_KINDS))
    )  # fmt: skip
    for own_id, ms, kind, reader, visitor, view, page, section, cta, gate, told in rows:
        told = told or {}
        if kind == EventKind.GATE_OPEN or kind == EventKind.GATE_FIELD:
            if gate is not None:
                yield {"e": kind, "id": own_id, "ts": ms, "sid": visitor, "gate": gate,
                       "field": told.get("field", "")}  # fmt: skip
            continue
        if kind in _SENDS:
            # Elsewhere a form sent and an inquiry are two facts, and a lead has no name here.
            imported, lead = bool(told.get(ELSEWHERE)), reader or told.get("lead")
            sent = gate or (None if imported else _SENDS[kind])
            if sent is not None:
                yield {"e": "gate_submit", "id": own_id, "ts": ms, "sid": visitor,
                       "gate": str(sent), "lead": lead}  # fmt: skip
            if kind == EventKind.INQUIRY:
                yield {"e": kind, "id": f"{own_id} inquiry", "ts": ms, "lead": lead}
            continue
        if view is None or page is None:
            continue
        page = moved.get(page, page)
        # A view's id is the browser's own: together with its page it is one viewing.
        pv = f"{view} {page}"
        if kind == EventKind.SECTION:
            yield {"e": kind, "pv": pv, "i": max(0, section or 0)}
        elif kind == EventKind.PAGE_VIEW:
            yield {"e": kind, "pv": pv, "ts": ms, "page": page, "sid": visitor, "vid": visitor,
                   "ref": told.get("ref")}  # fmt: skip
        elif kind == EventKind.PAGE_END:
            yield {"e": kind, "pv": pv, "active_ms": told.get("active_ms"),
                   "done": bool(told.get("done"))}  # fmt: skip
        elif cta is not None:
            yield {"e": kind, "pv": pv, "cta": cta, "ts": ms}


def _ms(at: datetime) -> int:
    return (at - EPOCH) // _A_MS
