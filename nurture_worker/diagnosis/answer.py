"""A diagnosis in the answer format that goes with ``lead-events/1``."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tracker.diagnosis import ON_NO_PAGE, DefectKind, DiagnosisReport, Gain, Place

LEVEL = 0.8


@dataclass(frozen=True)
class Row:
    """What was said of one object, named as the format names it."""

    kind: DefectKind
    object: dict[str, Any]
    status: Literal["found", "clear", "insufficient"]
    more_sessions: int | None = None
    gain: Gain | None = None

    @classmethod
    def of(
        cls,
        kind: DefectKind,
        place: Place,
        status: Literal["found", "clear", "insufficient"],
        more_sessions: int | None = None,
        gain: Gain | None = None,
    ) -> "Row":
        """The row of what stands at ``place``."""
        return cls(kind, _object(kind, place), status, more_sessions, gain)

    @property
    def key(self) -> tuple[str, str]:
        """What it was said of."""
        return self.kind, json.dumps(self.object, sort_keys=True)


def rows(report: DiagnosisReport) -> Iterator[Row]:
    """Every object that was asked about: found ones first, the largest gain first."""
    for finding in report.findings:
        yield Row.of(finding.kind, finding, "found", gain=finding.gain)
    for cleared in report.cleared:
        yield Row.of(cleared.kind, cleared, "clear")
    for waiting in report.undecided:
        yield Row.of(waiting.kind, waiting, "insufficient", waiting.more_sessions)


def answer(report: DiagnosisReport, case: str) -> dict[str, Any]:
    """The whole answer as plain values, ready for JSON."""
    return {
        "case": case,
        "level": LEVEL,
        "summary": report.summary,
        "findings": [
            {
                "kind": row.kind,
                "object": row.object,
                "status": row.status,
                "more_sessions": row.more_sessions,
                "gain": row.gain.model_dump() if row.gain else None,
            }
            for row in rows(report)
        ],
    }


def _object(kind: DefectKind, place: Place) -> dict[str, Any]:
    if kind == "section_cliff":
        return {"page": place.page, "section": place.section}
    if kind == "dead_end":
        return {"page": place.page}
    if kind in ON_NO_PAGE:
        names = ("scenario", "step") if kind == "step_loses" else ("stage", "persona")
        return dict(zip(names, (place.thing or "/").split("/"), strict=True))
    if kind == "form_abandon":
        return {"gate": place.form}
    return {"cta": place.cta}
