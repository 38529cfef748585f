"""Scenarios: what became of each step's mails, and whether the mails make a difference."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from tracker.catalogue import Catalogue
from tracker.catalogue.scenarios import Scenario, Step
from tracker.reporting.scope import Scope
from tracker.reporting.who import of_scope
from tracker.reports.mailings import Loss, Mailing, losses
from tracker.store import judgements
from tracker.store.judgements import Judgement
from tracker.store.mailings import mailings


@dataclass(frozen=True)
class StepTold:
    """``step`` is None where editors have taken it away since; ``loss`` tells of one that loses
    readers."""

    scenario: Scenario | None
    step: Step | None
    mailing: Mailing
    before: Mailing | None
    loss: Loss | None = None


@dataclass(frozen=True)
class ScenariosReport:
    """``steps`` in the order of scenarios and days; ``judged_at`` is when the worker judged."""

    steps: tuple[StepTold, ...]
    judgements: tuple[tuple[Scenario, Judgement | None], ...]
    judged_at: datetime | None


def report(
    connection: Connection, catalogue: Catalogue, scope: Scope, now: datetime
) -> ScenariosReport:
    """Made of the store as it is now."""
    who = of_scope(connection, catalogue, scope)
    found = mailings(connection, scope.since, scope.until, now, who)
    before = scope.before
    earlier = mailings(connection, before.since, before.until, now, who) if before else None
    lost = losses(list(found.values()))
    own = [
        scenario
        for scenario in sorted(catalogue.scenarios, key=lambda s: (s.rank, s.id))
        if scope.stage is None or scenario.stage is scope.stage
    ]
    steps = []
    for scenario in own:
        for step in scenario.steps:
            key = (scenario.id, step.id)
            mailing = found.pop(key, Mailing(*key))
            steps.append(StepTold(scenario, step, mailing, _earlier(earlier, key), lost.get(key)))
    if scope.stage is None:
        steps += [
            StepTold(
                catalogue.scenario(key[0]), None, found[key], _earlier(earlier, key), lost.get(key)
            )
            for key in sorted(found)
        ]
    held = judgements.newest(connection)
    return ScenariosReport(
        tuple(steps),
        tuple((scenario, held.get(scenario.id)) for scenario in own),
        judgements.made_at(connection),
    )


def _earlier(
    earlier: dict[tuple[str, str], Mailing] | None, key: tuple[str, str]
) -> Mailing | None:
    return None if earlier is None else earlier.get(key, Mailing(*key))
