"""When planned mails are due, and what moves them: a pause, a seminar held at another time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from nurture_worker.dormancy import is_over
from nurture_worker.reminders import Reminder, reminders
from nurture_worker.scenarios import Course, Next, Pause, Taken, next_step
from nurture_worker.schedule import Calendar
from nurture_worker.tools import Tools
from tracker.catalogue.scenarios import Scenario
from tracker.events import Event
from tracker.store import deliveries, enrolments, readers
from tracker.store.deliveries import Delivery, StepMail
from tracker.store.engine import reading, writing
from tracker.store.enrolments import Enrolment
from tracker.words import DeliveryState, EndReason, Entry, FormOf, MailKind, SkipReason


def following(
    tools: Tools, connection: Connection, enrolment: Enrolment, scenario: Scenario
) -> Next | None:
    """The step an enrolment comes to next, whether it is planned yet or not."""
    return following_each(tools, connection, [enrolment], {scenario.id: scenario})[enrolment.id]


def following_each(
    tools: Tools,
    connection: Connection,
    waiting: Sequence[Enrolment],
    scenarios: Mapping[str, Scenario],
) -> dict[str, Next | None]:
    """The step each enrolment comes to next, by its id; those of other scenarios are left out."""
    mails = deliveries.steps_of(connection, [one.id for one in waiting])
    pauses = readers.pauses(connection, {one.reader_id for one in waiting})
    calendar = calendar_of(tools)
    courses = {name: Course.of(scenario) for name, scenario in scenarios.items()}
    found = {}
    for one in waiting:
        course = courses.get(one.scenario)
        if course is not None:
            paused = pauses.get(one.reader_id)
            pause = Pause(*paused) if paused else None
            taken = taken_by(mails.get(one.id, ()))
            found[one.id] = next_step(course, one.started_at, taken, calendar, pause)
    return found


def ending(
    tools: Tools, connection: Connection, enrolment: Enrolment, scenario: Scenario
) -> EndReason | None:
    """How an enrolment ends that has no step left; ``None`` while its reader may still answer.

    Who was asked in vain whether to go on, at the end of the scenario of the dormant, gets nothing
    more.
    """
    if scenario.enter is not Entry.DORMANT:
        return EndReason.FINISHED
    taken = taken_by(deliveries.steps_of(connection, [enrolment.id]).get(enrolment.id, ()))
    asked = [one.at for one in taken if one.mailed]
    if not asked:
        return EndReason.FINISHED
    return EndReason.SUNSET if is_over(scenario, max(asked), tools.now(), tools.day) else None


def taken_by(mails: Sequence[StepMail]) -> list[Taken]:
    """The steps behind a reader, by the mails of one enrolment."""
    return [
        Taken(
            mail.step or "",
            mail.at,
            passed=mail.state is DeliveryState.SKIPPED and mail.reason == SkipReason.CONDITION,
            mailed=mail.state not in _UNSENT,
        )
        for mail in mails
        if mail.state is not DeliveryState.PLANNED
    ]


_UNSENT = (DeliveryState.SKIPPED, DeliveryState.CANCELLED)


def calendar_of(tools: Tools) -> Calendar:
    """The days of this firm."""
    return Calendar(tools.catalogue.firm.sending, tools.settings.zone, tools.day)


def redate_steps(tools: Tools, connection: Connection, reader_id: str) -> None:
    """Give a reader's planned steps the time they have now: a pause began or ended."""
    planned = deliveries.untried(connection, MailKind.STEP, reader_id=reader_id)
    under_way = {e.id: e for e in enrolments.under_way(connection, reader_id)}
    for mail in planned:
        enrolment = under_way.get(mail.enrolment_id or "")
        scenario = tools.catalogue.scenario(mail.scenario or "")
        if enrolment is None or scenario is None:
            continue
        step = following(tools, connection, enrolment, scenario)
        if step is not None and step.step.id == mail.step:
            deliveries.move(connection, mail.id, step.due_at)


def plan_reminders(tools: Tools, connection: Connection, event: Event, now: datetime) -> None:
    """The mails of a place at a seminar: that it is theirs, at once, and the reminders to come."""
    seminar_id = FormOf.SEMINAR.id_in(event.gate) or ""
    page = tools.catalogue.seminar_page(seminar_id)
    if page is None or page.seminar is None or event.reader_id is None:
        return
    about: dict[str, Any] = {
        "domain": tools.mail_domain,
        "now": now,
        "reader_id": event.reader_id,
        "gate": event.gate,
        "event_id": event.id,
    }
    deliveries.plan(
        connection, key=f"place:{event.id}", kind=MailKind.DELIVERY, due_at=now, **about
    )
    planned = deliveries.untried(connection, MailKind.REMINDER, reader_id=event.reader_id)
    if any(mail.gate == event.gate for mail in planned):
        return
    for due in reminders(page.seminar, now, tools.settings.zone, tools.day):
        deliveries.plan(
            connection,
            key=f"reminder:{event.id}:{due.reminder}"[:140],
            kind=MailKind.REMINDER,
            due_at=due.at,
            step=due.reminder,
            **about,
        )


def keep_reminders(tools: Tools) -> None:
    """Bring the planned reminders up to the catalogue: a seminar that is gone is reminded of no
    more, one held at another time at that time."""
    with reading(tools.engine) as connection:
        wrong = [
            (mail, at)
            for mail in deliveries.untried(connection, MailKind.REMINDER)
            if (at := _due_now(tools, mail)) != mail.due_at
        ]
    if not wrong:
        return
    with writing(tools.engine) as connection:
        for mail, at in wrong:
            if at is None:
                deliveries.cancel(connection, mail.id, EndReason.REMOVED, tools.now())
            else:
                deliveries.move(connection, mail.id, at)


def _due_now(tools: Tools, mail: Delivery) -> datetime | None:
    """When a planned reminder is due by today's catalogue; ``None`` if it is due no more. A time
    that has gone by since leaves the reminder where it is."""
    page = tools.catalogue.seminar_page(FormOf.SEMINAR.id_in(mail.gate) or "")
    if page is None or page.seminar is None:
        return None
    ahead = reminders(page.seminar, mail.planned_at, tools.settings.zone, tools.day)
    at = next((due.at for due in ahead if due.reminder is Reminder(mail.step or "")), mail.due_at)
    return at.astimezone(tools.now().tzinfo)
