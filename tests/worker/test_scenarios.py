"""Scenarios: the next step, at its day, whatever editors change meanwhile."""

from datetime import UTC, datetime, timedelta

from nurture_worker.scenarios import SMALLEST_GAP, Pause, Taken, next_step
from tests.content import steps
from tracker.catalogue.scenarios import Scenario
from tracker.words import Stage

START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SCENARIO = Scenario(id="interest", stage=Stage.INTEREST, steps=steps("interest"))


def taken(*names: str, last_day: float = 0) -> list[Taken]:
    return [Taken(name, START + last_day * DAY) for name in names]


def following(*names: str, last_day: float = 0, scenario: Scenario = SCENARIO) -> tuple[str, float]:
    found = next_step(scenario, START, taken(*names, last_day=last_day), DAY)
    assert found is not None
    return found.step.id, (found.due_at - START) / DAY


def changed(**days: int) -> Scenario:
    return SCENARIO.model_copy(
        update={
            "steps": tuple(
                step.model_copy(update={"day": days[step.id]})
                for step in SCENARIO.steps
                if step.id in days
            )
        }
    )


def test_the_steps_come_on_their_days() -> None:
    assert following() == ("thanks", 1)
    assert following("thanks", last_day=1) == ("case", 3)
    assert following("thanks", "case", last_day=3) == ("detail", 5)
    assert following("thanks", "case", "detail", last_day=5) == ("consult", 7)


def test_after_the_last_step_the_scenario_is_over() -> None:
    assert next_step(SCENARIO, START, taken("thanks", "case", "detail", "consult"), DAY) is None


def test_after_a_long_downtime_steps_keep_a_distance() -> None:
    name, day = following("thanks", last_day=10)
    assert (name, round(day, 6)) == ("case", 10 + SMALLEST_GAP)


def test_a_removed_step_is_passed_over() -> None:
    without = changed(thanks=1, detail=5, consult=7)
    assert following("thanks", last_day=1, scenario=without) == ("detail", 5)


def test_a_step_moved_to_another_day_is_not_sent_again() -> None:
    moved = changed(case=3, detail=5, thanks=6, consult=7)
    assert following("thanks", last_day=1, scenario=moved) == ("consult", 7)


def test_a_step_added_before_one_already_taken_is_passed_over() -> None:
    assert following("case", last_day=3) == ("detail", 5)


def test_a_scenarios_day_may_be_seconds() -> None:
    found = next_step(SCENARIO, START, [], timedelta(seconds=20))
    assert found is not None
    assert found.due_at == START + timedelta(seconds=20)


def paused(name: str, begins: float, lasts: float, *taken_before: str) -> float:
    """The day on which the step ``name`` is due for who paused on day ``begins``."""
    pause = Pause(START + begins * DAY, START + (begins + lasts) * DAY)
    found = next_step(SCENARIO, START, taken(*taken_before), DAY, pause)
    assert found is not None
    assert found.step.id == name
    return (found.due_at - START) / DAY


def test_a_pause_puts_off_what_was_due_behind_its_beginning_by_its_length() -> None:
    assert paused("case", 2, 30, "thanks") == 33
    assert paused("detail", 2, 30, "thanks", "case") == 35


def test_after_a_pause_the_steps_keep_their_distance() -> None:
    case, detail, consult = (
        paused("case", 1.5, 30, "thanks"),
        paused("detail", 1.5, 30, "thanks", "case"),
        paused("consult", 1.5, 30, "thanks", "case", "detail"),
    )
    assert (detail - case, consult - detail) == (2, 2)


def test_a_pause_ended_early_puts_off_by_as_long_as_it_lasted() -> None:
    assert paused("case", 2, 0.5, "thanks") == 3.5


def test_nothing_is_due_in_a_pause_that_began_before_the_scenario() -> None:
    assert paused("thanks", -10, 30) == 21


def test_what_was_overdue_when_the_pause_began_waits_for_its_end() -> None:
    assert paused("thanks", 2, 30) == 32


def test_a_pause_long_over_changes_nothing() -> None:
    assert paused("thanks", -40, 30) == 1
