"""Whom a page is written for: one Markdown file each in ``site/personas``."""

from pydantic import Field

from tracker.catalogue.values import Value


class PersonaFront(Value):
    """The front matter of ``site/personas/<id>.md``; the text below it describes the person."""

    name: str = Field(min_length=1)
    worry: str = Field(min_length=1)


class Persona(PersonaFront):
    id: str
