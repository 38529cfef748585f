"""One call of a provider, and what was heard in it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json
from werkzeug.datastructures import Headers

from tracker.bounces import Notice
from tracker.journal import Entry
from tracker.notices import entry_of
from tracker.settings import Settings
from tracker.verp import Verp


class RefusedError(Exception):
    """The call is not to be listened to; ``status`` is the answer's."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Call:
    """A request as it came. ``fetch`` gets a public file by its URL, or raises ``OSError``."""

    body: bytes
    headers: Headers
    now: datetime
    settings: Settings
    fetch: Callable[[str], bytes]

    def header(self, name: str) -> str:
        """A header that must be there. Raises ``RefusedError``."""
        value = self.headers.get(name)
        if not value:
            raise RefusedError(400, f"no {name}")
        return value

    def json(self) -> Any:
        """The body. Raises ``RefusedError`` for what is not JSON, or too deep."""
        return read_json(self.body)

    def moment(self, value: datetime | None) -> datetime:
        """When something is said to have happened, and never later than now."""
        if value is None:
            return self.now
        at = value if value.tzinfo else value.replace(tzinfo=UTC)
        return min(at.astimezone(UTC), self.now)

    def delivery_of(self, *return_addresses: str | None) -> str | None:
        """The delivery that one of these is the return address of."""
        verp = Verp(self.settings.keys)
        return next((d for a in return_addresses if a and (d := verp.read(a))), None)


@dataclass
class Heard:
    """The facts to keep, and how many others were left, by why (a word of the code's own)."""

    entries: list[Entry] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)

    def add(self, notice: Notice) -> None:
        self.entries.append(entry_of(notice))


class Provider(Protocol):
    """What each module of a provider offers."""

    NAME: str
    PATH: str

    def configured(self, settings: Settings) -> bool:
        """Whether the operator has set it up."""

    def hear(self, call: Call) -> Heard:
        """What the call tells. Raises ``RefusedError`` for one that is not the provider's."""


class Said(BaseModel):
    """A part of a body: what we read of it, of the right types; the rest is left."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


def read_json(text: bytes | str) -> Any:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise RefusedError(400, f"not JSON: {error}") from None
