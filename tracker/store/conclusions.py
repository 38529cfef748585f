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


_Move = tuple[str, str | None, str, str | None, datetime]
"""The row of a move: its id, from where, to where, by which event, when."""


@dataclass
class Kept:
    """What is kept of one reader: points by event and rule, and the rows of the stages."""

    points: dict[tuple[str, str], int] = field(default_factory=dict)
    moves: list[_Move] = field(default_factory=list)


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
        found[reader_id].moves.append((move[0], move[1], move[2], move[3], move[4]))
    return found


def changes(connection: Connection, all_of: Iterable[Concluded]) -> "Changes":
    """What there is to write, so that what was concluded is kept in place of what is."""
    all_of = list(all_of)
    before = kept(connection, [one.reader.id for one in all_of])
    found = Changes()
    for one in all_of:
        found.note(one, before[one.reader.id])
    return found


@dataclass
class Changes:
    """Rows to write, of the readers in ``readers`` (by id: how often there was something to write
    of them when this was found) and no others."""

    gone_entries: list[dict[str, Any]] = field(default_factory=list)
    new_entries: list[dict[str, Any]] = field(default_factory=list)
    gone_moves: list[dict[str, Any]] = field(default_factory=list)
    new_moves: list[dict[str, Any]] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    standings: list[dict[str, Any]] = field(default_factory=list)
    readers: dict[str, int] = field(default_factory=dict)
    moved: list[str] = field(default_factory=list)
    """Those of them who are in another stage now."""

    def note(self, one: Concluded, before: Kept) -> None:
        differs = self._entries(one, before.points)
        differs = self._moves(one, before.moves) or differs
        if self._reader(one, differs):
            self.readers[one.reader.id] = one.reader.concluded
            if one.stage is not one.reader.stage:
                self.moved.append(one.reader.id)

    def _entries(self, one: Concluded, before: dict[tuple[str, str], int]) -> bool:
        count = len(self.gone_entries) + len(self.new_entries)
        for entry in one.entries:
            held = before.pop((entry.event_id, entry.rule), None)
            if held == entry.points:
                continue
            row = {"reader_id": one.reader.id, "event_id": entry.event_id, "rule": entry.rule}
            if held is not None:
                self.gone_entries.append(_of_row(row))
            self.new_entries.append({**row, "at": entry.at, "points": entry.points})
        for event_id, rule in before:
            row = {"reader_id": one.reader.id, "event_id": event_id, "rule": rule}
            self.gone_entries.append(_of_row(row))
        return len(self.gone_entries) + len(self.new_entries) != count

    def _moves(self, one: Concluded, before: list[_Move]) -> bool:
        held = {move[1:]: move[0] for move in before}
        wanted: list[tuple[str | None, str, str | None, datetime]] = []
        from_stage: Stage | None = None
        for move in one.moves:
            wanted.append((from_stage, move.stage, move.event_id, move.at))
            from_stage = move.stage
        fresh = [row for row in wanted if held.pop(row, None) is None]
        of_reader = {"reader_id": one.reader.id}
        names = ("from_stage", "to_stage", "event_id", "at")
        self.new_moves += [
            {"id": new_id(), **of_reader, **dict(zip(names, row, strict=True))} for row in fresh
        ]
        self.gone_moves += [_of_row({**of_reader, "id": move_id}) for move_id in held.values()]
        return bool(fresh or held)

    def _reader(self, one: Concluded, differs: bool) -> bool:
        reader = one.reader
        since = one.moves[-1].at if one.moves else None
        sunset_at = reader.sunset_at
        if sunset_at is not None and one.acted_at > sunset_at:
            sunset_at = None  # that it is over with them holds only until they act
        wanted = (one.stage, since, one.acted_at, sunset_at)
        row = {"of_id": reader.id, "score": one.score}
        if wanted != (reader.stage, reader.stage_since, reader.acted_at, reader.sunset_at):
            names = ("stage", "stage_since", "acted_at", "sunset_at")
            self.standings.append({**row, **dict(zip(names, wanted, strict=True))})
        elif one.score != reader.score or differs:
            self.scores.append(row)
        else:
            return False
        return True

    def without(self, reader_ids: Collection[str]) -> "Changes":
        """The same, but of these readers nothing."""
        if not reader_ids:
            return self

        def others(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [
                row
                for row in rows
                if next(row[key] for key in _OWNERS if key in row) not in reader_ids
            ]

        return Changes(
            gone_entries=others(self.gone_entries),
            new_entries=others(self.new_entries),
            gone_moves=others(self.gone_moves),
            new_moves=others(self.new_moves),
            scores=others(self.scores),
            standings=others(self.standings),
            readers={i: n for i, n in self.readers.items() if i not in reader_ids},
            moved=[i for i in self.moved if i not in reader_ids],
        )

    def write(self, connection: Connection) -> None:
        """Write it, in a transaction that holds these readers since it was found."""
        of_entry = (score_entries.c.event_id == bindparam("of_event_id")) & (
            score_entries.c.rule == bindparam("of_rule")
        )
        of_reader = readers.c.id == bindparam("of_id")
        for statement, rows in (
            (delete(score_entries).where(of_entry), self.gone_entries),
            (insert(score_entries), self.new_entries),
            (
                delete(stage_changes).where(stage_changes.c.id == bindparam("of_id")),
                self.gone_moves,
            ),
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
    once_more = {"concluded": readers.c.concluded + 1}
    return {**{column: bindparam(column) for column in columns}, **once_more}


def _of_row(row: dict[str, Any]) -> dict[str, Any]:
    """The keys by which a row is found; ``of_reader_id`` says whose it is."""
    return {f"of_{name}": value for name, value in row.items()}


_OWNERS = ("reader_id", "of_reader_id", "of_id")
