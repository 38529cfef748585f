"""The time machine: what readers would have got, had other scenarios and rules been in force. Pure.

What they did is taken as it was. So a click on a mail counts where the step of that name is still
there; nobody clicks on what only the simulation sends.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from nurture_worker.newsletters.audience import Candidate, latest, seat
from nurture_worker.scenarios.conditions import Facts, doings, holds
from nurture_worker.scenarios.entering import (
    AFTER_A_SEMINAR,
    Place,
    Standing,
    leaves,
    leaves_newsletter,
    places,
)
from nurture_worker.scenarios.schedule import Calendar
from nurture_worker.scenarios.steps import Next, Taken, next_step
from nurture_worker.scoring.dormancy import is_over, last_act
from nurture_worker.scoring.fitting import who_of
from nurture_worker.scoring.points import StageOf, score, total
from nurture_worker.scoring.stages import reached
from tracker.catalogue import Catalogue
from tracker.catalogue.affinity import persona_of
from tracker.catalogue.issues import Issue
from tracker.catalogue.scenarios import Scenario
from tracker.events import Event
from tracker.words import EndReason, Entry, EventKind, FormOf, Late, SkipReason, Stage, Topic

_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Way:
    """A reader's way through a scenario, as the store knows it: the steps behind them when the
    simulation begins."""

    scenario: str
    occasion: str
    started_at: datetime
    taken: tuple[Taken, ...] = ()
    under_way: bool = True


@dataclass(frozen=True)
class Story:
    """One reader: what they did and agreed to, and where they were when the simulation begins.

    ``held`` are the scenarios and occasions for which they were held out.
    ``step_of`` names the step that each mail was which they got; ``sent`` says when mails went out
    that they did not order, before the simulation begins. ``address`` and ``company`` are for the
    rules that ask who a reader is.
    """

    reader_id: str
    events: Sequence[Event]
    agreed_at: datetime | None
    left_at: datetime | None
    wants: frozenset[Topic]
    known_since: datetime
    ways: tuple[Way, ...] = ()
    held: frozenset[tuple[str, str]] = frozenset()
    step_of: Mapping[str, str] = field(default_factory=dict)
    sent: tuple[datetime, ...] = ()
    address: str | None = None
    company: str | None = None


@dataclass(frozen=True)
class Would:
    """One step that would have gone out, or why it would not have."""

    reader_id: str
    at: datetime
    scenario: str
    step: str
    skipped: SkipReason | None = None


NEWSLETTER = "newsletter"
"""What stands for a scenario where an issue of the newsletter would have gone out."""


@dataclass
class _Waiting:
    """An issue begun at ``begun_at`` that goes to the reader at ``due_at`` at the earliest."""

    issue: Issue
    begun_at: datetime
    due_at: datetime


@dataclass
class _Active:
    scenario: Scenario
    way: Way
    taken: list[Taken]
    planned: Next | None = None


def replay(
    story: Story,
    catalogue: Catalogue,
    zone: tzinfo,
    since: datetime,
    until: datetime,
    day: timedelta = timedelta(days=1),
    stage_of: StageOf | None = None,
) -> Iterator[Would]:
    """What the reader of ``story`` would have got from ``since`` to ``until``, in order.

    ``stage_of`` knows more of the pages' stages than ``catalogue`` does: those that are gone.
    """
    calendar = Calendar(catalogue.firm.sending, zone, day)
    return _Replay(story, catalogue, calendar, stage_of or catalogue.stage_of).run(since, until)


class _Replay:
    def __init__(
        self, story: Story, catalogue: Catalogue, calendar: Calendar, stage_of: StageOf
    ) -> None:
        self._story = story
        self._stage_of = stage_of
        self._catalogue = catalogue
        self._calendar = calendar
        self._been = {(way.scenario, way.occasion) for way in story.ways}
        self._sent = list(story.sent)
        self._over: datetime | None = None
        self._issues = {issue.at(calendar.zone): issue for issue in catalogue.issues}
        self._waiting: list[_Waiting] = []
        self._active = [
            _Active(scenario, way, list(way.taken))
            for way in story.ways
            if way.under_way and (way.scenario, way.occasion) not in story.held
            for scenario in [catalogue.scenario(way.scenario)]
            if scenario is not None
        ]

    def run(self, since: datetime, until: datetime) -> Iterator[Would]:
        """Who takes what is sent one by one may add to the events of the story what the reader did
        about it, from then on."""
        self._issues = {at: one for at, one in self._issues.items() if since < at <= until}
        now = since
        while now <= until:
            self._place(now)
            self._begin_issues(now)
            yield from self._send(now)
            yield from self._send_issues(now)
            tomorrow = now + self._calendar.day
            acts = (event.at for event in self._story.events)
            due = (one.planned.due_at for one in self._active if one.planned)
            waiting = (one.due_at for one in self._waiting)
            later = [at for at in (*acts, *due, *self._issues, *waiting, tomorrow) if at > now]
            now = min(later)

    def _begin_issues(self, now: datetime) -> None:
        for at in [at for at in self._issues if at <= now]:
            issue = self._issues.pop(at)
            done = self._seen(now)
            standing = self._standing(done, now)
            opened = doings(done, {}).opened
            reader = Candidate(
                reader_id=self._story.reader_id,
                signed_up=standing.agrees and Topic.NEWSLETTER in standing.wants,
                sunset=standing.over is EndReason.SUNSET,
                inquired_at=standing.inquired_at,
                stage=standing.stage,
                persona=persona_of(self._catalogue.page_at(url) for url in opened),
                acted_at=standing.acted_at,
                sent=tuple(at for at in self._sent if at > now - _WEEK),
            )
            quiet = self._catalogue.firm.sending.quiet_days
            found = seat(issue.audience, reader, now, self._calendar, quiet)
            if found.due_at is not None:
                self._waiting.append(_Waiting(issue, now, found.due_at))

    def _send_issues(self, now: datetime) -> Iterator[Would]:
        for one in [one for one in self._waiting if one.due_at <= now]:
            standing = self._standing(self._seen(now), now)
            quiet = self._catalogue.firm.sending.quiet_days
            if leaves_newsletter(standing, now, self._calendar.day, quiet):
                self._waiting.remove(one)
                continue
            room = self._calendar.room_from(now, [at for at in self._sent if at > now - _WEEK])
            late = room > latest(one.begun_at, self._calendar)
            if room > now and not late:
                one.due_at = room
                continue
            self._waiting.remove(one)
            if not late:
                self._sent.append(now)
            skipped = SkipReason.LATE if late else None
            yield Would(self._story.reader_id, now, NEWSLETTER, one.issue.id, skipped)

    def _seen(self, now: datetime) -> list[Event]:
        return [event for event in self._story.events if event.at <= now]

    def _place(self, now: datetime) -> None:
        done = self._seen(now)
        standing = self._standing(done, now)
        kept = []
        for one in self._active:
            if leaves(one.scenario, one.way.started_at, standing) is None:
                kept.append(one)
        self._active = kept
        standing = replace(standing, free=not kept)
        quiet = self._catalogue.firm.sending.quiet_days
        for place in places(self._catalogue.scenarios, standing, now, self._calendar.day, quiet):
            key = (place.scenario.id, place.occasion)
            if key in self._been:
                continue
            self._been.add(key)
            if key not in self._story.held:
                self._active.append(_begun(place, now))
        for one in self._active:
            if one.planned is None:
                self._plan(one, now)
        self._active = [one for one in self._active if one.planned or self._asked(one, now)]

    def _plan(self, one: _Active, now: datetime) -> None:
        found = next_step(one.scenario, one.way.started_at, one.taken, self._calendar)
        if found is not None:
            room = max(found.due_at, now)
            one.planned = Next(found.step, room, found.wished_at)

    def _asked(self, one: _Active, now: datetime) -> bool:
        """Whether a dormant reader who was asked whether to go on may still answer."""
        mailed = [taken.at for taken in one.taken if taken.mailed]
        if one.scenario.enter is not Entry.DORMANT or not mailed:
            return False
        if is_over(one.scenario, max(mailed), now, self._calendar.day):
            self._over = now
            return False
        return True

    def _send(self, now: datetime) -> Iterator[Would]:
        due = [one for one in self._active if one.planned and one.planned.due_at <= now]
        for one in sorted(due, key=lambda one: one.planned.due_at if one.planned else now):
            while one.planned is not None and one.planned.due_at <= now:
                would = self._try(one, one.planned, now)
                if would is None:
                    break
                yield would
                self._plan(one, now)

    def _try(self, one: _Active, planned: Next, now: datetime) -> Would | None:
        """``None`` where it waits."""
        step = planned.step
        lately = [at for at in self._sent if at > now - _WEEK]
        room = self._calendar.room_from(now, lately, step.window)
        if room > now:
            one.planned = Next(step, room, planned.wished_at)
            return None
        skipped: SkipReason | None = None
        if planned.is_late(now, self._calendar) and step.late is Late.SKIP:
            skipped = SkipReason.LATE
        elif step.when and not holds(step.when, self._facts(one, now), self._catalogue.url_of):
            skipped = SkipReason.CONDITION
        one.taken.append(
            Taken(step.id, now, skipped is SkipReason.CONDITION, mailed=skipped is None)
        )
        one.planned = None
        if skipped is None:
            self._sent.append(now)
        return Would(self._story.reader_id, now, one.scenario.id, step.id, skipped)

    def _facts(self, one: _Active, now: datetime) -> Facts:
        done = self._seen(now)
        told = doings(done, self._story.step_of)
        rules = self._catalogue.scoring
        story, page_at = self._story, self._catalogue.page_at
        who = who_of(rules, story.address, story.company, done, page_at)
        entries = score(done, rules, self._stage_of, self._calendar.zone, who)
        return Facts(
            clicked=told.clicked,
            downloaded=told.downloaded,
            score=total(entries, now, rules),
            persona=persona_of(self._catalogue.page_at(url) for url in told.opened),
            stage=self._stage(done),
            attended=told.attended,
            seminar=one.way.occasion if one.scenario.enter is Entry.SEMINAR else None,
        )

    def _stage(self, done: Sequence[Event]) -> Stage | None:
        found = reached(done, self._catalogue.scoring.stages, self._stage_of)
        return found[-1].stage if found else None

    def _standing(self, done: Sequence[Event], now: datetime) -> Standing:
        story = self._story
        agreed = story.agreed_at is not None and story.agreed_at <= now
        left = story.left_at is not None and story.left_at <= now
        acted_at = last_act(done) or story.known_since
        if self._over is not None and acted_at > self._over:
            self._over = None
        over = EndReason.UNSUBSCRIBED if left else EndReason.SUNSET if self._over else None
        inquired = [event.at for event in done if event.kind is EventKind.INQUIRY]
        ended = (EventKind.DEAL_WON, EventKind.DEAL_LOST)
        return Standing(
            stage=self._stage(done),
            agrees=agreed and not left,
            wants=story.wants,
            acted_at=acted_at,
            inquired_at=max(inquired, default=None),
            dealt_at=max((event.at for event in done if event.kind in ended), default=None),
            customer=any(event.kind is EventKind.DEAL_WON for event in done),
            over=over,
            free=True,
            seminars=tuple(self._seminars(done, now)),
        )

    def _seminars(self, done: Sequence[Event], now: datetime) -> Iterator[str]:
        for event in done:
            if event.kind is not EventKind.SEMINAR_REGISTER:
                continue
            seminar_id = FormOf.SEMINAR.id_in(event.gate) or ""
            page = self._catalogue.seminar_page(seminar_id)
            if page and page.seminar:
                ends = page.seminar.ends
                if ends <= now < ends + AFTER_A_SEMINAR:
                    yield seminar_id


def _begun(place: Place, now: datetime) -> _Active:
    return _Active(place.scenario, Way(place.scenario.id, place.occasion, now), [])
