"""Which scenarios a reader belongs in, and why they leave one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.catalogue.scenarios import Scenario
from tracker.words import EndReason, Entry, Stage, Topic

AFTER_A_SEMINAR = timedelta(days=14)
"""How long after its end the scenario of a seminar may still begin, for who was away meanwhile."""


@dataclass(frozen=True)
class Standing:
    """Where a reader stands.

    ``agrees`` says that mail they did not order may go out, ``over`` why it may not any more.
    ``seminars`` are those they had a place at and that ended not long ago. ``free`` says that they
    are in no scenario. What began up to ``dealt_at`` a deal has ended, won or lost; a ``customer``
    is one who bought.
    """

    stage: Stage | None
    agrees: bool
    wants: frozenset[Topic]
    acted_at: datetime
    inquired_at: datetime | None = None
    over: EndReason | None = None
    paused: bool = False
    free: bool = True
    seminars: tuple[str, ...] = ()
    dealt_at: datetime | None = None
    customer: bool = False


@dataclass(frozen=True)
class Place:
    """A scenario to be in. Nobody is in it twice on the same ``occasion``."""

    scenario: Scenario
    occasion: str = ""


def leaves(scenario: Scenario, started_at: datetime, standing: Standing) -> EndReason | None:
    """Why the reader leaves a scenario begun at ``started_at``; ``None`` if they stay."""
    if standing.over:
        return standing.over
    if standing.inquired_at is not None and standing.inquired_at >= started_at:
        return EndReason.INQUIRY
    for_buyers = scenario.enter in (Entry.STAGE, Entry.DORMANT)
    dealt = standing.dealt_at is not None and standing.dealt_at >= started_at
    if dealt or (standing.customer and for_buyers):
        return EndReason.DEAL
    if scenario.enter is Entry.STAGE and scenario.stage is not standing.stage:
        return EndReason.STAGE
    if scenario.enter is Entry.DORMANT and standing.acted_at > started_at:
        return EndReason.RETURNED
    return None


def leaves_newsletter(
    standing: Standing, now: datetime, day: timedelta, quiet_days: int
) -> EndReason | None:
    """Why an issue already planned does not go to the reader any more; ``None`` if it does."""
    if standing.over:
        return standing.over
    if Topic.NEWSLETTER not in standing.wants:
        return EndReason.PREFERENCES
    inquired = standing.inquired_at
    if inquired is not None and now < inquired + quiet_days * day:
        return EndReason.INQUIRY
    if standing.dealt_at is not None and now < standing.dealt_at + quiet_days * day:
        return EndReason.DEAL
    return None


def places(
    scenarios: Sequence[Scenario],
    standing: Standing,
    now: datetime,
    day: timedelta,
    quiet_days: int,
) -> list[Place]:
    """The scenarios the reader belongs in now, whether they were in them before or not.

    Who inquired is left to the people they wrote to: no stage's scenario begins any more, and no
    other one for ``quiet_days`` scenario days. After a deal it is as quiet; who bought is led to
    no purchase any more.
    """
    if not standing.agrees or standing.over:
        return []
    inquired = standing.inquired_at
    since = [at for at in (inquired, standing.dealt_at) if at is not None]
    quiet = bool(since) and now < max(since) + quiet_days * day
    buying = inquired is None and not standing.customer
    dealt = standing.dealt_at is not None and now < standing.dealt_at + quiet_days * day
    found = []
    for scenario in scenarios:
        if scenario.topic not in standing.wants:
            continue
        match scenario.enter:
            case Entry.STAGE:
                if scenario.stage is standing.stage and buying and not dealt:
                    found.append(Place(scenario))
            case Entry.NEWSLETTER:
                if Topic.STEP not in standing.wants and not quiet:
                    found.append(Place(scenario))
            case Entry.SEMINAR:
                if not quiet:
                    found += [Place(scenario, seminar) for seminar in standing.seminars]
            case Entry.DORMANT:
                idle = now >= standing.acted_at + scenario.idle_days * day
                shut = standing.paused or quiet or standing.customer
                if idle and standing.free and standing.stage and not shut:
                    found.append(Place(scenario, standing.acted_at.strftime("%Y-%m-%dT%H:%M:%S")))
    return found
