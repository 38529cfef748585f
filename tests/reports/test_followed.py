"""What is followed by moves: told where it is more than chance, and how much is lacking else."""

from random import Random

import pytest

from tracker.reports.followed import FEWEST, WITHIN_MS, followed, readers_for, ways_of
from tracker.reports.rows import DAY_MS, GOAL, MONDAY_MS, WEEK_MS, Kind, Move, Thing, Touch, week_of

START = 3000 * WEEK_MS + MONDAY_MS
NOW = START + 40 * WEEK_MS
CASE, PLAIN = Thing(Kind.PAGE, "cases/a/"), Thing(Kind.PAGE, "articles/b/")


def made(readers: int, with_case: float, without: float, weeks: int = 4) -> tuple[list, list]:
    """Readers of one stage: half read the case in some week, all read something else before."""
    touches, moves = [], []
    dice = Random(5)
    for number in range(readers):
        reader, at = f"r{number}", START + (number % weeks) * WEEK_MS + DAY_MS
        moves.append(Move(reader, at - DAY_MS, 0))
        touches.append(Touch(reader, at, PLAIN))
        read = number % 8 < 4
        if read:
            touches.append(Touch(reader, at + 1000, CASE))
        if dice.random() < (with_case if read else without):
            moves.append(Move(reader, at + 3 * DAY_MS, 1))
    return touches, moves


def test_what_moves_more_than_the_others_is_shown_with_its_interval() -> None:
    found = {f.thing: f for f in followed(*made(400, 0.5, 0.1), NOW)}
    case = found[CASE]
    assert case.shown
    assert case.readers == 200
    assert 0 < case.low < case.difference < case.high
    assert case.expected == pytest.approx(0.1, abs=0.05)
    assert case.share < case.moved / case.readers, "drawn towards the others"


def test_where_nothing_makes_a_difference_nothing_is_shown() -> None:
    found = followed(*made(400, 0.2, 0.2), NOW)
    assert not any(f.shown for f in found)


def test_what_everybody_touched_has_nobody_to_be_compared_with() -> None:
    plain = next(f for f in followed(*made(80, 0.5, 0.1), NOW) if f.thing == PLAIN)
    assert (plain.readers, plain.alone, plain.shown) == (0, 80, False)


def test_few_readers_say_how_many_more_it_takes() -> None:
    case = next(f for f in followed(*made(24, 0.5, 0.1), NOW) if f.thing == CASE)
    assert not case.shown
    assert case.needed == readers_for(case.expected) - case.readers > 0


def test_who_has_days_left_waits_and_does_not_count() -> None:
    touches, moves = made(40, 0.5, 0.1)
    case = next(f for f in followed(touches, moves, START + WITHIN_MS - 1) if f.thing == CASE)
    assert (case.readers, case.waiting) == (0, 20)
    assert case.needed == FEWEST


def test_a_touch_before_any_stage_or_after_the_goal_says_nothing() -> None:
    early = Touch("a", START, CASE)
    late = Touch("b", START + 2 * DAY_MS, CASE)
    moves = [Move("a", START + DAY_MS, 0), Move("b", START, 3), Move("b", START + DAY_MS, GOAL)]
    assert followed([early, late], moves, NOW) == []


def test_the_move_a_touch_makes_bears_its_time_and_counts() -> None:
    """The worker dates a move by the act that was enough for it."""
    moves = [Move("a", START, 0), Move("a", START + DAY_MS, 1), Move("b", START, 0)]
    touches = [Touch("a", START + DAY_MS, CASE), Touch("b", START + DAY_MS, PLAIN)]
    case = next(f for f in followed(touches, moves, NOW) if f.thing == CASE)
    assert (case.readers, case.moved, case.expected) == (1, 1, 0.0)


def test_the_order_of_rows_does_not_matter() -> None:
    touches, moves = made(120, 0.5, 0.1)
    mixed, other = list(touches), list(moves)
    Random(1).shuffle(mixed)
    Random(2).shuffle(other)
    assert followed(mixed, other, NOW) == followed(touches, moves, NOW)


def test_moves_go_upwards_only() -> None:
    ways = ways_of([Move("a", 5, 1), Move("a", 9, 0), Move("a", 7, 1), Move("a", 8, 2)])
    assert [move.rank for move in ways["a"]] == [1, 2]


def test_a_week_begins_on_the_firms_monday() -> None:
    tokyo = 9 * 3_600_000
    monday = week_of(START, tokyo)
    assert monday == START - tokyo
    assert week_of(START + WEEK_MS - tokyo - 1, tokyo) == monday
    assert week_of(START + WEEK_MS - tokyo, tokyo) == monday + WEEK_MS
