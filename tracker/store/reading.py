"""What was read in a period, from the event log."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, func, select

from tracker.counts import Counts, View, counted
from tracker.store.reports import count_inquiries
from tracker.store.tables import events
from tracker.words import EventKind

_IN_A_VIEW = (
    EventKind.PAGE_VIEW,
    EventKind.SECTION,
    EventKind.CTA_SEEN,
    EventKind.CTA_CLICK,
    EventKind.PAGE_END,
)


def counts(connection: Connection, since: datetime, until: datetime) -> Counts:
    """The figures of all views that began from ``since`` to before ``until``.

    What such a view did after ``until`` is not known yet, and its end is then as good as lost.
    """
    within = (events.c.at >= since) & (events.c.at < until)
    return counted(
        _views(connection, within),
        _cta_sights(connection, within),
        count_inquiries(connection, since, until),
    )


def _views(connection: Connection, within: ColumnElement[bool]) -> list[View]:
    ends = {
        row.view: row.data or {}
        for row in connection.execute(
            select(events.c.view, events.c.data)
            .where(within, events.c.kind == EventKind.PAGE_END, events.c.view.is_not(None))
            .order_by(events.c.seq)  # told at each leaving: the last one holds them all
        )
    }
    began = func.min(case((events.c.kind == EventKind.PAGE_VIEW, events.c.at)))
    rows = connection.execute(
        select(
            events.c.view,
            events.c.page,
            func.max(events.c.visitor).label("visitor"),
            began.label("at"),
            func.max(events.c.section).label("reached"),
            func.max(case((events.c.kind == EventKind.CTA_CLICK, 1), else_=0)).label("clicked"),
        )
        .where(
            within,
            events.c.kind.in_(_IN_A_VIEW),
            events.c.view.is_not(None),
            events.c.page.is_not(None),
        )
        .group_by(events.c.view, events.c.page)
        .having(began.is_not(None))
        .order_by(events.c.view, events.c.page)
    )
    found = []
    for row in rows:
        end = ends.get(row.view)
        active = end.get("active_ms") if end else None
        found.append(
            View(
                id=row.view,
                page=row.page,
                visitor=row.visitor,
                at=row.at,
                reached=max(0, row.reached or 0),
                ended=end is not None,
                done=bool(end and end.get("done")),
                clicked=bool(row.clicked),
                active_ms=active if isinstance(active, int) else None,
            )
        )
    return found


def _cta_sights(connection: Connection, within: ColumnElement[bool]) -> list[tuple[str, str, bool]]:
    rows = connection.execute(
        select(
            events.c.view,
            events.c.cta,
            func.max(case((events.c.kind == EventKind.CTA_CLICK, 1), else_=0)),
        )
        .where(
            within,
            events.c.kind.in_([EventKind.CTA_SEEN, EventKind.CTA_CLICK]),
            events.c.view.is_not(None),
            events.c.cta.is_not(None),
        )
        .group_by(events.c.view, events.c.cta)
    )
    return [(view, cta, bool(clicked)) for view, cta, clicked in rows]
