"""Click truth: people counted, machines not, on labelled traces; and what must hold for any."""

from collections import Counter
from pathlib import Path

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from tests.clicks.traces import (
    APPS,
    BROWSERS,
    OFFICE,
    PROGRAMS,
    SENT,
    THUNDERBIRD,
    Trace,
    hit,
    traces,
)
from tracker.clicks import LABELS, WEIGHTS, Hit, is_program, judge
from tracker.words import Verdict

TRACES = list(traces())


def judged(trace: Trace) -> list[tuple[str, Hit, Verdict]]:
    found = judge([h for h, _ in trace.hits], sent_at=SENT, links=trace.links)
    return [(who, h, found[h.id].verdict) for h, who in trace.hits]


def confusion() -> Counter[tuple[str, Verdict]]:
    return Counter((who, verdict) for trace in TRACES for who, _, verdict in judged(trace))


def test_there_are_traces_enough_of_both_kinds() -> None:
    assert len({trace.name for trace in TRACES}) == len(TRACES) >= 80
    for kind in ("person", "machine"):
        assert sum(any(who == kind for _, who in trace.hits) for trace in TRACES) >= 40


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.name)
def test_no_machine_is_counted_as_a_person(trace: Trace) -> None:
    for who, found, verdict in judged(trace):
        if who == "machine":
            assert verdict is not Verdict.HUMAN, found


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.name)
def test_no_person_is_lost(trace: Trace) -> None:
    for who, found, verdict in judged(trace):
        if who == "person":
            assert verdict is Verdict.HUMAN, found


def test_the_confusion_table_in_the_documentation_is_this_one() -> None:
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    counts = confusion()
    for who in ("person", "machine"):
        row = " | ".join(str(counts[who, verdict]) for verdict in Verdict)
        assert f"| {who} | {row} |" in text


@pytest.mark.parametrize("ua", [*BROWSERS, *APPS, THUNDERBIRD, OFFICE])
def test_what_people_use_is_no_program(ua: str) -> None:
    assert not is_program(hit(0, 0, ua))


@pytest.mark.parametrize("ua", [*PROGRAMS, "", "Mozilla/5."])
def test_what_names_itself_a_program_is_one(ua: str) -> None:
    assert is_program(hit(0, 0, ua)) or len(ua) >= 10


def test_the_kept_list_of_programs_is_known() -> None:
    samples = [ua for entry in CRAWLER_USER_AGENTS_DATA for ua in entry.get("instances", [])]
    assert len(samples) > 1000
    missed = [ua for ua in samples if not is_program(hit(0, 0, ua[:512]))]
    assert len(missed) / len(samples) < 0.01, missed[:20]


def test_a_name_of_any_length_is_judged_at_once() -> None:
    assert judge([hit(9000, 0, ("Chrome/" + "1" * 500)[:512])], sent_at=SENT, links=4)


def test_a_verdict_names_the_signs_it_rests_on() -> None:
    sweep = [hit(3 + k, k, language="", fetch_mode="") for k in range(4)]
    found = judge(sweep, sent_at=SENT, links=4)[sweep[0].id]
    assert found.total == pytest.approx(sum(weight for _, weight in found.signs))
    assert {"no-language", "burst"} <= {name for name, _ in found.signs}


HITS = st.builds(
    hit,
    at=st.floats(0, 20_000),
    place=st.integers(0, 4),
    ua=st.sampled_from([*BROWSERS, *APPS, *PROGRAMS, ""]),
    network=st.sampled_from(["203.0.113.0/24", "198.51.100.0/24", None]),
    language=st.sampled_from(["", "ja", "en"]),
    fetch_mode=st.sampled_from(["", "navigate"]),
    method=st.sampled_from(["GET", "HEAD"]),
    prefetch=st.sampled_from(["", "prefetch"]),
)
LISTS = st.lists(HITS, max_size=8, unique_by=lambda h: h.id)


@given(LISTS, st.randoms())
def test_the_order_of_arrival_changes_no_verdict(hits: list[Hit], random: object) -> None:
    shuffled = list(hits)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert judge(hits, sent_at=SENT, links=4) == judge(shuffled, sent_at=SENT, links=4)


@given(LISTS, HITS)
def test_another_hit_never_makes_a_machine_a_person(hits: list[Hit], another: Hit) -> None:
    before = judge(hits, sent_at=SENT, links=4)
    after = judge([*hits, another], sent_at=SENT, links=4)
    for name, judgement in before.items():
        if name != another.id:
            assert after[name].total >= judgement.total


def test_a_lone_browser_ten_minutes_later_is_a_person() -> None:
    for ua in BROWSERS:
        lone = hit(601, 0, ua)
        assert judge([lone], sent_at=SENT, links=4)[lone.id].verdict is Verdict.HUMAN


def test_a_mail_whose_sending_is_not_known_is_judged_by_the_rest() -> None:
    lone = hit(0, 0)
    assert judge([lone], sent_at=None, links=None)[lone.id].verdict is Verdict.HUMAN


def test_every_weight_is_used_by_some_trace() -> None:
    used = {
        name
        for trace in TRACES
        for judgement in judge([h for h, _ in trace.hits], sent_at=SENT, links=trace.links).values()
        for name, _ in judgement.signs
    }
    assert used == set(WEIGHTS) == set(LABELS)
