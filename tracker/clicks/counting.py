"""What a verdict means for what is counted."""

from collections.abc import Mapping
from typing import Any

from tracker.clicks.weights import FORWARDED_FROM
from tracker.words import Verdict


def counts_as_click(data: Mapping[str, Any] | None) -> bool:
    """Whether an event of the log, read with its verdict, is a person's click in the link's time."""
    told = data or {}
    return told.get("verdict") == Verdict.HUMAN and not told.get("late")


def counts_for_reader(data: Mapping[str, Any] | None) -> bool:
    """Whether it is a click of the very reader whom the mail was for, and not clearly that of
    somebody who was handed it: what scores, stages and branches follow."""
    return counts_as_click(data) and forwardedness(data) < FORWARDED_FROM


def forwardedness(data: Mapping[str, Any] | None) -> float:
    """How much says that a click was somebody's whom the mail was handed on to."""
    return sum(float(weight) for _name, weight in (data or {}).get("forwarded") or ())
