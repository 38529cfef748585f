"""The next step of each enrolment: which it is, when it is due, and its place in the ledger."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from nurture_worker.scenarios.schedule import Calendar
from nurture_worker.scenarios.steps import Course, Next, Pause, Taken, next_step
from nurture_worker.scoring.dormancy import is_over
from nurture_worker.tools import Tools
from tracker.catalogue.scenarios import Scenario
from tracker.store import deliveries, enrolments, readers
from tracker.store.deliveries import StepMail
from tracker.store.engine import writing
from tracker.store.enrolments import Enrolment
from tracker.words import DeliveryState, EndReason, Entry, MailKind, SkipReason

PLANNED_AT_ONCE = 5000


def plan_steps(tools: Tools) -> int:
    """Plan the next step of every enrolment that waits for one; how many were planned."""
    planned, place = 0, ""
    while True:
        with writing(tools.engine) as connection:
            catalogue = tools.catalogue
            waiting = enrolments.waiting(
                connection, place, PLANNED_AT_ONCE, catalogue.newsletter_scenarios
            )
            scenarios = {scenario.id: scenario for scenario in catalogue.scenarios}
            steps = following_each(tools, connection, waiting, scenarios)
            rows = []
            for enrolment in waiting:
                scenario = scenarios.get(enrolment.scenario)
                step = steps.get(enrolment.id)
                if scenario is None:
                    enrolments.end(connection, enrolment.id, EndReason.REMOVED, tools.now())
                elif step is None:
                    _close(tools, connection, enrolment, scenario)
                else:
                    rows.append(
                        {
                            "key": _key(enrolment, step.step.id),
                            "due_at": step.due_at,
                            "reader_id": enrolment.reader_id,
                            "enrolment_id": enrolment.id,
                            "scenario": scenario.id,
                            "step": step.step.id,
                            "channel": step.step.channel,
                        }
                    )
            planned += deliveries.plan_steps(
                connection, rows, domain=tools.mail_domain, now=tools.now()
            )
        if len(waiting) < PLANNED_AT_ONCE:
            return planned
        place = waiting[-1].id


def _close(tools: Tools, connection: Connection, enrolment: Enrolment, scenario: Scenario) -> None:
    reason = ending(tools, connection, enrolment, scenario)
    if reason is None:
        return
    enrolments.end(connection, enrolment.id, reason, tools.now())
    if reason is EndReason.SUNSET:
        readers.sunset(connection, enrolment.reader_id, tools.now())


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


def _key(enrolment: Enrolment, step: str) -> str:
    return f"step:{enrolment.id}:{step}"
