"""Whom a page is written for: one Markdown file each in ``site/personas``."""

from pydantic import Field

from tracker.catalogue.values import Value


class PersonaFront(Value):
    """The front matter of ``site/personas/<id>.md``; the text below it describes the person."""

    name: str = Field(min_length=1, description="どういう人か（例: 従業員20名の製造業の社長）")
    worry: str = Field(min_length=1, description="その人の困りごとを、その人の言葉で一文")


class Persona(PersonaFront):
    id: str
