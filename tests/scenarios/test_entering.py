"""Who belongs in which scenario, and why they leave it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nurture_worker.scenarios.entering import Standing, leaves, leaves_newsletter, places
from nurture_worker.scoring.dormancy import last_act
from tests.content import catalogue, steps
from tracker.catalogue.scenarios import Scenario
from tracker.events import Event
from tracker.words import EndReason, Entry, EventKind, Stage, Topic

NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OCCASIONS = tuple(
    Scenario(id=entry.value, enter=entry, steps=steps(entry.value))
    for entry in (Entry.DORMANT, Entry.SEMINAR, Entry.NEWSLETTER)
)
SCENARIOS = (*catalogue().scenarios, *OCCASIONS)
DORMANT = OCCASIONS[0]
READER = Standing(
    stage=Stage.INTEREST,
    agrees=True,
    wants=frozenset({Topic.STEP, Topic.SEMINAR}),
    acted_at=NOW - DAY,
)


def entered(now: datetime = NOW, **changes: object) -> list[str]:
    found = places(SCENARIOS, replace(READER, **changes), now, DAY, quiet_days=60)  # type: ignore[arg-type]
    return [f"{place.scenario.id}:{place.occasion}".rstrip(":") for place in found]


LONG_AGO = NOW - 90 * DAY
ENTERS: dict[str, tuple[dict[str, object], list[str]]] = {
    "the scenario of their stage": ({}, ["interest"]),
    "none without a stage": ({"stage": None}, []),
    "none without consent": ({"agrees": False}, []),
    "none after an opt-out": ({"over": EndReason.UNSUBSCRIBED}, []),
    "none with the mails switched off": ({"wants": frozenset({Topic.SEMINAR})}, []),
    "the newsletter's, who wants it alone": (
        {"wants": frozenset({Topic.NEWSLETTER}), "stage": Stage.AWARENESS},
        ["newsletter"],
    ),
    "not the newsletter's, who gets step mails too": (
        {"wants": frozenset({Topic.NEWSLETTER, Topic.STEP})},
        ["interest"],
    ),
    "one for each seminar": ({"seminars": ("a", "b")}, ["interest", "seminar:a", "seminar:b"]),
    "the dormant's after 90 idle days": (
        {"acted_at": LONG_AGO},
        ["interest", "dormant:2026-08-04T01:00:00"],
    ),
    "not before": ({"acted_at": LONG_AGO + timedelta(seconds=1)}, ["interest"]),
    "not in the middle of another": ({"acted_at": LONG_AGO, "free": False}, ["interest"]),
    "not on a pause": ({"acted_at": LONG_AGO, "paused": True}, ["interest"]),
    "none in the quiet after a lost deal": (
        {"dealt_at": NOW - 59 * DAY, "acted_at": LONG_AGO, "seminars": ("a",)},
        [],
    ),
    "all but the same again after it": (
        {"dealt_at": NOW - 61 * DAY, "acted_at": LONG_AGO, "seminars": ("a",)},
        ["interest", "dormant:2026-08-04T01:00:00", "seminar:a"],
    ),
    "neither the stage's nor the dormant's, who bought": (
        {"dealt_at": NOW - 61 * DAY, "customer": True, "acted_at": LONG_AGO, "seminars": ("a",)},
        ["seminar:a"],
    ),
    "none in the quiet after an inquiry": (
        {"inquired_at": NOW - 59 * DAY, "acted_at": LONG_AGO, "seminars": ("a",)},
        [],
    ),
    "no stage's after it, but those of occasions": (
        {"inquired_at": NOW - 60 * DAY, "acted_at": LONG_AGO, "seminars": ("a",)},
        ["dormant:2026-08-04T01:00:00", "seminar:a"],
    ),
}


@pytest.mark.parametrize(("changes", "wanted"), ENTERS.values(), ids=ENTERS)
def test_a_reader_enters(changes: dict[str, object], wanted: list[str]) -> None:
    assert entered(**changes) == wanted


def reason(scenario: str, **changes: object) -> EndReason | None:
    found = next(one for one in SCENARIOS if one.id == scenario)
    return leaves(found, NOW - 2 * DAY, replace(READER, **changes))  # type: ignore[arg-type]


def test_a_reader_leaves_the_scenario_of_a_stage_they_left() -> None:
    assert reason("interest") is None
    assert reason("awareness") is EndReason.STAGE
    assert reason("seminar") is None


def test_who_does_something_leaves_the_scenario_of_the_dormant() -> None:
    assert reason("dormant", acted_at=NOW - 3 * DAY) is None
    assert reason("dormant", acted_at=NOW - DAY) is EndReason.RETURNED


def test_an_inquiry_ends_what_was_begun_before_it_and_nothing_begun_after() -> None:
    for scenario in ("interest", "seminar", "newsletter"):
        assert reason(scenario, inquired_at=NOW - DAY) is EndReason.INQUIRY
    assert reason("seminar", inquired_at=NOW - 3 * DAY) is None


def test_an_opt_out_comes_before_all_else() -> None:
    told = {"over": EndReason.COMPLAINT, "inquired_at": NOW}
    assert {reason(one.id, **told) for one in SCENARIOS} == {EndReason.COMPLAINT}


def event(kind: EventKind, days: int, **more: object) -> Event:
    return Event(days, f"{kind}{days}", NOW + days * DAY, kind, "r", **more)  # type: ignore[arg-type]


def test_what_machines_did_and_what_happened_to_a_mail_is_no_act() -> None:
    done = [
        event(EventKind.CONFIRM, 0),
        event(EventKind.MAIL_CLICK, 1, delivery_id="d", data={"verdict": "human"}),
        event(EventKind.MAIL_CLICK, 2, delivery_id="d2", data={"verdict": "machine"}),
        event(EventKind.MAIL_CLICK, 3, delivery_id="d3"),
        event(EventKind.MAIL_DELIVERED, 4),
        event(EventKind.MAIL_BOUNCE, 5),
        event(EventKind.MAIL_UNSUB, 6),
    ]
    assert last_act(done) == NOW + DAY
    assert last_act([]) is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"wants": frozenset({Topic.STEP})}, EndReason.PREFERENCES),
        ({"inquired_at": NOW - 59 * DAY}, EndReason.INQUIRY),
        ({"dealt_at": NOW - 59 * DAY}, EndReason.DEAL),
        ({"dealt_at": NOW - 60 * DAY, "customer": True}, None),
        ({"over": EndReason.SUNSET}, EndReason.SUNSET),
    ],
)
def test_an_issue_already_planned_is_taken_back(
    changes: dict[str, object], why: EndReason | None
) -> None:
    wanting = replace(READER, wants=frozenset({Topic.NEWSLETTER}))
    standing = replace(wanting, **changes)  # type: ignore[arg-type]
    assert leaves_newsletter(standing, NOW, DAY, quiet_days=60) is why


@pytest.mark.parametrize(
    ("entry", "changes", "why"),
    [
        (Entry.SEMINAR, {"dealt_at": NOW - DAY}, EndReason.DEAL),
        (Entry.SEMINAR, {"dealt_at": NOW - 3 * DAY, "customer": True}, None),
        (Entry.DORMANT, {"dealt_at": NOW - 3 * DAY, "customer": True}, EndReason.DEAL),
        (Entry.DORMANT, {"dealt_at": NOW - 3 * DAY, "acted_at": LONG_AGO}, None),
    ],
)
def test_a_deal_ends_what_began_before_it_and_a_purchase_what_leads_to_one(
    entry: Entry, changes: dict[str, object], why: EndReason | None
) -> None:
    (scenario,) = (one for one in OCCASIONS if one.enter is entry)
    assert leaves(scenario, NOW - 2 * DAY, replace(READER, **changes)) is why  # type: ignore[arg-type]
