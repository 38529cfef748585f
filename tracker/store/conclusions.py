"""What the worker concluded from the log and keeps beside it: score entries, scores, stages."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from tracker.store.readers import Reader
from tracker.store.tables import new_id, readers, score_entries, stage_changes
from tracker.words import Stage


class Entry(Protocol):
    """Points with their reason."""

    @property
    def event_id(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def points(self) -> int: ...


class Move(Protocol):
    """A stage, the event that was enough for it, and when the reader was in it."""

    @property
    def stage(self) -> Stage: ...
    @property
    def event_id(self) -> str: ...
    @property
    def at(self) -> datetime: ...


@dataclass
class Kept:
    """What is kept of one reader: points by event and rule, and the rows of the stages."""

    points: dict[tuple[str, str], int] = field(default_factory=dict)
    moves: list[tuple[str, str | None, str, str | None, datetime]] = field(default_factory=list)


@dataclass(frozen=True)
class Concluded:
    """What is to be kept of ``reader``, who is as the store has them now."""

    reader: Reader
    entries: Sequence[Entry]
    score: float
    moves: Sequence[Move]
    acted_at: datetime

    @property
    def stage(self) -> Stage | None:
        return self.moves[-1].stage if self.moves else None


def kept(connection: Connection, reader_ids: Collection[str]) -> dict[str, Kept]:
    """What is kept of each of these readers."""
    found = {reader_id: Kept() for reader_id in reader_ids}
    entries = connection.execute(
        select(
            score_entries.c.reader_id,
            score_entries.c.event_id,
            score_entries.c.rule,
            score_entries.c.points,
        ).where(score_entries.c.reader_id.in_(reader_ids))
    )
    for reader_id, event_id, rule, points in entries:
        found[reader_id].points[event_id, rule] = points
    changes = connection.execute(
        select(
            stage_changes.c.reader_id,
            stage_changes.c.id,
            stage_changes.c.from_stage,
            stage_changes.c.to_stage,
            stage_changes.c.event_id,
            stage_changes.c.at,
        ).where(stage_changes.c.reader_id.in_(reader_ids))
    )
    for reader_id, *move in changes:
        found[reader_id].moves.append(tuple(move))
    return found


def keep(connection: Connection, all_of: Iterable[Concluded]) -> set[str]:
    """Keep what was concluded in place of what is kept, and write no more than differs; the ids of
    the readers of whom anything did."""
    all_of = list(all_of)
    before = kept(connection, [one.reader.id for one in all_of])
    changes = _Changes()
    for one in all_of:
        changes.note(one, before[one.reader.id])
    changes.write(connection)
    return changes.readers


@dataclass
class _Changes:
    gone_entries: list[dict[str, Any]] = field(default_factory=list)
    new_entries: list[dict[str, Any]] = field(default_factory=list)
    gone_moves: list[dict[str, Any]] = field(default_factory=list)
    new_moves: list[dict[str, Any]] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    standings: list[dict[str, Any]] = field(default_factory=list)
    readers: set[str] = field(default_factory=set)

    def note(self, one: Concluded, before: Kept) -> None:
        self._entries(one, before.points)
        self._moves(one, before.moves)
        self._reader(one)

    def _entries(self, one: Concluded, before: dict[tuple[str, str], int]) -> None:
        reader_id = one.reader.id
        for entry in one.entries:
            held = before.pop((entry.event_id, entry.rule), None)
            if held == entry.points:
                continue
            if held is not None:
                self.gone_entries.append({"of_event": entry.event_id, "by_rule": entry.rule})
            self.new_entries.append(
                {
                    "event_id": entry.event_id,
                    "rule": entry.rule,
                    "reader_id": reader_id,
                    "at": entry.at,
                    "points": entry.points,
                }
            )
            self.readers.add(reader_id)
        for event_id, rule in before:
            self.gone_entries.append({"of_event": event_id, "by_rule": rule})
            self.readers.add(reader_id)

    def _moves(
        self, one: Concluded, before: list[tuple[str, str | None, str, str | None, datetime]]
    ) -> None:
        held = {move[1:]: move[0] for move in before}
        from_stage: Stage | None = None
        for move in one.moves:
            row = (from_stage, move.stage, move.event_id, move.at)
            if held.pop(row, None) is None:
                names = ("from_stage", "to_stage", "event_id", "at")
                self.new_moves.append(
                    {
                        "id": new_id(),
                        "reader_id": one.reader.id,
                        **dict(zip(names, row, strict=True)),
                    }
                )
                self.readers.add(one.reader.id)
            from_stage = move.stage
        for move_id in held.values():
            self.gone_moves.append({"move": move_id})
            self.readers.add(one.reader.id)

    def _reader(self, one: Concluded) -> None:
        reader = one.reader
        since = one.moves[-1].at if one.moves else None
        sunset_at = reader.sunset_at
        if sunset_at is not None and one.acted_at > sunset_at:
            sunset_at = None  # that it is over with them holds only until they act
        wanted = (one.stage, since, one.acted_at, sunset_at)
        if wanted != (reader.stage, reader.stage_since, reader.acted_at, reader.sunset_at):
            names = ("stage", "stage_since", "acted_at", "sunset_at")
            row = {**dict(zip(names, wanted, strict=True)), "score": one.score}
            self.standings.append({"of_reader": reader.id, **row})
            self.readers.add(reader.id)
        elif one.score != reader.score:
            self.scores.append({"of_reader": reader.id, "score": one.score})
            self.readers.add(reader.id)

    def write(self, connection: Connection) -> None:
        of_entry = (score_entries.c.event_id == bindparam("of_event")) & (
            score_entries.c.rule == bindparam("by_rule")
        )
        of_reader = readers.c.id == bindparam("of_reader")
        for statement, rows in (
            (delete(score_entries).where(of_entry), self.gone_entries),
            (insert(score_entries), self.new_entries),
            (delete(stage_changes).where(stage_changes.c.id == bindparam("move")), self.gone_moves),
            (insert(stage_changes), self.new_moves),
            (update(readers).where(of_reader).values(_bound("score")), self.scores),
            (
                update(readers)
                .where(of_reader)
                .values(_bound("stage", "stage_since", "acted_at", "sunset_at", "score")),
                self.standings,
            ),
        ):
            if rows:
                connection.execute(statement, rows)


def _bound(*columns: str) -> Mapping[str, Any]:
    return {column: bindparam(column) for column in columns}
