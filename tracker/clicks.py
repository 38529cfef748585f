"""Which recorded hits on a mail's link count as a person's click. Pure.

Only what a hit says of itself is weighed here: a hit that hides what it is counts.
"""

from collections.abc import Mapping
from typing import Any


def by_machine(data: Mapping[str, Any] | None) -> bool:
    """Whether a hit says itself that no person made it: a preview or a prefetch, or no browser's
    name at all."""
    return data is not None and bool(data.get("prefetch") or data.get("ua") == "")


def counts_as_click(data: Mapping[str, Any] | None) -> bool:
    """Whether a hit is a person's click within the link's time."""
    return not by_machine(data) and not (data and data.get("late"))
