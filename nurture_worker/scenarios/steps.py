"""Which step of a scenario comes next, and when. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from nurture_worker.scenarios.schedule import Calendar
from tracker.catalogue.branches import main_way
from tracker.catalogue.scenarios import Scenario, Step
from tracker.words import Late

SMALLEST_GAP = 20 / 24
"""Of a scenario day: what lies at least between two mails of a scenario, so that a worker that was
down for a week does not send three at once."""

LATE_AFTER = 2
"""Scenario days behind its time, and a step is late; weekends, holidays and pauses are no delay."""


@dataclass(frozen=True)
class Taken:
    """A step that is behind the reader, however it ended, and when. ``passed`` is one whose
    condition did not hold; ``mailed`` one that may have reached them."""

    step: str
    at: datetime
    passed: bool = False
    mailed: bool = True


_BY_TIME = attrgetter("at")


@dataclass(frozen=True)
class Next:
    """The step to plan, the time before which it must not go out (UTC), and the time at which it
    would have been due if nothing had come in between."""

    step: Step
    due_at: datetime
    wished_at: datetime

    def is_late(self, now: datetime, calendar: Calendar) -> bool:
        return now > self.wished_at + LATE_AFTER * calendar.day


def may_be_late(step: Step, started_at: datetime, now: datetime, calendar: Calendar) -> bool:
    """Whether a step can be late at all: what puts off the time it is wished for is not asked."""
    return now > calendar.after_days(started_at, step.day) + LATE_AFTER * calendar.day


@dataclass(frozen=True)
class Pause:
    """When a reader wanted no step mails."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Course:
    """A scenario laid out, for who asks of many readers in it: its steps by id, and the main way."""

    steps: Mapping[str, Step]
    main: Sequence[Step]

    @classmethod
    def of(cls, scenario: Scenario) -> "Course":
        return cls({step.id: step for step in scenario.steps}, main_way(scenario.steps))

    def after(self, step: Step, *, sent: bool) -> Step | None:
        """As ``branches.after``."""
        named = self.steps.get((step.then if sent else step.otherwise) or "")
        if named is not None:
            return named
        return next((other for other in self.main if other.day > step.day), None)


def next_step(
    scenario: Scenario | Course,
    started_at: datetime,
    taken: Sequence[Taken],
    calendar: Calendar,
    pause: Pause | None = None,
) -> Next | None:
    """The step after those ``taken``; ``None`` when the scenario is over.

    A ``pause`` puts off what was due behind its beginning by as long as it lasts, so that the
    steps keep their distance; so does a late step that says ``late: shift``.

    Editors may change a scenario while readers are in it: a step taken is never taken again,
    wherever it has moved; a step added before one already taken is passed over; a step removed
    is simply not there.
    """
    course = scenario if isinstance(scenario, Course) else Course.of(scenario)
    known = course.steps
    behind = [one for one in taken if one.step in known]
    if len(behind) > 1:
        behind.sort(key=_BY_TIME)
    step = _following(course, behind)
    if step is None:
        return None
    way = _Way(started_at, calendar, pause)
    for one in behind:
        way.note(known[one.step], one)
    wished_at = way.wish(step)
    due_at = wished_at
    mailed = [t.at for t in taken if t.mailed]
    if mailed:
        due_at = max(due_at, max(mailed) + SMALLEST_GAP * calendar.day)
    if pause:
        due_at = max(due_at, pause.until)
    if due_at != wished_at:
        due_at = calendar.open_from(due_at, step.window)
    return Next(step, due_at, wished_at)


def _following(course: Course, behind: Sequence[Taken]) -> Step | None:
    had = {taken.step for taken in behind}
    furthest = max((course.steps[step].day for step in had), default=0)
    if behind:
        last = behind[-1]
        named = course.after(course.steps[last.step], sent=not last.passed)
        if named is not None and named.id not in had and named.day >= furthest:
            return named
    return next((s for s in course.main if s.id not in had and s.day > furthest), None)


class _Way:
    """The times of the steps, as they would be if all went by the calendar."""

    def __init__(self, started_at: datetime, calendar: Calendar, pause: Pause | None) -> None:
        self._started_at = started_at
        self._calendar = calendar
        self._pause = pause
        self._shift = timedelta(0)
        self._last: datetime | None = None

    def wish(self, step: Step) -> datetime:
        at = self._calendar.after_days(self._started_at, step.day) + self._shift
        if self._pause and at > self._pause.since:
            begun = max(self._pause.since, self._started_at)
            at += max(timedelta(0), self._pause.until - begun)
        if self._last is not None:
            at = max(at, self._last + SMALLEST_GAP * self._calendar.day)
        return self._calendar.open_from(at, step.window)

    def note(self, step: Step, taken: Taken) -> None:
        if not taken.mailed:
            return
        wished = self.wish(step)
        delay = taken.at - wished
        if step.late is Late.SHIFT and delay > LATE_AFTER * self._calendar.day:
            self._shift += delay
            wished = taken.at
        self._last = wished
