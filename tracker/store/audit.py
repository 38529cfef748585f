"""The audit log: who did what at the desk or from a shell. Append-only; the database itself
refuses to change or remove a line.

Of a reader it keeps the public id alone, so that an erased reader stays erased.
"""

import getpass
import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from tracker.store.tables import audit
from tracker.words import Act

PAGE_SIZE = 100
NOBODY = "?"
"""Who tried to sign in without being known."""
SYSTEM = "system"
"""What the house does by itself."""


@dataclass(frozen=True)
class Entry:
    """One line. ``actor`` is an account's address, ``shell:<user>``, ``SYSTEM`` or ``NOBODY``;
    ``about`` is ``reader:<id>``, ``account:<address>`` or empty."""

    seq: int
    at: datetime
    actor: str
    act: Act
    about: str
    network: str | None
    details: dict[str, Any]


def record(
    connection: Connection,
    now: datetime,
    actor: str,
    act: Act,
    *,
    about: str = "",
    network: str | None = None,
    **details: Any,
) -> None:
    """Add a line, in the transaction of what it tells of. ``details`` must be plain JSON and hold
    nothing that tells who a reader is."""
    connection.execute(
        insert(audit).values(
            at=now, actor=actor, act=act, about=about, network=network, details=details
        )
    )


def shell() -> str:
    """Who works at this shell, as an actor."""
    try:
        return f"shell:{getpass.getuser()}"
    except (OSError, KeyError, ImportError):  # a user of a container that has no name
        return f"shell:{os.getuid()}"


def entries(
    connection: Connection,
    *,
    act: Act | None = None,
    actor: str | None = None,
    before: int | None = None,
) -> tuple[list[Entry], int | None]:
    """Up to ``PAGE_SIZE`` lines, the newest first, and the ``before`` of the next page (``None``:
    there is none)."""
    statement = select(*(audit.c[name] for name in Entry.__dataclass_fields__))
    if act is not None:
        statement = statement.where(audit.c.act == act)
    if actor is not None:
        statement = statement.where(audit.c.actor == actor)
    if before is not None:
        statement = statement.where(audit.c.seq < before)
    rows = connection.execute(statement.order_by(audit.c.seq.desc()).limit(PAGE_SIZE + 1)).all()
    page = [Entry(**{**row._mapping, "act": Act(row.act)}) for row in rows[:PAGE_SIZE]]
    return page, page[-1].seq if len(rows) > PAGE_SIZE else None


def actors(connection: Connection) -> list[str]:
    """Everybody the log names, in order of name."""
    return list(
        connection.execute(select(audit.c.actor).distinct().order_by(audit.c.actor)).scalars()
    )
