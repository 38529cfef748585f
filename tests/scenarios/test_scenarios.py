"""Scenarios: the next step, at its day, whatever editors change meanwhile."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from nurture_worker.scenarios.schedule import Calendar
from nurture_worker.scenarios.steps import SMALLEST_GAP, Pause, Taken, next_step
from tests.content import AT_ANY_TIME, steps
from tracker.catalogue.conditions import Condition
from tracker.catalogue.scenarios import Scenario
from tracker.catalogue.sendings import Sending, StepWindow
from tracker.words import Late, Stage

START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CALENDAR = Calendar(AT_ANY_TIME)
SCENARIO = Scenario(id="interest", stage=Stage.INTEREST, steps=steps("interest"))


def taken(*names: str, last_day: float = 0) -> list[Taken]:
    return [Taken(name, START + last_day * DAY) for name in names]


def following(*names: str, last_day: float = 0, scenario: Scenario = SCENARIO) -> tuple[str, float]:
    found = next_step(scenario, START, taken(*names, last_day=last_day), CALENDAR)
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
    assert (
        next_step(SCENARIO, START, taken("thanks", "case", "detail", "consult"), CALENDAR) is None
    )


def test_after_a_long_downtime_steps_keep_a_distance() -> None:
    name, day = following("thanks", last_day=10)
    assert (name, day) == ("case", pytest.approx(10 + SMALLEST_GAP))


def test_a_removed_step_is_passed_over() -> None:
    without = changed(thanks=1, detail=5, consult=7)
    assert following("thanks", last_day=1, scenario=without) == ("detail", 5)


def test_a_step_moved_to_another_day_is_not_sent_again() -> None:
    moved = changed(case=3, detail=5, thanks=6, consult=7)
    assert following("thanks", last_day=1, scenario=moved) == ("consult", 7)


def test_a_step_added_before_one_already_taken_is_passed_over() -> None:
    assert following("case", last_day=3) == ("detail", 5)


def test_a_scenarios_day_may_be_seconds() -> None:
    found = next_step(SCENARIO, START, [], Calendar(AT_ANY_TIME, day=timedelta(seconds=20)))
    assert found is not None
    assert found.due_at == START + timedelta(seconds=20)


def paused(name: str, begins: float, lasts: float, *taken_before: str) -> float:
    """The day on which the step ``name`` is due for who paused on day ``begins``."""
    pause = Pause(START + begins * DAY, START + (begins + lasts) * DAY)
    found = next_step(SCENARIO, START, taken(*taken_before), CALENDAR, pause)
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


def branching(**changes: dict[str, object]) -> Scenario:
    """thanks; case; on day 5 detail for who clicked in case, else ``short``; consult."""
    clicked = Condition.model_validate({"clicked": "case"})
    known = {step.id: step for step in SCENARIO.steps}
    short = known["detail"].model_copy(update={"id": "short"})
    detail = known["detail"].model_copy(update={"when": clicked, "otherwise": "short"})
    made = [known["thanks"], known["case"], detail, short, known["consult"]]
    return SCENARIO.model_copy(
        update={"steps": tuple(s.model_copy(update=changes.get(s.id, {})) for s in made)}
    )


def passed(name: str, day: float) -> Taken:
    return Taken(name, START + day * DAY, passed=True, mailed=False)


def goes_to(*behind: Taken, scenario: Scenario) -> tuple[str, float] | None:
    found = next_step(scenario, START, behind, CALENDAR)
    return (found.step.id, (found.due_at - START) / DAY) if found else None


def test_who_meets_the_condition_gets_the_step_and_not_the_other() -> None:
    way = branching()
    to_case = taken("thanks", last_day=1) + taken("case", last_day=3)
    assert goes_to(*to_case, scenario=way) == ("detail", 5)
    assert goes_to(*to_case, *taken("detail", last_day=5), scenario=way) == ("consult", 7)


def test_who_does_not_meet_it_gets_the_other_at_once_and_goes_on() -> None:
    way = branching()
    to_case = [*taken("thanks", last_day=1), *taken("case", last_day=3), passed("detail", 5)]
    assert goes_to(*to_case, scenario=way) == ("short", 5)
    assert goes_to(*to_case, *taken("short", last_day=5), scenario=way) == ("consult", 7)


def test_without_an_else_who_does_not_meet_it_waits_for_the_next_day() -> None:
    way = branching(detail={"otherwise": None}, short={"day": 6})
    to_case = [*taken("thanks", last_day=1), *taken("case", last_day=3)]
    assert goes_to(*to_case, passed("detail", 5), scenario=way) == ("short", 6)


def test_then_leads_past_what_lies_between() -> None:
    way = branching(thanks={"then": "consult"})
    assert goes_to(*taken("thanks", last_day=1), scenario=way) == ("consult", 7)
    assert goes_to(*taken("thanks", "consult", last_day=7), scenario=way) is None


def test_a_step_passed_over_asks_for_no_distance() -> None:
    way = branching(detail={"otherwise": "consult"}, consult={"day": 5}, short={"day": 6})
    assert goes_to(passed("detail", 5), scenario=way) == ("consult", 5)


def late(how: str, *behind: Taken) -> tuple[str, float] | None:
    kept = {step.id: {"late": Late(how)} for step in SCENARIO.steps}
    return goes_to(*behind, scenario=branching(**kept))


def test_after_a_late_step_the_rest_catch_up_or_keep_their_days_apart() -> None:
    behind = taken("thanks", last_day=9)
    assert late("send", *behind) == ("case", pytest.approx(9 + SMALLEST_GAP))
    assert late("shift", *behind) == ("case", 11)
    assert late("shift", *behind, *taken("case", last_day=11)) == ("detail", 13)


def test_a_late_step_is_one_that_something_else_than_the_calendar_held_up() -> None:
    tokyo = Calendar(Sending.model_validate({}), ZoneInfo("Asia/Tokyo"))
    friday = datetime(2027, 4, 28, 1, 0, tzinfo=UTC)  # days 1 to 7 all lie before 6 May
    behind: list[Taken] = []
    for _ in range(4):
        found = next_step(SCENARIO, friday, behind, tokyo)
        assert found is not None
        assert not found.is_late(found.due_at, tokyo)
        assert found.is_late(found.due_at + timedelta(days=2, minutes=1), tokyo)
        behind.append(Taken(found.step.id, found.due_at))
    gaps = [b.at - a.at for a, b in pairwise(behind)]
    assert min(gaps) >= timedelta(hours=20)


def test_a_step_may_keep_hours_of_its_own() -> None:
    noon = StepWindow.model_validate({"opens": "12:00", "closes": "13:00"})
    own = branching(thanks={"window": noon})
    tokyo = Calendar(Sending.model_validate({}), ZoneInfo("Asia/Tokyo"))
    found = next_step(own, datetime(2026, 11, 9, 1, 0, tzinfo=UTC), [], tokyo)
    assert found is not None
    assert found.due_at == datetime(2026, 11, 10, 3, 0, tzinfo=UTC)
