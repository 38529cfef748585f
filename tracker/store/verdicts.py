"""Verdicts on hits: kept beside the event log, revised when evidence comes, made anew by version."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from tracker.clicks.hits import MOST_NEIGHBOURS, NEAR, Hit, Landing, Neighbour
from tracker.clicks.judging import Judgement
from tracker.clicks.weights import RULES_VERSION
from tracker.store.tables import EPOCH, deliveries, events, verdicts, visitors
from tracker.words import EventKind, Verdict

STALE = 0
"""The version of a verdict that new evidence may revise."""

READ_FROM_MS = 5000
_LANDED_WITHIN = timedelta(days=1)
_MOST_NEAR = 64
_MOST_ASKED = 200
_AT_ONCE = 500


@dataclass(frozen=True)
class Hits:
    """All hits on one mail's links; ``bare`` are those of an erased reader: nothing is left to
    judge them by."""

    known: tuple[Hit, ...]
    bare: tuple[str, ...]


def unjudged(
    connection: Connection, until: datetime, most: int, since: datetime = EPOCH
) -> list[str]:
    """Up to ``most`` deliveries with a hit between ``since`` and ``until`` that has no verdict
    yet."""
    return list(
        connection.execute(
            select(events.c.delivery_id)
            .outerjoin(verdicts, verdicts.c.event_id == events.c.id)
            .where(
                events.c.kind == EventKind.MAIL_CLICK,
                events.c.at.between(since, until),
                events.c.delivery_id.is_not(None),
                verdicts.c.event_id.is_(None),
            )
            .distinct()
            .order_by(events.c.delivery_id)
            .limit(most)
        ).scalars()
    )


def outdated(connection: Connection, most: int) -> list[str]:
    """Up to ``most`` deliveries with a verdict that new evidence may revise, and then with one of
    other rules than these."""
    return list(
        connection.execute(
            select(events.c.delivery_id)
            .join(verdicts, verdicts.c.event_id == events.c.id)
            .where(
                or_(
                    verdicts.c.rules_version < RULES_VERSION,
                    verdicts.c.rules_version > RULES_VERSION,
                ),
                events.c.delivery_id.is_not(None),
            )
            .group_by(events.c.delivery_id)
            .order_by(func.min(verdicts.c.rules_version), events.c.delivery_id)
            .limit(most)
        ).scalars()
    )


def is_open(connection: Connection, reader_id: str) -> bool:
    """Whether a hit on a mail to this reader waits to be judged, or judged anew."""
    return (
        connection.execute(
            select(events.c.seq)
            .join(deliveries, deliveries.c.id == events.c.delivery_id)
            .outerjoin(verdicts, verdicts.c.event_id == events.c.id)
            .where(
                deliveries.c.reader_id == reader_id,
                events.c.kind == EventKind.MAIL_CLICK,
                or_(verdicts.c.event_id.is_(None), verdicts.c.rules_version != RULES_VERSION),
            )
            .limit(1)
        ).first()
        is not None
    )


def hits_of(connection: Connection, delivery_id: str) -> Hits:
    """All hits on the links of one mail, each with the page view it led to."""
    rows = connection.execute(
        select(events.c.id, events.c.at, events.c.data).where(
            events.c.kind == EventKind.MAIL_CLICK, events.c.delivery_id == delivery_id
        )
    ).all()
    known = [Hit.of(row.id, row.at, row.data) for row in rows if "ua" in (row.data or {})]
    reader_id = connection.execute(
        select(deliveries.c.reader_id).where(deliveries.c.id == delivery_id)
    ).scalar()
    landings = _landings(connection, {hit.id: hit.at for hit in known}, reader_id)
    return Hits(
        tuple(replace(hit, landing=landings.get(hit.id)) for hit in known),
        tuple(row.id for row in rows if "ua" not in (row.data or {})),
    )


def _landings(
    connection: Connection, hits: Mapping[str, datetime], reader_id: str | None
) -> dict[str, Landing]:
    """The page views that hits led to. A redirect hands the hit's id on, and the beacon takes it
    for the id of its view; the first event of a view is its ``page_view``."""
    opened = connection.execute(
        select(events.c.view, events.c.visitor, events.c.at).where(
            events.c.id.in_([f"{hit_id}:0" for hit_id in hits]),
            events.c.kind == EventKind.PAGE_VIEW,
        )
    ).all()
    found = {}
    for row in opened:
        clicked = hits.get(row.view)
        if clicked is None or not clicked <= row.at <= clicked + _LANDED_WITHIN:
            continue
        browser: Literal["own", "other", "seen", "new"] = "new"
        read = False
        if row.visitor is not None:
            owner = connection.execute(
                select(visitors.c.reader_id).where(visitors.c.visitor == row.visitor)
            ).scalar()
            if owner is not None:
                browser = "own" if owner == reader_id else "other"
            elif _was_here(connection, row.visitor, clicked):
                browser = "seen"
            read = _has_read(connection, row.visitor, row.view)
        found[row.view] = Landing(browser, read)
    return found


def _was_here(connection: Connection, visitor: str, before: datetime) -> bool:
    return (
        connection.execute(
            select(events.c.seq).where(events.c.visitor == visitor, events.c.at < before).limit(1)
        ).first()
        is not None
    )


def _has_read(connection: Connection, visitor: str, view: str) -> bool:
    """Whether somebody came to a heading, or was at the page for some seconds."""
    rows = connection.execute(
        select(events.c.kind, events.c.data).where(
            events.c.visitor == visitor,
            events.c.view == view,
            events.c.kind.in_([EventKind.SECTION, EventKind.PAGE_END]),
        )
    )
    return any(
        row.kind == EventKind.SECTION or (row.data or {}).get("active_ms", 0) >= READ_FROM_MS
        for row in rows
    )


def reconsider(connection: Connection, hit_ids: Collection[str]) -> None:
    """Something new is known of these hits, where they are hits: judge them again."""
    wanted = sorted(hit_ids)
    for first in range(0, len(wanted), _AT_ONCE):
        connection.execute(
            update(verdicts)
            .where(verdicts.c.event_id.in_(wanted[first : first + _AT_ONCE]))
            .values(rules_version=STALE)
        )


def neighbours(
    connection: Connection, hits: Sequence[Hit], delivery_id: str, reader_id: str | None
) -> list[Neighbour]:
    """The hits of the same agents on mails to other readers, at about the same time, as far as
    they were judged: some of them for each hit, where a gateway makes a crowd."""
    found: set[Neighbour] = set()
    for hit in hits[:_MOST_ASKED]:
        if hit.agent is None:
            continue
        rows = connection.execute(
            select(verdicts.c.delivery_id, verdicts.c.at)
            .join(deliveries, deliveries.c.id == verdicts.c.delivery_id)
            .where(
                verdicts.c.agent == hit.agent,
                verdicts.c.at.between(hit.at - NEAR, hit.at + NEAR),
                verdicts.c.delivery_id != delivery_id,
                or_(deliveries.c.reader_id.is_(None), deliveries.c.reader_id != reader_id),
            )
            .order_by(verdicts.c.at)
            .limit(_MOST_NEAR)
        )
        found.update(Neighbour(row.delivery_id, row.at, hit.agent) for row in rows)
    return sorted(found, key=lambda neighbour: (neighbour.at, neighbour.delivery_id))


def keep(
    connection: Connection,
    judgements: Iterable[Judgement],
    now: datetime,
    hits: Iterable[Hit] = (),
    delivery_id: str | None = None,
) -> bool:
    """Keep verdicts in place of earlier ones. Whether any hit now counts for something else.

    ``hits`` are those judged, all on ``delivery_id``: a hit judged for the first time has the
    verdicts on its neighbours made anew.
    """
    found = {judgement.hit_id: judgement for judgement in judgements}
    of_id = {hit.id: hit for hit in hits}
    held = {
        row.event_id: (row.verdict == Verdict.HUMAN, row.forwarded or [])
        for row in connection.execute(
            select(verdicts.c.event_id, verdicts.c.verdict, verdicts.c.forwarded).where(
                verdicts.c.event_id.in_(found)
            )
        )
    }
    if not found:
        return False
    connection.execute(delete(verdicts).where(verdicts.c.event_id.in_(found)))
    connection.execute(
        insert(verdicts),
        [
            {
                "event_id": judgement.hit_id,
                "verdict": judgement.verdict,
                "total": judgement.total,
                "signs": [list(sign) for sign in judgement.signs],
                "rules_version": RULES_VERSION,
                "decided_at": now,
                "delivery_id": delivery_id,
                "at": of_id[judgement.hit_id].at if judgement.hit_id in of_id else None,
                "agent": of_id[judgement.hit_id].agent if judgement.hit_id in of_id else None,
                "neighbours": judgement.neighbours,
                "forwarded": [list(sign) for sign in judgement.forwarded] or None,
                "late": judgement.hit_id in of_id and of_id[judgement.hit_id].late,
            }
            for judgement in found.values()
        ],
    )
    for hit_id in found.keys() - held.keys() & of_id.keys():
        _tell_neighbours(connection, of_id[hit_id], delivery_id)
    return any(
        (j.verdict is Verdict.HUMAN, [list(sign) for sign in j.forwarded])
        != held.get(j.hit_id, (False, []))
        for j in found.values()
    )


def _tell_neighbours(connection: Connection, hit: Hit, delivery_id: str | None) -> None:
    if hit.agent is None:
        return
    connection.execute(
        update(verdicts)
        .where(
            verdicts.c.agent == hit.agent,
            verdicts.c.at.between(hit.at - NEAR, hit.at + NEAR),
            verdicts.c.delivery_id != delivery_id,
            verdicts.c.verdict != Verdict.MACHINE,
            verdicts.c.neighbours < MOST_NEIGHBOURS,
        )
        .values(rules_version=STALE)
    )


def leave(connection: Connection, hit_ids: Sequence[str], now: datetime) -> None:
    """Leave the verdicts on hits that nothing is left to judge by as they are, for these rules
    too; what never had one stays unsure."""
    if not hit_ids:
        return
    connection.execute(
        update(verdicts).where(verdicts.c.event_id.in_(hit_ids)).values(rules_version=RULES_VERSION)
    )
    held = set(
        connection.execute(
            select(verdicts.c.event_id).where(verdicts.c.event_id.in_(hit_ids))
        ).scalars()
    )
    keep(
        connection,
        [Judgement(hit_id, Verdict.UNSURE, 0.0, ()) for hit_id in hit_ids if hit_id not in held],
        now,
    )
