"""A sentence that is kept with what it was made of, so that it can be said in another language."""

import json
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator


class Said(str):
    """A message in Japanese with its ``%(name)s`` filled in: that text, wherever text is wanted.

    A value that is itself ``Said`` is part of what is said; any other is the site's own words or a
    number, and the same in every language.
    """

    message: str
    values: dict[str, str]

    def __new__(cls, message: str, /, **values: str) -> "Said":
        own = super().__new__(cls, message % values if values else message)
        own.message, own.values = message, values
        return own


def joined(message: str, parts: list[str]) -> str:
    """``parts`` as one, two by two by a message with ``first`` and ``next``."""
    whole = parts[0]
    for part in parts[1:]:
        whole = Said(message, first=whole, next=part)
    return whole


def to_plain(text: str) -> Any:
    """``text`` as JSON takes it: what is ``Said`` with its message and values."""
    if not isinstance(text, Said):
        return text
    return {"message": text.message, "values": {k: to_plain(v) for k, v in text.values.items()}}


def of_plain(plain: Any) -> str:
    """The text that ``to_plain`` was given. Raises ``ValueError`` for anything else."""
    match plain:
        case str():
            return plain
        case {"message": str(message), "values": dict(values)}:
            return Said(message, **{name: of_plain(value) for name, value in values.items()})
    raise ValueError("neither a text nor a message with its values")


def to_column(text: str) -> str:
    """``text`` for a column of text."""
    return json.dumps(to_plain(text), ensure_ascii=False) if isinstance(text, Said) else text


def of_column(kept: str) -> str:
    """The text that ``to_column`` was given."""
    try:
        return of_plain(json.loads(kept)) if kept.startswith("{") else kept
    except ValueError:
        return kept


Words = Annotated[str, PlainValidator(of_plain), PlainSerializer(to_plain, when_used="json")]
"""A field for a sentence; in JSON it stays what it was made of."""
