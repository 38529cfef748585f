"""``sodate rebuild --dry-run``: what the rules of the working tree would make of everybody."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from nurture_worker.readers import batches
from nurture_worker.readers.following import rules_of
from nurture_worker.scoring.concluding import Rules, conclude
from nurture_worker.scoring.heat import why_hot
from nurture_worker.scoring.points import evidence, untold_by
from nurture_worker.tools import Tools
from tracker.catalogue import Catalogue
from tracker.catalogue.scoring import BY_SCORE, Scoring
from tracker.events import Event, at_present
from tracker.store import events, readers
from tracker.store.engine import reading
from tracker.words import Stage

MOST_NAMED = 50


@dataclass(frozen=True)
class Standing:
    """What rules make of one reader; ``hot`` are the reasons, none for who is not hot."""

    stage: Stage | None
    score: float
    hot: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """One reader of whom the new rules say something else; ``address`` is empty for the erased."""

    address: str
    before: Standing
    after: Standing

    @property
    def moves(self) -> bool:
        return self.before.stage is not self.after.stage

    @property
    def turns(self) -> bool:
        """Whether they become hot, or cease to be."""
        return bool(self.before.hot) is not bool(self.after.hot)


@dataclass
class Comparison:
    """All readers; ``before`` and ``after`` are the sums of their scores."""

    readers: int = 0
    before: float = 0
    after: float = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: "Comparison") -> None:
        self.readers += other.readers
        self.before += other.before
        self.after += other.after
        self.differences += other.differences


def compare(tools: Tools, catalogue: Catalogue) -> Comparison:
    """The rules that hold now against those of ``catalogue``, both over the whole log. Nothing is
    written."""
    with reading(tools.engine) as connection:
        old, new = rules_of(tools, connection), rules_of(tools, connection, catalogue)
    found = Comparison()
    for _, part in batches.each(tools, _compared, old, new, tools.now()):
        found.add(part)
    return found


def _compared(
    connection: Connection, reader_ids: Collection[str], old: Rules, new: Rules, now: datetime
) -> Comparison:
    untold = untold_by(old.scoring) & untold_by(new.scoring)
    done = events.of_readers(connection, reader_ids, untold)
    found = Comparison()
    for reader_id, reader in readers.all_of(connection, reader_ids).items():
        before, after = (
            standing(done[reader_id], rules, now, reader.email, reader.company)
            for rules in (old, new)
        )
        found.readers += 1
        found.before += before.score
        found.after += after.score
        if before != after:
            found.differences.append(Difference(reader.email or "", before, after))
    return found


def standing(
    done: Sequence[Event], rules: Rules, now: datetime, address: str | None, company: str | None
) -> Standing:
    """What ``rules`` make of one reader's events."""
    sifted = evidence(at_present(done, rules.moved))
    one = conclude(sifted, rules, now, address=address, company=company)
    reasons = why_hot(
        sifted, one.score, rules.scoring, now, stage_of=rules.stage_of, zone=rules.zone
    )
    stage = one.stages[-1].stage if one.stages else None
    return Standing(stage, one.score, tuple(reason.rule for reason in reasons))


def lines(found: Comparison, scoring: Scoring, most: int = MOST_NAMED) -> Iterator[str]:
    """The comparison in words: how many, then who, those whose stage moves first."""
    yield f"いまの site/ の決まりで計算し直すと（{found.readers:,}人。何も書き換えません）:"
    if not found.differences:
        yield "  だれの段階も点数も変わりません"
        return
    moves = [one for one in found.differences if one.moves]
    ways = Counter(f"{_stage(one.before)} → {_stage(one.after)}" for one in moves)
    told = "、".join(f"{way} {count:,}人" for way, count in ways.most_common())
    yield f"  段階が変わる: {len(moves):,}人{f'（{told}）' if told else ''}"
    hotter = sum(one.turns and bool(one.after.hot) for one in found.differences)
    cooler = sum(one.turns and bool(one.before.hot) for one in found.differences)
    yield f"  温まった読者になる: {hotter:,}人、でなくなる: {cooler:,}人"
    scored = sum(one.before.score != one.after.score for one in found.differences)
    mean_before, mean_after = found.before / found.readers, found.after / found.readers
    yield f"  点数が変わる: {scored:,}人（1人平均 {mean_before:.1f}点 → {mean_after:.1f}点）"
    named = sorted(
        found.differences,
        key=lambda one: (not one.moves, not one.turns, -_by(one), one.address),
    )
    yield "だれがどう変わるか" + (f"（はじめの{most}人）:" if len(named) > most else ":")
    for one in named[:most]:
        yield f"  {one.address or '消去した読者'}: {_change(one, scoring)}"


def _change(one: Difference, scoring: Scoring) -> str:
    parts = []
    if one.moves:
        parts.append(f"{_stage(one.before)} → {_stage(one.after)}")
    if one.before.score != one.after.score:
        parts.append(f"{one.before.score:.1f}点 → {one.after.score:.1f}点")
    if one.turns and one.after.hot:
        parts.append(f"温まった読者になる（{_reasons(one.after, scoring)}）")
    elif one.turns:
        parts.append("温まった読者でなくなる")
    elif one.before.hot != one.after.hot:
        parts.append(f"温まった理由が変わる（{_reasons(one.after, scoring)}）")
    return "、".join(parts)


def _reasons(standing: Standing, scoring: Scoring) -> str:
    return "、".join(
        f"{scoring.hot.at}点に届く" if rule == BY_SCORE else rule for rule in standing.hot
    )


def _stage(standing: Standing) -> str:
    return standing.stage.label if standing.stage else "段階なし"


def _by(one: Difference) -> float:
    return abs(one.after.score - one.before.score)
