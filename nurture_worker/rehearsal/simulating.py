"""``sodate simulate``: the log's last days against the scenarios and rules of the working tree."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from nurture_worker.readers.following import rules_of
from nurture_worker.rehearsal.simulation import NEWSLETTER, Story, Way, Would, replay
from nurture_worker.scenarios.planning import taken_by
from nurture_worker.tools import Tools
from tracker.catalogue import Catalogue
from tracker.events import Event, at_present
from tracker.store import deliveries, events, readers
from tracker.store.deliveries import UNORDERED, Delivery, StepMail
from tracker.store.readers import Reader
from tracker.store.tables import deliveries as mails_table
from tracker.store.tables import enrolments as enrolments_table
from tracker.store.tables import readers as readers_table
from tracker.words import Arm, DeliveryState, EventKind, MailKind, Topic

_SENT = (DeliveryState.SENT, DeliveryState.UNCERTAIN, DeliveryState.BOUNCED)
_CLOSE = timedelta(hours=1)
"""Two mails this close went out at the same time."""


@dataclass(frozen=True)
class Compared:
    """One mail: when it would have gone out and when it did; None where it would not, or did not."""

    reader: str
    scenario: str
    step: str
    would: datetime | None
    was: datetime | None

    @property
    def same(self) -> bool:
        return bool(self.would and self.was) and abs(self.would - self.was) <= _CLOSE  # type: ignore[operator]


def simulate(
    tools: Tools, connection: Connection, catalogue: Catalogue, days: int
) -> list[Compared]:
    """What each reader would have got in the last ``days`` days by ``catalogue``, against what they
    got."""
    until = tools.now()
    since = until - timedelta(days=days)
    stage_of = rules_of(tools, connection, catalogue).stage_of
    ids = connection.execute(
        select(readers_table.c.id)
        .where(readers_table.c.opted_in_at.is_not(None), readers_table.c.email.is_not(None))
        .order_by(readers_table.c.created_at)
    ).scalars()
    found: list[Compared] = []
    for reader_id in list(ids):
        reader = readers.get(connection, reader_id)
        if reader is None:
            continue
        was = _mails(connection, reader_id)
        story = _story(connection, reader, was, since, catalogue.moved)
        would = replay(story, catalogue, tools.settings.zone, since, until, tools.day, stage_of)
        found += _compared(reader.email or reader_id, list(would), was, since)
    return sorted(found, key=lambda one: (one.reader, one.would or one.was or since))


def _mails(connection: Connection, reader_id: str) -> list[Delivery]:
    ids = connection.execute(
        select(mails_table.c.id)
        .where(mails_table.c.reader_id == reader_id, mails_table.c.kind.in_(UNORDERED))
        .order_by(func.coalesce(mails_table.c.settled_at, mails_table.c.due_at))
    ).scalars()
    return [mail for one in list(ids) if (mail := deliveries.get(connection, one))]


def _story(
    connection: Connection,
    reader: Reader,
    mails: list[Delivery],
    since: datetime,
    moved: Mapping[str, str],
) -> Story:
    done = at_present(events.of_reader(connection, reader.id), moved)
    before = [mail for mail in mails if mail.settled_at is not None and mail.settled_at <= since]
    of_way: defaultdict[str, list[Delivery]] = defaultdict(list)
    for mail in before:
        of_way[mail.enrolment_id or ""].append(mail)
    begun = connection.execute(
        select(enrolments_table).where(enrolments_table.c.reader_id == reader.id)
    ).all()
    ways = [
        Way(
            scenario=row.scenario,
            occasion=row.occasion,
            started_at=row.started_at,
            taken=tuple(taken_by([_step(mail) for mail in of_way[row.id]])),
            under_way=row.ended_at is None or row.ended_at > since,
        )
        for row in begun
        if row.started_at <= since
    ]
    sent = [mail.settled_at for mail in before if mail.state in _SENT and mail.settled_at]
    return Story(
        reader_id=reader.id,
        events=done,
        agreed_at=_first_agreed(reader, done),
        left_at=reader.unsubscribed_at or reader.suppressed_at,
        wants=_wanted(reader),
        known_since=reader.created_at,
        ways=tuple(ways),
        held=frozenset((row.scenario, row.occasion) for row in begun if row.arm == Arm.HELD_OUT),
        step_of={mail.id: mail.step for mail in mails if mail.step and mail.kind is MailKind.STEP},
        sent=tuple(sent),
        address=reader.email,
        company=reader.company,
    )


def _step(mail: Delivery) -> StepMail:
    return StepMail(mail.step, mail.settled_at or mail.due_at, mail.state, mail.reason)


def _first_agreed(reader: Reader, done: Sequence[Event]) -> datetime | None:
    """Since when mail might go out: an agreement renewed did not begin then."""
    confirmed = [event.at for event in done if event.kind is EventKind.CONFIRM]
    return min([at for at in (reader.opted_in_at, *confirmed[:1]) if at], default=None)


def _wanted(reader: Reader) -> frozenset[Topic]:
    """What they wanted until they went out, which takes all their switches back."""
    if reader.unsubscribed_at is not None and not reader.wants:
        return frozenset({Topic.STEP, Topic.SEMINAR})
    return reader.wants


def _compared(
    name: str, would: list[Would], was: list[Delivery], since: datetime
) -> Iterator[Compared]:
    sent = {
        (mail.scenario or NEWSLETTER, mail.step or ""): mail.settled_at
        for mail in was
        if mail.state in _SENT and mail.settled_at and mail.settled_at > since
    }
    for one in would:
        if one.skipped is None:
            at = sent.pop((one.scenario, one.step), None)
            yield Compared(name, one.scenario, one.step, one.at, at)
    for (scenario, step), at in sent.items():
        yield Compared(name, scenario, step, None, at)


def lines(found: list[Compared], tools: Tools, days: int) -> Iterator[str]:
    """The comparison in words: step by step, then reader by reader where it differs."""
    steps: dict[tuple[str, str], Counter[str]] = {}
    for one in found:
        counts = steps.setdefault((one.scenario, one.step), Counter())
        counts["would"] += one.would is not None
        counts["was"] += one.was is not None
    yield f"過去{days}日に、いまの site/ なら届いたはずの数（と、実際に送った数）:"
    for (scenario, step), counts in sorted(steps.items()):
        yield f"  {scenario} / {step}: {counts['would']}通（{counts['was']}通）"
    if not steps:
        yield "  1通もありません"
    others = [one for one in found if not one.same]
    if found and not others:
        yield "だれにとっても、何も変わりません"
    reader = ""
    for one in others:
        if one.reader != reader:
            reader = one.reader
            yield f"{reader}:"
        yield f"  {_change(one, tools)}"


def _change(one: Compared, tools: Tools) -> str:
    def told(at: datetime) -> str:
        return f"{at.astimezone(tools.settings.zone):%m月%d日 %H:%M}"

    what = f"{one.scenario} / {one.step}"
    if one.would and one.was:
        return f"{told(one.would)} {what}（実際は {told(one.was)}）"
    if one.would:
        return f"{told(one.would)} {what}（実際には送っていない）"
    assert one.was is not None
    return f"{what} は届かない（実際は {told(one.was)} に送った）"
