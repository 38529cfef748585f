"""Counting what readers did: every order gives the same, twice is once, nothing is invented."""

from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.counts import Counts, CtaCounts, FactError, FormCounts, Tally

SINCE, UNTIL = 1_000_000, 100_000_000
Fact = dict[str, Any]


def counted(facts: Iterable[Fact], **more: Any) -> Counts:
    tally = Tally(SINCE, UNTIL, **more)
    for fact in facts:
        tally.add(fact)
    return tally.counts()


def view(pv: str, at: int = SINCE, *, sid: str = "s", page: str = "a", **more: Any) -> Fact:
    return {"id": f"v-{pv}", "ts": at, "e": "page_view", "pv": pv, "sid": sid, "vid": sid,
            "page": page, "ref": "search", **more}  # fmt: skip


def end(pv: str, reached: int = 0, *, done: bool = False, active_ms: int = 5000) -> Fact:
    return {"id": f"e-{pv}", "ts": SINCE, "e": "page_end", "pv": pv, "reached": reached,
            "done": done, "active_ms": active_ms, "dwell_ms": 9000}  # fmt: skip


def story() -> list[Fact]:
    """Six readers: one who leaves, one who finishes and goes on, one who clicks and sends, one who
    stops at the telephone, one lost from sight, and a program."""
    facts = [view("p1"), {"e": "section", "pv": "p1", "i": 1, "id": 1}, end("p1", 1)]
    facts += [
        view("p2", sid="t"),
        {"e": "section", "pv": "p2", "i": 2, "id": 2},
        {"e": "link_click", "pv": "p2", "to": "b", "id": 3, "ts": SINCE},
        end("p2", 2, done=True),
        view("p3", sid="t", page="b", ref="internal"),
    ]
    for n, sid in enumerate(("u", "w")):
        facts += [
            view(f"c{n}", sid=sid, ref="internal" if n else "search"),
            {"e": "cta_seen", "pv": f"c{n}", "cta": "x", "id": f"seen{n}"},
            {"e": "cta_click", "pv": f"c{n}", "cta": "x", "id": f"click{n}", "ts": SINCE + 5},
            end(f"c{n}", 1),
            {"e": "gate_open", "sid": sid, "gate": "g", "cta": "x", "id": f"o{n}", "ts": SINCE + 9},
            {"e": "gate_field", "sid": sid, "gate": "g", "field": "name", "id": f"f{n}",
             "ts": SINCE + 10},
        ]  # fmt: skip
    facts += [
        {"e": "gate_submit", "sid": "u", "gate": "g", "cta": "x", "lead": "L", "id": "sub",
         "ts": SINCE + 20},
        {"e": "inquiry", "lead": "L", "via": "mail_reply", "id": "i1", "ts": SINCE + 99},
        {"e": "inquiry", "lead": "L", "via": "gate", "id": "i2", "ts": SINCE + 99},
    ]  # fmt: skip
    for n in range(15):
        facts += [view(f"r{n}", sid="robot"), end(f"r{n}", active_ms=30)]
    return facts


def test_a_story_is_counted_by_how_each_view_ended() -> None:
    found = counted(story())
    page = found.pages["a"]
    assert (page.views, page.done, page.went_on, page.inside) == (4, 1, 1, 1)
    assert (page.left, page.took) == ((0, 1, 0), (0, 2, 0))
    assert page.ctas == {"x": CtaCounts(seen=2, clicked=2, arrived=2, inside=1)}
    assert found.pages["b"].lost == (1,)
    assert found.forms == {
        "g": FormCounts(opened=2, sent=1, leads=1, inquirers=1, stopped={("name",): 1})
    }
    assert (found.sessions, found.machines, found.inquiries) == (4, 1, 1)


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 40), max_size=30))
def test_neither_order_nor_sending_twice_changes_any_count(rng: Random, twice: list[int]) -> None:
    facts = story()
    mixed = [*facts, *(facts[n % len(facts)] for n in twice)]
    rng.shuffle(mixed)
    assert counted(mixed) == counted(facts)


def test_a_clock_that_is_off_puts_a_view_outside_the_period_and_not_into_it() -> None:
    facts = [view("past", 0), view("far", 10**15), view("now"), end("now")]
    tally = Tally(SINCE, UNTIL)
    for fact in facts:
        tally.add(fact)
    assert (tally.counts().views, tally.out_of_period) == (1, 2)


@pytest.mark.parametrize(
    ("views", "active_ms", "machines"), [(15, 999, 1), (14, 0, 0), (15, 1000, 0)]
)
def test_many_pages_in_one_session_without_attention_are_a_program(
    views: int, active_ms: int, machines: int
) -> None:
    facts: list[Fact] = []
    for n in range(views):
        facts += [view(f"r{n}", SINCE + n * 600_000), end(f"r{n}", active_ms=active_ms)]
    found = counted(facts)
    assert (found.machines, found.views) == (machines, 0 if machines else views)


def test_a_page_with_a_new_address_is_counted_under_it() -> None:
    found = counted([view("p1", page="old"), view("p2", page="a")], moved={"old": "a"})
    assert {page: own.views for page, own in found.pages.items()} == {"a": 2}


def test_without_links_of_their_own_the_next_view_from_inside_tells_of_one() -> None:
    facts = [
        view("p1"), end("p1", done=True), view("p2", SINCE + 60_000, page="b", ref="internal"),
        view("p3", SINCE + 60_000 * 45, sid="s"),
    ]  # fmt: skip
    found = counted(facts, by_visitor=True)
    assert (found.pages["a"].went_on, found.sessions) == (1, 2)


def test_a_click_arrives_when_its_target_is_opened_after_it() -> None:
    facts: list[Fact] = []
    for n in range(3):
        facts += [
            view(f"p{n}", SINCE, sid=f"s{n}"),
            {"e": "cta_click", "pv": f"p{n}", "cta": "x", "id": f"c{n}", "ts": SINCE + 1000},
        ]
    # Told with the page's end, a click may be told after the arrival.
    facts += [view("q0", SINCE + 900, sid="s0", page="guide"),
              view("q1", SINCE + 40 * 60_000, sid="s1", page="guide")]  # fmt: skip
    found = counted(facts, by_visitor=True, targets={"x": "guide"})
    assert found.pages["a"].ctas["x"] == CtaCounts(seen=3, clicked=3, arrived=1)


def test_a_form_sent_by_somebody_who_was_not_seen_to_open_it_is_a_lead_but_no_part_of_its_rate() -> (
    None
):
    sent = {"e": "gate_submit", "sid": None, "gate": "g", "lead": "L", "id": 1, "ts": SINCE}
    assert counted([sent]).forms == {"g": FormCounts(leads=1)}


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ({}, "e（出来事の種類）がありません"),
        ({"e": 5}, "文字ではありません"),
        ({"e": "section", "pv": "p", "i": -1}, "i（見出しの番号）"),
        ({"e": "section", "pv": "p", "i": True}, "i（見出しの番号）"),
        ({"e": "section", "i": 1}, "pv（閲覧の番号）"),
        ({"e": "page_view", "pv": "p", "page": "a"}, "ts"),
        ({"e": "page_view", "pv": "p", "page": "a", "ts": 1.5}, "ts"),
        ({"e": "page_view", "pv": "p", "page": 3, "ts": 1}, "page"),
        ({"e": "cta_seen", "pv": "p"}, "cta"),
        ({"e": "gate_open", "ts": 1}, "gate"),
    ],
)
def test_a_fact_that_cannot_be_read_is_refused_and_changes_nothing(fact: Fact, said: str) -> None:
    tally = Tally(SINCE, UNTIL)
    with pytest.raises(FactError, match=said.split("（")[0]):
        tally.add(fact)
    assert tally.counts() == Counts({}, 0, 0, 0)


def test_kinds_that_are_not_known_are_passed_over() -> None:
    tally = Tally(SINCE, UNTIL)
    tally.add({"e": "mail_sent", "ts": SINCE, "id": 1})
    assert tally.unknown_kinds == 1
    assert tally.counts().views == 0


def test_absurd_figures_stay_within_reason() -> None:
    facts = [view("p"), {"e": "section", "pv": "p", "i": 10**12, "id": 1},
             {**end("p", 10**15), "active_ms": -5}]  # fmt: skip
    page = counted(facts).pages["a"]
    assert len(page.left) <= 501
    assert page.active_ms is None
