"""The condition of a step: plain facts in, yes or no out; only what people did counts."""

from typing import Any

import pytest

from nurture_worker.scenarios.conditions import Facts, doings, holds
from tests.conftest import NOW
from tests.content import catalogue, page
from tracker.catalogue.affinity import persona_of
from tracker.catalogue.conditions import Condition
from tracker.events import Event
from tracker.words import EventKind, PageKind, Stage

URL_OF = catalogue().url_of
METAL = ("case", "cases/metal/")

HOLDS: list[tuple[dict[str, object], Facts, bool]] = [
    ({"clicked": "case"}, Facts(clicked=frozenset({METAL})), True),
    ({"clicked": "case"}, Facts(), False),
    ({"clicked": "thanks"}, Facts(clicked=frozenset({METAL})), False),
    ({"clicked": "case /cases/metal.md"}, Facts(clicked=frozenset({METAL})), True),
    ({"clicked": "case /cases/metal.md#steps"}, Facts(clicked=frozenset({METAL})), True),
    ({"clicked": "case /articles/why.md"}, Facts(clicked=frozenset({METAL})), False),
    ({"clicked": "case /cases/gone.md"}, Facts(clicked=frozenset({METAL})), False),
    (
        {"clicked": "case https://example.com/a"},
        Facts(clicked=frozenset({("case", "https://example.com/a")})),
        True,
    ),
    ({"not_clicked": "case"}, Facts(), True),
    ({"not_clicked": "case"}, Facts(clicked=frozenset({METAL})), False),
    ({"downloaded": "guide"}, Facts(downloaded=frozenset({"guide"})), True),
    ({"downloaded": "guide"}, Facts(), False),
    ({"not_downloaded": "guide"}, Facts(), True),
    ({"not_downloaded": "guide"}, Facts(downloaded=frozenset({"guide"})), False),
    ({"score": 30}, Facts(score=30), True),
    ({"score": 30}, Facts(score=29.9), False),
    ({"persona": "owner"}, Facts(persona="owner"), True),
    ({"persona": "owner"}, Facts(), False),
    ({"stages": ["interest", "trust"]}, Facts(stage=Stage.TRUST), True),
    ({"stages": ["interest"]}, Facts(stage=None), False),
    ({"attended": "exits"}, Facts(attended=frozenset({"exits"})), True),
    ({"attended": "any"}, Facts(attended=frozenset({"other"})), True),
    ({"attended": "any"}, Facts(), False),
    ({"attended": "this"}, Facts(attended=frozenset({"exits"}), seminar="exits"), True),
    ({"attended": "this"}, Facts(attended=frozenset({"exits"}), seminar="other"), False),
    ({"not_attended": "this"}, Facts(seminar="exits"), True),
    ({"score": 30, "clicked": "case"}, Facts(score=50), False),
    ({"score": 30, "clicked": "case"}, Facts(score=50, clicked=frozenset({METAL})), True),
]


@pytest.mark.parametrize(("when", "facts", "wanted"), HOLDS)
def test_all_that_is_named_must_be_so(when: dict[str, object], facts: Facts, wanted: bool) -> None:
    assert holds(Condition.model_validate(when), facts, URL_OF) is wanted


def click(delivery: str, **data: Any) -> Event:
    return Event(
        1, "e", NOW, EventKind.MAIL_CLICK, "r", page="cases/metal/", delivery_id=delivery, data=data
    )


@pytest.mark.parametrize(
    ("data", "counts"),
    [
        ({"verdict": "human"}, True),
        ({"verdict": "machine"}, False),
        ({"verdict": "unsure"}, False),
        ({}, False),
        ({"verdict": "human", "late": True}, False),
        ({"verdict": "human", "forwarded": [["other-browser", 3.0]]}, False),
    ],
)
def test_a_branch_follows_the_readers_own_clicks_alone(data: dict[str, Any], counts: bool) -> None:
    told = doings([click("d1", **data)], {"d1": "case"})
    assert told.clicked == ({METAL} if counts else set())


def test_a_click_on_another_scenarios_mail_is_none_of_its_business() -> None:
    assert doings([click("d2", verdict="human")], {"d1": "case"}).clicked == set()


def written_for(n: int, *personas: str) -> Any:
    return page(f"articles/{n}.md", PageKind.ARTICLE, Stage.AWARENESS, "題", personas=personas)


def test_a_reader_is_whom_most_of_their_pages_were_written_for() -> None:
    assert persona_of([]) is None
    assert persona_of([None, written_for(1)]) is None
    assert persona_of([written_for(1, "owner")]) == "owner"
    assert persona_of([written_for(1, "owner", "sales")]) is None
    both = [written_for(1, "owner", "sales"), written_for(2, "owner", "sales")]
    assert persona_of(both) is None
    assert persona_of([*both, written_for(3, "sales")]) == "sales"
    assert persona_of([written_for(1, "owner")] * 3 + [written_for(2, "sales")]) is None
