"""What each mail said: the letter that many got, once by its hash, and what was one reader's own.

Links stand in it with where they led, not as they were signed: who looks at a letter later is not
its reader.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from tracker.store.engine import insert_new, put
from tracker.store.tables import letters, templates


@dataclass(frozen=True)
class Kept:
    """``values`` are plain, ``parts`` whole pieces of plain text and of HTML. ``source`` is the
    file it was made from, ``source_hash`` that file's words, ``catalogue`` all of the content then.
    """

    delivery_id: str
    template: str
    source: str
    source_hash: str
    catalogue: str
    at: datetime
    subject: str
    text: str
    html: str
    targets: tuple[str | None, ...]
    values: Mapping[str, str]
    parts: Mapping[str, tuple[str, str]]


def keep_templates(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep these templates, but those whose hash is kept already."""
    asked = [row["hash"] for row in rows]
    known = set(
        connection.execute(select(templates.c.hash).where(templates.c.hash.in_(asked))).scalars()
    )
    insert_new(connection, templates, [row for row in rows if row["hash"] not in known])


def keep_each(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what these mails said; what attempts before them would have said is forgotten."""
    put(connection, letters, rows)


def get(connection: Connection, delivery_id: str) -> Kept | None:
    """What the mail said; ``None`` where it is not kept, or was erased with its reader."""
    row = connection.execute(
        select(letters, templates)
        .join(templates, templates.c.hash == letters.c.template)
        .where(letters.c.delivery_id == delivery_id)
    ).one_or_none()
    if row is None:
        return None
    return Kept(
        delivery_id=row.delivery_id,
        template=row.template,
        source=row.source,
        source_hash=row.source_hash,
        catalogue=row.catalogue,
        at=row.at,
        subject=row.subject,
        text=row.text,
        html=row.html,
        targets=tuple(row.targets),
        values=row.own["values"],
        parts={name: (text, html) for name, (text, html) in row.own["parts"].items()},
    )


def kept_of_reader(connection: Connection, reader_id: str) -> set[str]:
    """The deliveries to a reader of which it is kept what they said."""
    return set(
        connection.execute(
            select(letters.c.delivery_id).where(letters.c.reader_id == reader_id)
        ).scalars()
    )
