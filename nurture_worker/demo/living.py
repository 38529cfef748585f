"""Three months of made-up readers lived through by the real house: the journal, the fold, the
worker and its mails, with a clock that runs as fast as they do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random

from aiosmtpd.controller import Controller
from sqlalchemy import Connection, select

from nurture_worker.channels.local_smtp import FilingHandler
from nurture_worker.demo import selling
from nurture_worker.demo.people import Crowd, Person, hits
from nurture_worker.handoffs.opening import remind
from nurture_worker.house.processes import free_port
from nurture_worker.letters import bodies
from nurture_worker.newsletters.issuing import plan_issues
from nurture_worker.readers.by_time import enrol_by_time
from nurture_worker.readers.digest import digest
from nurture_worker.readers.rescoring import rescore
from nurture_worker.readers.settling import settle
from nurture_worker.reporting import diagnosing
from nurture_worker.scenarios.reminding import keep_reminders
from nurture_worker.sweep import advance, sweep
from nurture_worker.tools import Tools, make_tools
from tracker.fold import fold
from tracker.journal import Entry, Journal
from tracker.settings import Settings
from tracker.store.engine import reading
from tracker.store.tables import deliveries, readers
from tracker.words import DeliveryState, EventKind, FormOf, MailKind

VISITORS_A_DAY = 70
_TICKS = (9.1, 11, 13, 15, 17.5, 23.9)
"""The hours of a day at which the house looks at what has come in."""

Progress = Callable[[int, int], object]


@dataclass
class _Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class _Life:
    tools: Tools
    clock: _Clock
    journal: Journal
    crowd: Crowd
    dice: Random
    waiting: list[tuple[datetime, int, Entry]] = field(default_factory=list)
    _count: int = 0
    _seen: set[str] = field(default_factory=set)

    def will(self, entry: Entry) -> None:
        """Have ``entry`` happen at its time."""
        self._count += 1
        heappush(self.waiting, (entry.at, self._count, entry))

    def until(self, now: datetime) -> None:
        """Let all happen that is due by ``now``, and the house do its work."""
        self.clock.now = now
        due = []
        while self.waiting and self.waiting[0][0] <= now:
            due.append(heappop(self.waiting)[2])
        if due:
            self.journal.append(due)
        while fold(self.journal, self.tools.engine):
            pass
        digest(self.tools)
        settle(self.tools)
        advance(self.tools)
        with reading(self.tools.engine) as connection:
            for entry in list(self._answers(connection)):
                self.will(entry)

    def _answers(self, connection: Connection) -> Iterator[Entry]:
        """What readers do about the mails that came since they were last asked."""
        rows = connection.execute(
            select(deliveries, readers.c.email)
            .join(readers, readers.c.id == deliveries.c.reader_id)
            .where(
                deliveries.c.state == DeliveryState.SENT,
                deliveries.c.settled_at > self.clock.now - timedelta(hours=12),
            )
            .order_by(deliveries.c.settled_at, deliveries.c.id)
        )
        for row in rows:
            person = self.crowd.people.get(row.email or "")
            if row.id in self._seen or person is None:
                continue
            self._seen.add(row.id)
            if row.kind == MailKind.DELIVERY:
                yield from self._confirms(person, row.id, row.gate or "", row.settled_at)
            elif row.kind in (MailKind.STEP, MailKind.NEWSLETTER):
                yield from self._follows(
                    person, row.id, row.scenario, row.step, row.kind, row.settled_at
                )

    def _confirms(
        self, person: Person, delivery_id: str, gate: str, at: datetime
    ) -> Iterator[Entry]:
        if gate == FormOf.INQUIRY or person.random.random() > 0.85:
            return
        at += timedelta(minutes=2 + person.random.expovariate(1 / 40))
        page = self.tools.catalogue.gate_page(gate)
        yield Entry(
            id=f"confirm:{delivery_id}",
            at=at,
            kind=EventKind.CONFIRM,
            visitor=person.visitor,
            page=page.url if page else None,
            gate=gate,
            delivery_id=delivery_id,
        )
        if page is not None:
            yield Entry(
                id=f"download:{delivery_id}:{gate}",
                at=at + timedelta(minutes=1),
                kind=EventKind.GATE_DOWNLOAD,
                page=page.url,
                gate=gate,
                delivery_id=delivery_id,
            )

    def _follows(
        self, person: Person, delivery_id: str, scenario: str, step: str, kind: str, at: datetime
    ) -> Iterator[Entry]:
        catalogue = self.tools.catalogue
        if kind == MailKind.NEWSLETTER:
            issue = catalogue.issue(step)
            draft = bodies.of_issue(issue, catalogue) if issue else None
        else:
            found = catalogue.scenario(scenario)
            own = found.step(step) if found else None
            draft = bodies.of_step(own, catalogue) if own else None
        for hit, by_person in hits(person, delivery_id, list(draft.targets if draft else ()), at):
            yield hit
            if by_person:
                later = hit.at + timedelta(seconds=4)
                yield from self.crowd.landing(person, hit.page or "", hit.id, later)
        if person.random.random() < 0.008:
            yield Entry(
                id=f"unsubscribe:{delivery_id}",
                at=at + timedelta(hours=3),
                kind=EventKind.MAIL_UNSUB,
                delivery_id=delivery_id,
            )

    def returns(self, day: datetime) -> Iterator[Entry]:
        """Known readers who come back by themselves that day."""
        for person in [one for one in self.crowd.people.values() if one.known]:
            if person.random.random() < 0.04 * person.eager:
                at = day + timedelta(hours=person.random.uniform(8, 22))
                yield from self.crowd.visit(person, at, "direct")


def live(settings: Settings, days: int, now: datetime, progress: Progress, seed: int = 1) -> int:
    """Fill the store and the inbox of ``settings`` with ``days`` days that end at ``now``; how many
    readers gave an address. The store must be new, and the site built."""
    with _inbox(settings) as smtp_url:
        clock = _Clock(now.astimezone(UTC))
        tools = make_tools(settings.model_copy(update={"smtp_url": smtp_url}), clock)
        journal = Journal(settings.journal_path)
        crowd = Crowd(tools.catalogue, seed)
        life = _Life(tools, clock, journal, crowd, Random(seed))  # noqa: S311
        try:
            midnight = now.astimezone(settings.zone).replace(
                hour=0, minute=0, second=0, microsecond=0
            )
            for n in range(days + 1):
                day = midnight - timedelta(days=days - n)
                for entry in [*crowd.visitors(day, VISITORS_A_DAY), *life.returns(day)]:
                    life.will(entry)
                for hour in _TICKS:
                    at = min(day + timedelta(hours=hour), now)
                    life.until(at.astimezone(UTC))
                _by_day(life, day)
                progress(n, days)
            life.until(now.astimezone(UTC))
            sweep(tools)
        finally:
            journal.close()
            tools.engine.dispose()
    return sum(person.known for person in crowd.people.values())


def _by_day(life: _Life, day: datetime) -> None:
    """What comes round once a day, or once a week."""
    tools = life.tools
    rescore(tools)
    enrol_by_time(tools)
    keep_reminders(tools)
    plan_issues(tools)
    remind(tools)
    selling.work(tools, life.dice, day)
    if day.weekday() == 0:
        diagnosing.make(tools)


@contextmanager
def _inbox(settings: Settings) -> Iterator[str]:
    """The local inbox, open for mails meanwhile."""
    handler = FilingHandler(settings.inbox_path)
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()
