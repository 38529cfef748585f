"""The base of every value in the catalogue: frozen, and unknown keys are a mistake."""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError


class Value(BaseModel):
    """Frozen; refuses unknown keys, so that a misspelt key is told and not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Gap(NamedTuple):
    """What does not fit together in a value; ``at`` leads from the value to the key to mend."""

    at: tuple[str | int, ...]
    message: str


def refuse(gaps: Sequence[Gap]) -> None:
    """Raise all ``gaps`` as one error of a validator; does nothing without any."""
    if gaps:
        raise PydanticCustomError(
            "gaps", "{summary}", {"summary": " / ".join(g.message for g in gaps), "gaps": gaps}
        )
