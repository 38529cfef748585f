"""Made-up readers against the scenarios and rules of the working tree, day by day. Pure.

They read, order, follow links, inquire and leave at random, the same for the same seed. What they
do foretells no figure: it takes every way there is, so that an editor sees who would get what,
and when, before anybody does.
"""

from bisect import insort
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median

from nurture_worker.rehearsal.simulation import NEWSLETTER, Story, Would, replay
from nurture_worker.scoring.stages import reached
from tracker.catalogue import Catalogue
from tracker.catalogue.pages import Page
from tracker.events import Event
from tracker.words import EventKind, FormOf, PageKind, Stage, Topic, Verdict

SHOWN = 3
"""How many readers are told of one by one."""

_ARRIVING = 0.6
"""The share of the days in which new readers arrive: the last ones have their time, too."""
_SIGNS_UP_ALONE = 0.2
_AGREES = 0.85
_LEAVES = 0.015
"""For each mail."""
_COMES_BACK = 0.04
"""For each day."""
_INQUIRES = 0.3
"""Of those who follow a link to the form."""


@dataclass
class Walk:
    """One reader: what they did, and what they would get."""

    name: str
    story: Story
    mails: list[Would] = field(default_factory=list)
    left_at: datetime | None = None
    inquired_at: datetime | None = None
    stage: Stage | None = None

    @property
    def sent(self) -> list[Would]:
        return [mail for mail in self.mails if mail.skipped is None]


def walk(catalogue: Catalogue, count: int, seed: int, since: datetime, days: int) -> list[Walk]:
    """``count`` readers who arrive from ``since`` on, whose zone is the firm's, followed for
    ``days`` days."""
    return [_Life(catalogue, seed, n, since, days).lived() for n in range(1, count + 1)]


class _Life:
    def __init__(
        self, catalogue: Catalogue, seed: int, number: int, since: datetime, days: int
    ) -> None:
        self._random = Random(f"{seed}:{number}")  # noqa: S311 - the same each time, on purpose
        self._catalogue = catalogue
        self._since = since
        self._until = since + timedelta(days=days)
        self._id = f"reader-{number}"
        self._name = f"読者{number}"
        self._count = 0
        self._events: list[Event] = []
        self._step_of: dict[str, str] = {}
        self._eager = self._random.betavariate(1.5, 3)
        self._persona = self._random.choice(catalogue.personas).id if catalogue.personas else None

    def lived(self) -> Walk:
        arrives = self._some_time(self._random.uniform(0, _ARRIVING))
        alone = (
            self._catalogue.newsletter_page is not None and self._random.random() < _SIGNS_UP_ALONE
        )
        agreed_at = self._arrive(arrives, alone)
        self._return(arrives)
        topics = {Topic.NEWSLETTER} if alone else {Topic.STEP, Topic.SEMINAR}
        if not alone and self._random.random() < _SIGNS_UP_ALONE:
            topics.add(Topic.NEWSLETTER)
        story = Story(
            reader_id=self._id,
            events=self._events,
            agreed_at=agreed_at,
            left_at=None,
            wants=frozenset(topics),
            known_since=arrives,
            step_of=self._step_of,
        )
        found = Walk(self._name, story)
        zone = self._since.tzinfo or UTC
        for would in replay(story, self._catalogue, zone, self._since, self._until):
            found.mails.append(would)
            if would.skipped is None and self._answer(would):
                found.left_at = would.at
                break
        stages = reached(self._events, self._catalogue.scoring.stages, self._stage_of)
        found.stage = stages[-1].stage if stages else None
        inquired = [event.at for event in self._events if event.kind is EventKind.INQUIRY]
        found.inquired_at = min(inquired, default=None)
        return found

    def _arrive(self, at: datetime, alone: bool) -> datetime | None:
        """Reads a little, and gives the address; when they agreed to mail, if they did."""
        for page in self._some_pages(self._random.randint(1, 4)):
            at = self._read(page, at)
        gates = [page for page in self._catalogue.pages if page.gate]
        ordered = self._random.choice(gates) if gates and not alone else None
        gate = ordered.gate.id if ordered and ordered.gate else str(FormOf.NEWSLETTER)
        self._do(EventKind.GATE_SUBMIT, at, gate=gate, page=ordered)
        at += timedelta(minutes=self._random.randint(2, 90))
        self._do(EventKind.CONFIRM, at, gate=gate)
        if ordered is not None and self._random.random() < 0.9:
            self._do(EventKind.GATE_DOWNLOAD, at + timedelta(minutes=1), gate=gate, page=ordered)
        return at if alone or self._random.random() < _AGREES else None

    def _return(self, since: datetime) -> None:
        at = since + timedelta(days=1)
        while at < self._until:
            if self._random.random() < _COMES_BACK * (0.5 + self._eager):
                for page in self._some_pages(self._random.randint(1, 3)):
                    self._read(page, at + timedelta(hours=self._random.uniform(-3, 3)))
            at += timedelta(days=1)

    def _answer(self, would: Would) -> bool:
        """Whether the reader leaves by that mail; else they may follow one of its links."""
        delivery = f"{self._id}:{would.scenario}:{would.step}"
        if would.scenario != NEWSLETTER:
            self._step_of[delivery] = would.step
        if self._random.random() < _LEAVES:
            return True
        pages = self._linked(would)
        if not pages or self._random.random() > self._eager:
            return False
        page = self._random.choice(pages)
        at = would.at + timedelta(minutes=self._random.expovariate(1 / 180) + 1)
        click = {"verdict": Verdict.HUMAN.value, "forwarded": []}
        self._do(EventKind.MAIL_CLICK, at, page=page, delivery_id=delivery, data=click)
        at = self._read(page, at + timedelta(seconds=5))
        if page.gate and self._random.random() < 0.5:
            self._do(EventKind.GATE_DOWNLOAD, at, gate=page.gate.id, page=page)
        if page.kind is PageKind.INQUIRY and self._random.random() < _INQUIRES:
            self._do(EventKind.INQUIRY, at, page=page)
        return False

    def _linked(self, would: Would) -> list[Page]:
        if would.scenario == NEWSLETTER:
            issue = self._catalogue.issue(would.step)
            body = issue.body if issue else ""
        else:
            scenario = self._catalogue.scenario(would.scenario)
            step = scenario.step(would.step) if scenario else None
            body = step.body if step else ""
        return [page for page in self._catalogue.pages if f"(/{page.path}" in body]

    def _read(self, page: Page, at: datetime) -> datetime:
        view = f"{self._id}:view:{self._count}"
        self._do(EventKind.PAGE_VIEW, at, page=page, view=view)
        at += timedelta(minutes=self._random.uniform(0.3, 1.2) * page.minutes)
        if self._random.random() < 0.6:
            self._do(EventKind.PAGE_END, at, page=page, view=view, data={"done": True})
        return at + timedelta(minutes=1)

    def _some_pages(self, count: int) -> list[Page]:
        """Pages as somebody who searches finds them: the early stages more often, and those for
        their own persona."""
        staged = [page for page in self._catalogue.pages if page.stage]
        if not staged:
            return []
        weights = [
            (4 - page.stage.rank if page.stage else 1)
            * (3 if self._persona in page.personas else 1)
            for page in staged
        ]
        return self._random.choices(staged, weights, k=count)

    def _some_time(self, share: float) -> datetime:
        day = self._since + share * (self._until - self._since)
        return day.replace(
            hour=self._random.randint(7, 22), minute=self._random.randint(0, 59)
        ).astimezone(UTC)

    def _do(self, kind: EventKind, at: datetime, page: Page | None = None, **more: object) -> None:
        self._count += 1
        event = Event(
            seq=self._count,
            id=f"{self._id}:{self._count}",
            at=at.astimezone(UTC),
            kind=kind,
            reader_id=self._id,
            page=page.url if page else None,
            **more,  # type: ignore[arg-type]
        )
        insort(self._events, event, key=lambda one: one.at)

    def _stage_of(self, event: Event) -> Stage | None:
        page = self._catalogue.page_at(event.page) if event.page is not None else None
        return page.stage if page else None


def lines(
    catalogue: Catalogue, walks: Sequence[Walk], since: datetime, days: int, seed: int
) -> Iterator[str]:
    """Who got what and when, in words: the whole, mail by mail, then some readers one by one."""
    yield (
        f"作りものの読者{len(walks)}人（種 {seed}）を、{since:%Y年%m月%d日} から{days}日、"
        "いまの site/ で歩かせました"
    )
    yield "すること（読む、押す、問い合わせる、やめる）は作りものです。割合は予想になりません。順番と時刻を見てください"
    yield from _whole(walks, since)
    yield from _by_mail(catalogue, walks)
    for one in [one for one in walks if one.sent][:SHOWN]:
        yield f"{one.name}（{_fate(one)}）:"
        for mail in one.mails:
            at = mail.at.astimezone(since.tzinfo)
            passed = f"（送らない: {mail.skipped.label}）" if mail.skipped else ""
            yield f"  {at:%m月%d日 %H:%M} {mail.scenario} / {mail.step}{passed}"


def _whole(walks: Sequence[Walk], since: datetime) -> Iterator[str]:
    sent = [mail for one in walks for mail in one.sent]
    nothing = sum(not one.sent for one in walks)
    unwilling = sum(one.story.agreed_at is None for one in walks)
    yield f"{len(sent)}通。1通も届かない人が{nothing}人（同意しない人{unwilling}人を含む）"
    if sent:
        hours = [mail.at.astimezone(since.tzinfo) for mail in sent]
        first, last = (pick(f"{at:%H:%M}" for at in hours) for pick in (min, max))
        in_a_day, in_a_week = (max(most(one, since, days) for one in walks) for days in (1, 7))
        weekdays = "".join(
            day for n, day in enumerate("月火水木金土日") if any(at.weekday() == n for at in hours)
        )
        yield f"送る時刻は {first}〜{last}、曜日は{weekdays}。一人に1日で多くて{in_a_day}通、続く7日間で多くて{in_a_week}通"
    stages = Counter(one.stage for one in walks if one.stage)
    told = "、".join(f"{stage.label}{stages[stage]}人" for stage in Stage if stages[stage])
    inquired = sum(one.inquired_at is not None for one in walks)
    left = sum(one.left_at is not None for one in walks)
    yield f"終わりの段階は{told or 'なし'}。問い合わせ{inquired}人、停止{left}人"


def most(one: Walk, since: datetime, days: int) -> int:
    """The most mails on any ``days`` days in a row, of the zone of ``since``."""
    on = [mail.at.astimezone(since.tzinfo).date() for mail in one.sent]
    return max((sum(0 <= (day - first).days < days for day in on) for first in on), default=0)


def _by_mail(catalogue: Catalogue, walks: Sequence[Walk]) -> Iterator[str]:
    told: dict[tuple[str, str], list[Would]] = {}
    for one in walks:
        for mail in one.mails:
            told.setdefault((mail.scenario, mail.step), []).append(mail)
    starts = {(one.name, mail.scenario): mail.at for one in walks for mail in reversed(one.sent)}
    for scenario in sorted(catalogue.scenarios, key=lambda one: (one.rank, one.id)):
        yield f"{scenario.label}（{scenario.id}）"
        for step in scenario.steps:
            mails = told.get((scenario.id, step.id), [])
            gone = [mail for mail in mails if mail.skipped is None]
            after = [
                (mail.at - starts[one.name, scenario.id]) / timedelta(days=1)
                for one in walks
                for mail in one.sent
                if (mail.scenario, mail.step) == (scenario.id, step.id)
            ]
            when = f"、1通目の{median(after):.0f}日後（中央値）" if gone and step.day > 1 else ""
            left = Counter(mail.skipped.label for mail in mails if mail.skipped)
            passed = "".join(f"、{why} {count}人" for why, count in sorted(left.items()))
            yield f"  {step.day}日目 {step.id}: {len(gone)}人に{when}{passed}"
    for issue in catalogue.issues:
        mails = told.get((NEWSLETTER, issue.id), [])
        if mails:
            gone = [mail for mail in mails if mail.skipped is None]
            yield f"メールマガジン {issue.id}: {len(gone)}人に"


def _fate(one: Walk) -> str:
    if one.inquired_at:
        return "問い合わせた"
    if one.left_at:
        return "停止した"
    return f"{one.stage.label}まで" if one.stage else "段階なし"
