"""Rows of the store, told in few words: readers, what they did, what they were sent."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, insert

from tests.conftest import NOW
from tracker.clicks.hits import Hit
from tracker.clicks.judging import Judgement
from tracker.store import events, tables, verdicts
from tracker.words import DeliveryState, EventKind, HandoffCause, MailKind, Stage, Verdict

_numbers = count()


class Story:
    """Writes into one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def reader(
        self, id_: str, *, at: datetime = NOW, visitor: str | None = None, **more: Any
    ) -> str:
        values: dict[str, Any] = {
            "id": id_,
            "email": f"{id_}@example.jp",
            "email_normalised": f"{id_}@example.jp",
            "created_at": at,
            "score": 0.0,
            **more,
        }
        self.connection.execute(insert(tables.readers).values(values))
        if visitor:
            self.connection.execute(
                insert(tables.visitors).values(visitor=visitor, reader_id=id_, since=at)
            )
        return id_

    def event(self, kind: EventKind, at: datetime = NOW, **more: Any) -> str:
        row = {
            "id": f"event-{next(_numbers)}",
            "at": at,
            "kind": kind,
            **dict.fromkeys(("reader_id", "visitor", "view", "page", "section")),
            **dict.fromkeys(("cta", "gate", "delivery_id", "data")),
            **more,
        }
        assert events.append(self.connection, [row])
        if kind is EventKind.MAIL_CLICK:
            data = more.get("data") or {}
            machine = data.get("prefetch") or not data.get("ua")
            held = Judgement(str(row["id"]), Verdict.MACHINE if machine else Verdict.HUMAN, 0.0, ())
            hit = Hit.of(str(row["id"]), at, data)
            verdicts.keep(self.connection, [held], at, [hit], more.get("delivery_id"))
        return str(row["id"])

    def view(
        self,
        page: str,
        *,
        view: str,
        visitor: str,
        at: datetime = NOW,
        reached: int = 0,
        end: dict[str, Any] | None = None,
        seen: tuple[str, ...] = (),
        clicked: tuple[str, ...] = (),
    ) -> None:
        own: dict[str, Any] = {"view": view, "visitor": visitor, "page": page}
        self.event(EventKind.PAGE_VIEW, at, data={"ref": "search"}, **own)
        for section in range(1, reached + 1):
            self.event(EventKind.SECTION, at, section=section, **own)
        for cta in seen:
            self.event(EventKind.CTA_SEEN, at, cta=cta, **own)
        for cta in clicked:
            self.event(EventKind.CTA_CLICK, at, cta=cta, **own)
        if end is not None:
            self.event(EventKind.PAGE_END, at, data=end, **own)

    def mail(
        self,
        id_: str,
        reader_id: str | None,
        state: DeliveryState = DeliveryState.SENT,
        *,
        at: datetime = NOW,
        kind: MailKind = MailKind.STEP,
        scenario: str | None = "awareness",
        step: str | None = "thanks",
        **more: Any,
    ) -> str:
        settled = state not in (
            DeliveryState.PLANNED,
            DeliveryState.CLAIMED,
            DeliveryState.SENDING,
        )
        values: dict[str, Any] = {
            "id": id_,
            "key": f"key-{id_}",
            "kind": kind,
            "channel": "mail",
            "reader_id": reader_id,
            "scenario": scenario,
            "step": step,
            "message_id": f"<{id_}@example.jp>",
            "state": state,
            "planned_at": at,
            "due_at": at,
            "settled_at": at if settled else None,
            **more,
        }
        self.connection.execute(insert(tables.deliveries).values(values))
        return id_

    def move(
        self,
        reader_id: str,
        to: Stage,
        *,
        at: datetime = NOW,
        since: Stage | None = None,
        by: str | None = None,
    ) -> None:
        self.connection.execute(
            insert(tables.stage_changes).values(
                id=f"move-{next(_numbers)}",
                reader_id=reader_id,
                at=at,
                from_stage=since,
                to_stage=to,
                event_id=by,
            )
        )

    def points(
        self, reader_id: str, event_id: str, rule: str, points: int, at: datetime = NOW
    ) -> None:
        self.connection.execute(
            insert(tables.score_entries).values(
                event_id=event_id, rule=rule, reader_id=reader_id, at=at, points=points
            )
        )

    def handoff(self, id_: str, reader_id: str, *, at: datetime = NOW, **more: Any) -> str:
        values: dict[str, Any] = {
            "id": id_,
            "reader_id": reader_id,
            "cause": HandoffCause.HOT,
            "opened_at": at,
            "due_at": at + timedelta(days=2),
            "score": 52.0,
            "stage": Stage.TRUST,
            "reasons": [],
            **more,
        }
        self.connection.execute(insert(tables.handoffs).values(values))
        return id_

    def inquiry(self, reader_id: str, message: str, at: datetime = NOW) -> str:
        event_id = self.event(EventKind.INQUIRY, at, reader_id=reader_id, page="inquiry/")
        self.connection.execute(
            insert(tables.inquiries).values(
                event_id=event_id, reader_id=reader_id, at=at, message=message
            )
        )
        return event_id
