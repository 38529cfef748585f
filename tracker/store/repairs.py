"""What was repaired after a diagnosis, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from tracker.diagnosis import ON_NO_PAGE, DefectKind, Finding, Place
from tracker.store.tables import new_id, repairs


@dataclass(frozen=True)
class Repair:
    id: str
    at: datetime
    kind: DefectKind
    place: Place

    @property
    def key(self) -> str:
        """What it was that was repaired; the same as of its finding."""
        return self.place.key_as(self.kind)


def mark(connection: Connection, finding: Finding, at: datetime) -> str:
    """Remember that what ``finding`` tells of was repaired at that time; the repair's id."""
    own_id = new_id()
    connection.execute(
        insert(repairs).values(
            id=own_id, repaired_at=at, kind=finding.kind, page=finding.page,
            section=finding.section, cta=finding.cta, form=finding.form or finding.thing,
            title=finding.title,
            spot=finding.where,
        )
    )  # fmt: skip
    return own_id


def take_back(connection: Connection, repair_id: str) -> None:
    """It was not repaired after all."""
    connection.execute(delete(repairs).where(repairs.c.id == repair_id))


def since(
    connection: Connection, begin: datetime, moved: Mapping[str, str] | None = None
) -> list[Repair]:
    """The repairs made since then, the newest first. ``moved`` says of an address that a page had
    before which it has now."""
    moved = moved or {}
    rows = connection.execute(
        select(repairs)
        .where(repairs.c.repaired_at >= begin)
        .order_by(repairs.c.repaired_at.desc(), repairs.c.id)
    )
    return [
        Repair(
            id=row.id,
            at=row.repaired_at,
            kind=row.kind,
            place=Place(
                page=moved.get(row.page, row.page), title=row.title, where=row.spot,
                section=row.section, cta=row.cta,
                **{"thing" if row.kind in ON_NO_PAGE else "form": row.form},
            ),
        )
        for row in rows
    ]  # fmt: skip
