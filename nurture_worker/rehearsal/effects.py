"""What a change of the scenarios does to the readers now in them. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from nurture_worker.scenarios.schedule import Calendar
from nurture_worker.scenarios.steps import Taken, next_step
from tracker.catalogue.scenarios import Scenario, Step
from tracker.catalogue.sendings import Sending, Weekday

_ANY_HOUR = Sending(days=tuple(Weekday), opens=0, closes=24 * 60, holidays=True)
"""Which step comes does not depend on the hour at which it comes."""


@dataclass(frozen=True)
class UnderWay:
    """A reader in a scenario: the steps behind them, and the one already planned, if any."""

    scenario: str
    started_at: datetime
    taken: tuple[Taken, ...] = ()
    planned: Taken | None = None


@dataclass(frozen=True)
class StepEffect:
    """One step, before and after, and how many readers under way it reaches.

    ``to_come`` will still get it, ``newly`` of them only because of the change; ``no_longer``
    would have got it and will not; ``behind`` have it behind them. ``again`` of ``to_come`` had
    the step under its old name ``renamed_from`` already.
    """

    before: Step | None
    after: Step | None
    to_come: int = 0
    newly: int = 0
    no_longer: int = 0
    behind: int = 0
    renamed_from: str | None = None
    again: int = 0

    @property
    def step(self) -> Step:
        """The step as it is now; of a removed one, as it was."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def added(self) -> bool:
        return self.before is None

    @property
    def removed(self) -> bool:
        return self.after is None

    @property
    def moved(self) -> bool:
        return bool(self.before and self.after and self.before.day != self.after.day)

    @property
    def retexted(self) -> bool:
        return bool(self.before and self.after and _words(self.before) != _words(self.after))

    @property
    def rerouted(self) -> bool:
        """Whether other readers get it, or go on from it elsewhere, or at other hours."""
        return bool(self.before and self.after and _way(self.before) != _way(self.after))


@dataclass(frozen=True)
class ScenarioEffect:
    """What becomes of one scenario. ``readers`` are those now in it."""

    scenario: str
    readers: int
    steps: tuple[StepEffect, ...]


def effects(
    before: Sequence[Scenario],
    after: Sequence[Scenario],
    readers: Sequence[UnderWay],
    day: timedelta,
) -> list[ScenarioEffect]:
    """The scenarios that a change touches, with each step that is another or reaches others.

    What is planned goes out when it was planned, with the new text; a planned step that was
    removed is passed over.
    """
    then = {scenario.id: scenario for scenario in before}
    now = {scenario.id: scenario for scenario in after}
    found = []
    for name in sorted({*then, *now}):
        own = [reader for reader in readers if reader.scenario == name]
        steps = tuple(_of_scenario(then.get(name), now.get(name), own, day))
        if steps:
            found.append(ScenarioEffect(name, len(own), steps))
    return found


def _of_scenario(
    before: Scenario | None, after: Scenario | None, readers: list[UnderWay], day: timedelta
) -> Iterator[StepEffect]:
    olds = {step.id: step for step in before.steps} if before else {}
    news = {step.id: step for step in after.steps} if after else {}
    ways = [(_route(before, reader, day), _route(after, reader, day)) for reader in readers]
    steps = sorted({*olds, *news}, key=lambda id_: (news.get(id_) or olds[id_]).day)
    for id_ in steps:
        old, new = olds.get(id_), news.get(id_)
        was = _same_letter(new, olds, news) if new and not old else None
        effect = StepEffect(
            before=old,
            after=new,
            to_come=sum(id_ in to_come for _, to_come in ways),
            newly=sum(id_ in to_come and id_ not in came for came, to_come in ways),
            no_longer=sum(id_ in came and id_ not in to_come for came, to_come in ways),
            behind=sum(_had(reader, id_) for reader in readers),
            renamed_from=was,
            again=sum(
                id_ in to_come and _had(reader, was)
                for reader, (_, to_come) in zip(readers, ways, strict=True)
            )
            if was
            else 0,
        )
        same = (
            old
            and new
            and old.day == new.day
            and (_words(old), _way(old)) == (_words(new), _way(new))
        )
        if not same or effect.newly or effect.no_longer:
            yield effect


def _route(scenario: Scenario | None, reader: UnderWay, day: timedelta) -> list[str]:
    """The steps that may still come, whichever way the reader goes."""
    if scenario is None:
        return []
    calendar = Calendar(_ANY_HOUR, day=day)
    to_come: list[str] = []
    ways = [list(reader.taken)]
    if reader.planned:
        ways = _after(scenario, list(reader.taken), reader.planned)
        if scenario.step(reader.planned.step):
            to_come.append(reader.planned.step)
    while ways:
        taken = ways.pop()
        following = next_step(scenario, reader.started_at, taken, calendar)
        if following is None or following.step.id in to_come:
            continue
        to_come.append(following.step.id)
        ways += _after(scenario, taken, Taken(following.step.id, following.due_at))
    return to_come


def _after(scenario: Scenario, taken: list[Taken], one: Taken) -> list[list[Taken]]:
    """What lies behind a reader after ``one``: it was sent, or its condition did not hold."""
    step = scenario.step(one.step)
    found = [[*taken, one]]
    if step is not None and step.when is not None:
        found.append([*taken, replace(one, passed=True, mailed=False)])
    return found


def _had(reader: UnderWay, step: str) -> bool:
    return any(taken.step == step for taken in reader.taken)


def _words(step: Step) -> tuple[str, str, str]:
    return step.subject, step.preview, step.body


def _way(step: Step) -> tuple[object, ...]:
    return step.when, step.then, step.otherwise, step.window, step.late


def _same_letter(new: Step, olds: dict[str, Step], news: dict[str, Step]) -> str | None:
    """The removed step that ``new`` is by another name, as its subject or its text tells."""
    for id_, old in olds.items():
        if id_ not in news and (old.subject == new.subject or old.body == new.body):
            return id_
    return None
