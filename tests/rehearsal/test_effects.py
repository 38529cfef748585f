"""What a change of the scenarios does to readers under way, told before it is published."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from nurture_worker.rehearsal.effects import StepEffect, UnderWay, effects
from nurture_worker.rehearsal.under_way import readers_under_way
from nurture_worker.scenarios.steps import Taken
from tests.conftest import House
from tests.content import catalogue, steps
from tests.walking import become_a_reader
from tracker.catalogue.scenarios import Scenario, Step
from tracker.words import Stage

START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BEFORE = Scenario(id="interest", stage=Stage.INTEREST, steps=steps("interest"))
"""thanks on day 1, case on 3, detail on 5, consult on 7."""


def reader(*taken: str, planned: str | None = None) -> UnderWay:
    days = {step.id: step.day for step in BEFORE.steps}
    at = {name: Taken(name, START + days[name] * DAY) for name in days}
    return UnderWay(
        "interest", START, tuple(at[n] for n in taken), at[planned] if planned else None
    )


FRESH = reader(planned="thanks")
SECOND = reader("thanks", planned="case")
THIRD = reader("thanks", "case", planned="detail")
READERS = [FRESH, SECOND, THIRD]


def edited(
    days: Mapping[str, int], words: Mapping[str, str] | None = None, base: Scenario = BEFORE
) -> Scenario:
    """The scenario with just the steps of ``days``, some with a new subject."""
    known = {step.id: step for step in base.steps}
    made: list[Step] = []
    for name, day in days.items():
        step = known.get(name, base.steps[0].model_copy(update={"body": f"{name} の本文"}))
        subject = (words or {}).get(name, step.subject if name in known else f"{name} の件名")
        made.append(step.model_copy(update={"id": name, "day": day, "subject": subject}))
    return base.model_copy(update={"steps": tuple(sorted(made, key=lambda s: s.day))})


def told(after: Scenario | None) -> dict[str, StepEffect]:
    found = effects([BEFORE], [after] if after else [], READERS, DAY)
    assert all(effect.readers == 3 for effect in found)
    return {step.step.id: step for effect in found for step in effect.steps}


SAME = {"thanks": 1, "case": 3, "detail": 5, "consult": 7}
CASES: dict[str, tuple[Scenario | None, dict[str, dict[str, object]]]] = {
    "nothing": (edited(SAME), {}),
    "a new text reaches who has not had the old": (
        edited(SAME, {"case": "書き直した件名"}),
        {"case": {"retexted": True, "to_come": 2, "behind": 1, "newly": 0, "no_longer": 0}},
    ),
    "a removed step is missed by who was to get it": (
        edited({"thanks": 1, "case": 3, "consult": 7}),
        {"detail": {"removed": True, "no_longer": 3, "to_come": 0}},
    ),
    "a step added ahead of all comes to all": (
        edited({**SAME, "last": 9}),
        {"last": {"added": True, "to_come": 3, "newly": 3}},
    ),
    "a step added behind what is planned is passed over": (
        edited({**SAME, "tour": 4}),
        {"tour": {"added": True, "to_come": 2, "newly": 2}},
    ),
    "a step moved ahead of others is still got once": (
        edited({"thanks": 1, "case": 3, "detail": 8, "consult": 7}),
        # Who has it planned for day 5 gets it then, and after it nothing that stands before it.
        {
            "detail": {"moved": True, "to_come": 3, "no_longer": 0},
            "consult": {"moved": False, "retexted": False, "no_longer": 1, "to_come": 2},
        },
    ),
    "a step behind a reader that is moved ahead takes the way of what stands between": (
        edited({"case": 3, "detail": 5, "thanks": 6, "consult": 7}),
        # Whoever had the thanks counts as being at day 6: what was planned still comes.
        {
            "thanks": {"moved": True, "to_come": 1, "behind": 2},
            "case": {"no_longer": 1, "to_come": 1},
            "detail": {"no_longer": 2, "to_come": 1},
        },
    ),
    "a step under another name comes again": (
        edited(
            {"thanks": 1, "story": 3, "detail": 5, "consult": 7},
            {"story": "interest 3日目のお便り"},
        ),
        {
            "case": {"removed": True, "no_longer": 2, "behind": 1},
            "story": {"added": True, "renamed_from": "case", "to_come": 2, "again": 0},
        },
    ),
    "a scenario removed ends for all": (
        None,
        {
            "thanks": {"removed": True, "no_longer": 1, "behind": 2},
            "case": {"removed": True, "no_longer": 2, "behind": 1},
            "detail": {"removed": True, "no_longer": 3},
            "consult": {"removed": True, "no_longer": 3},
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_change_does_is_told_for_each_step(case: str) -> None:
    after, expected = CASES[case]
    found = told(after)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        for key, value in values.items():
            assert getattr(found[name], key) == value, (name, key)


def test_who_had_a_step_under_its_old_name_is_counted_to_get_it_again() -> None:
    after = edited({"greeting": 4, "case": 3, "detail": 5}, {"greeting": BEFORE.steps[0].subject})
    waiting = UnderWay("interest", START, (Taken("thanks", START + DAY),))
    effect = effects([BEFORE], [after], [waiting], DAY)[0]
    greeting = next(step for step in effect.steps if step.step.id == "greeting")
    assert (greeting.renamed_from, greeting.again) == ("thanks", 1)


def test_a_scenario_that_is_new_has_no_readers_to_tell_of() -> None:
    found = effects([], [BEFORE], READERS[:0], DAY)
    assert [(step.added, step.to_come) for step in found[0].steps] == [(True, 0)] * 4


def test_what_is_told_is_what_happens(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()  # the thanks went out, the case is planned
    before = catalogue()
    interest = edited(
        {"thanks": 1, "tour": 2, "detail": 5, "consult": 6, "last": 9},
        {"detail": "書き直した件名"},
        base=next(s for s in before.scenarios if s.id == "interest"),
    )
    after = before.model_copy(
        update={"scenarios": tuple(interest if s.id == "interest" else s for s in before.scenarios)}
    )
    readers = readers_under_way(house.tools.settings.store_url)
    assert readers is not None
    assert [one.planned.step for one in readers if one.planned] == ["case"]
    found = effects(before.scenarios, after.scenarios, readers, house.tools.day)
    to_come = {s.step.id for s in found[0].steps if s.to_come}
    subjects = {step.subject for step in interest.steps if step.id in to_come}
    sent = len(house.postbox.mails)
    after.write(house.tools.settings.catalogue_path)
    for _ in range(10):
        house.clock.advance(days=1)
        house.work()
    assert {mail["Subject"] for mail in house.postbox.mails[sent:]} == subjects
    assert {s.step.id for s in found[0].steps if s.no_longer} == {"case"}
