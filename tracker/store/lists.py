"""Existing lists of readers: taken in many at a time, each once, and nobody against their will."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, select, update

from tracker.bounces import Suppression
from tracker.store import events
from tracker.store.engine import insert_new
from tracker.store.readers import held_against
from tracker.store.suppressions import address_hash
from tracker.store.tables import (
    consents,
    erasures,
    new_id,
    readers,
    suppressions,
    wordings,
)
from tracker.words import EventKind, SuppressedFor


class Became(Enum):
    """What became of somebody of a list."""

    NEW = auto()
    """A reader who agreed to mail."""
    CONTACT = auto()
    """A reader without a consent, who gets no mail."""
    AGREED = auto()
    """Known already, and now known to have agreed."""
    KNOWN = auto()
    """Known already; what was missing of name and company was filled in."""
    STOPPED = auto()
    """Gets no mail whatever the list says: opted out, complained, or cannot be reached."""
    ERASED = auto()
    """Was erased after they agreed, and is not brought back."""


@dataclass(frozen=True)
class Proof:
    """A consent: its wording as the store keeps it, when it was given (UTC), and how."""

    wording: dict[str, str]
    at: datetime
    method: str


@dataclass(frozen=True)
class Listed:
    """Somebody of a list. ``address`` is normalised; no ``proof``: no consent is known."""

    email: str
    address: str
    name: str
    company: str
    proof: Proof | None


def take(connection: Connection, people: Sequence[Listed], now: datetime) -> list[Became]:
    """Take ``people`` (of different addresses) in; what became of each, in their order. The
    transaction must be ``events.alone``. The same again changes nothing."""
    hashes = {one.address: address_hash(one.address) for one in people}
    known = {
        row.email_normalised: row
        for row in connection.execute(
            select(readers).where(readers.c.email_normalised.in_(list(hashes)))
        )
    }
    held = {
        row.address_hash: Suppression(SuppressedFor(row.reason), row.since)
        for row in connection.execute(
            select(suppressions).where(suppressions.c.address_hash.in_(list(hashes.values())))
        )
    }
    erased = {
        row.address_hash: row.at
        for row in connection.execute(
            select(erasures.c.address_hash, func.max(erasures.c.at).label("at"))
            .where(erasures.c.address_hash.in_(list(hashes.values())))
            .group_by(erasures.c.address_hash)
        )
    }
    found: list[Became] = []
    fresh: list[dict[str, Any]] = []
    ids: dict[str, str] = {}
    for one in people:
        gone_at = erased.get(hashes[one.address])
        row = known.get(one.address)
        if row is not None:
            ids[one.address] = row.id
            found.append(_meet(connection, row, one, now))
        elif gone_at is not None and (one.proof is None or one.proof.at <= gone_at):
            found.append(Became.ERASED)
        else:
            against = held.get(hashes[one.address])
            made = _made(one, against, now)
            ids[one.address] = made["id"]
            fresh.append(made)
            if against is not None:
                found.append(Became.STOPPED)
            else:
                found.append(Became.NEW if one.proof else Became.CONTACT)
    insert_new(connection, readers, fresh)
    _keep(connection, people, ids, hashes, now)
    return found


def _made(one: Listed, against: Suppression | None, now: datetime) -> dict[str, Any]:
    agreed = one.proof is not None and against is None
    row = {
        "id": new_id(),
        "email": one.email,
        "email_normalised": one.address,
        "name": one.name or None,
        "company": one.company or None,
        "created_at": now,
        "acted_at": now,
        "confirmed_at": now if agreed else None,
        "opted_in_at": one.proof.at if one.proof and agreed else None,
        "unsubscribed_at": None,
        "suppressed_at": None,
        "suppressed_for": None,
    }
    return row | (held_against(against) if against else {})


def _meet(connection: Connection, row: Any, one: Listed, now: datetime) -> Became:
    """Bring what a list says to a reader who is known: nothing they told is overwritten."""
    values: dict[str, Any] = {
        name: told
        for name, told in (("name", one.name), ("company", one.company))
        if told and not getattr(row, name)
    }
    stopped = row.unsubscribed_at is not None or row.suppressed_at is not None
    agrees = one.proof is not None and not stopped and row.opted_in_at is None
    if agrees and one.proof is not None:
        values["opted_in_at"] = one.proof.at
        values["confirmed_at"] = row.confirmed_at or now
    if values:
        connection.execute(update(readers).where(readers.c.id == row.id).values(values))
    if stopped:
        return Became.STOPPED
    return Became.AGREED if agrees else Became.KNOWN


def _keep(
    connection: Connection,
    people: Sequence[Listed],
    ids: dict[str, str],
    hashes: dict[str, str],
    now: datetime,
) -> None:
    """Keep the consents with their wordings, and that each came by a list."""
    proofs, facts, words = [], [], {}
    for one in people:
        reader_id = ids.get(one.address)
        if reader_id is None:
            continue
        event_id = f"import:{hashes[one.address][:24]}:{_name(one.proof)}"
        facts.append(
            {
                "id": event_id,
                "at": now,
                "kind": EventKind.IMPORTED,
                "reader_id": reader_id,
                "data": {"agreed": one.proof is not None},
            }
        )
        if one.proof is None:
            continue
        words[one.proof.wording["hash"]] = {**one.proof.wording, "first_shown": one.proof.at}
        proofs.append(
            {
                "event_id": event_id,
                "reader_id": reader_id,
                "at": one.proof.at,
                "wording": one.proof.wording["hash"],
                "method": f"import:{one.proof.method}",
            }
        )
    insert_new(connection, wordings, list(words.values()))
    insert_new(connection, consents, proofs)
    events.append(connection, facts)


def _name(proof: Proof | None) -> str:
    if proof is None:
        return "contact"
    told = repr((proof.wording["hash"], proof.at.isoformat(), proof.method))
    return sha256(told.encode()).hexdigest()[:24]
