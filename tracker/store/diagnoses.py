"""The diagnoses made so far, as they were told."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import Connection, insert, select

from tracker.diagnosis import DiagnosisReport
from tracker.store.tables import diagnoses, new_id


@dataclass(frozen=True)
class Stored:
    """A diagnosis, when it was made and up to which place of the event log. ``report`` is None where an older version made it."""

    id: str
    made_at: datetime
    up_to_seq: int
    report: DiagnosisReport | None


def save(
    connection: Connection, report: DiagnosisReport, *, made_at: datetime, up_to_seq: int
) -> str:
    """Keep a diagnosis made of the event log up to that place; its id."""
    own_id = new_id()
    connection.execute(
        insert(diagnoses).values(
            id=own_id,
            made_at=made_at,
            from_at=report.since,
            to_at=report.until,
            up_to_seq=up_to_seq,
            data=report.model_dump(mode="json"),
        )
    )
    return own_id


def newest(connection: Connection) -> Stored | None:
    row = connection.execute(
        select(diagnoses.c.id, diagnoses.c.made_at, diagnoses.c.up_to_seq, diagnoses.c.data)
        .order_by(diagnoses.c.made_at.desc(), diagnoses.c.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    try:
        report = DiagnosisReport.model_validate(row.data)
    except ValidationError:
        report = None
    return Stored(row.id, row.made_at, row.up_to_seq, report)
