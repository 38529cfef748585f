"""The views of pages in a period, page by page, without those of programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from tracker.reports.content import Viewed
from tracker.store.tables import contacts, views

FEWEST_OF_A_PROGRAM = 15


def programs(connection: Connection) -> list[str]:
    """Visitors of 15 views or more, most of them without a second of attention."""
    return list(
        connection.execute(
            select(contacts.c.visitor).where(
                contacts.c.views >= FEWEST_OF_A_PROGRAM,
                contacts.c.attentive * 2 < contacts.c.views,
            )
        ).scalars()
    )


def viewed(
    connection: Connection,
    since: datetime | None,
    until: datetime,
    source: str | None = None,
    left_out: Sequence[str] = (),
    moved: Mapping[str, str] | None = None,
) -> list[Viewed]:
    """Of each page that was viewed; ``source`` takes the views that came from there, ``left_out``
    the visitors whose views do not count. ``moved`` says of an address that a page had before which
    it has now: under that one all its views are counted."""
    conditions = [views.c.at < until]
    if since is not None:
        conditions.append(views.c.at >= since)
    if source is not None:
        conditions.append(views.c.source == source)
    if left_out:
        conditions.append(or_(views.c.visitor.is_(None), views.c.visitor.not_in(left_out)))
    rows = connection.execute(
        select(
            views.c.page,
            func.count(),
            func.sum(views.c.ended),
            func.sum(views.c.done),
            func.sum(views.c.saw),
            func.sum(views.c.clicked),
        )
        .where(*conditions)
        .group_by(views.c.page)
    )
    moved = moved or {}
    found: dict[str, list[int]] = {}
    for page, *figures in rows:
        own = found.setdefault(moved.get(page, page), [0] * len(figures))
        own[:] = [have + int(n) for have, n in zip(own, figures, strict=True)]
    return [Viewed(page, *figures) for page, figures in found.items()]
