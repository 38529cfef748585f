"""Click truth: people counted, machines not, on labelled traces; and what must hold for any."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from tests.clicks import traces as tuned
from tests.clicks import unseen
from tests.clicks.traces import (
    ANDROID,
    APPS,
    BROWSERS,
    CHROME,
    IPHONE,
    MAC_SAFARI,
    OFFICE,
    PROGRAMS,
    SENT,
    THUNDERBIRD,
    Trace,
    hit,
    plain,
)
from tracker.clicks.agents import is_program
from tracker.clicks.counting import counts_for_reader
from tracker.clicks.hits import TRAP, Hit, Landing, Neighbour
from tracker.clicks.judging import Judgement, judge
from tracker.clicks.scanners import Scanners
from tracker.clicks.weights import FORWARDED, FORWARDED_LABELS, LABELS, WEIGHTS
from tracker.words import Verdict

TRACES = list(tuned.traces())
APART = list(unseen.traces())
HOME, ELSEWHERE = "203.0.113.0/24", "192.0.2.0/24"


def judgements(trace: Trace) -> dict[str, Judgement]:
    hits = [h for h, _ in trace.hits]
    return judge(hits, sent_at=SENT, links=trace.links, neighbours=trace.neighbours)


def judged(trace: Trace) -> list[tuple[str, Hit, Verdict]]:
    found = judgements(trace)
    return [(who, h, found[h.id].verdict) for h, who in trace.hits]


def confusion(traces: Sequence[Trace]) -> Counter[tuple[str, Verdict]]:
    return Counter((who, verdict) for trace in traces for who, _, verdict in judged(trace))


def test_there_are_traces_enough_of_both_kinds() -> None:
    for traces in (TRACES, APART):
        assert len({trace.name for trace in traces}) == len(traces) >= 80
        for kind in ("person", "machine"):
            assert sum(any(who == kind for _, who in trace.hits) for trace in traces) >= 40
    for trace in APART:
        assert len({h.id for h, _ in trace.hits}) == len(trace.hits), trace.name


def test_on_traces_that_tuned_nothing_no_machine_counts_and_hardly_a_person_is_lost() -> None:
    found = confusion(APART)
    assert found["machine", Verdict.HUMAN] == 0
    people = sum(count for (who, _), count in found.items() if who == "person")
    assert people >= 119
    assert people - found["person", Verdict.HUMAN] <= people * 2 / 119


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
    for name, traces in (("tuned on", TRACES), ("kept apart", APART)):
        counts = confusion(traces)
        for who in ("person", "machine"):
            row = " | ".join(str(counts[who, verdict]) for verdict in Verdict)
            assert f"| {name} | {who} | {row} |" in text
    assert f"{len(TRACES)} traces tuned the weights, {len(APART)} were kept apart" in text


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
    place=st.sampled_from([TRAP, 0, 1, 2, 3, 4]),
    ua=st.sampled_from([*BROWSERS, *APPS, *PROGRAMS, ""]),
    network=st.sampled_from(["203.0.113.0/24", "198.51.100.0/24", None]),
    language=st.sampled_from(["", "ja", "en"]),
    fetch_mode=st.sampled_from(["", "navigate"]),
    method=st.sampled_from(["GET", "HEAD"]),
    prefetch=st.sampled_from(["", "prefetch"]),
    landing=st.sampled_from([None, Landing("seen", True), Landing("own")]),
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
        for trace in (*TRACES, *APART)
        for judgement in judgements(trace).values()
        for name, _ in judgement.signs
    }
    listed_by_operators = {"scanner-network", "perhaps-scanner"}
    assert used | listed_by_operators == set(WEIGHTS) == set(LABELS)
    assert set(FORWARDED) == set(FORWARDED_LABELS)


@given(LISTS, st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=8))
def test_a_neighbour_never_makes_a_machine_a_person(
    hits: list[Hit], beside: list[tuple[int, int]]
) -> None:
    about = [
        Neighbour(f"mail-{mail}", h.at + timedelta(seconds=10 * seconds), h.agent)
        for h, (mail, seconds) in zip(hits, beside, strict=False)
        if h.agent
    ]
    before = judge(hits, sent_at=SENT, links=4, neighbours=about[:-1])
    after = judge(hits, sent_at=SENT, links=4, neighbours=list(reversed(about)))
    for name, judgement in before.items():
        assert after[name].total >= judgement.total


def test_a_gateway_in_many_readers_mails_is_seen_where_one_mail_shows_nothing() -> None:
    alone = hit(90, 0, language="en-US,en;q=0.9")
    assert alone.agent is not None
    others = [
        Neighbour(f"mail-{k}", alone.at + timedelta(seconds=3 * k), alone.agent) for k in range(5)
    ]
    assert judge([alone], sent_at=SENT, links=4)[alone.id].verdict is Verdict.UNSURE
    found = judge([alone], sent_at=SENT, links=4, neighbours=others)[alone.id]
    assert (found.verdict, found.neighbours) == (Verdict.MACHINE, 4)


def test_a_network_that_the_operator_lists_says_machine_or_perhaps() -> None:
    def verdict(listed: str, language: str = "ja") -> Verdict:
        lone = hit(601, 0, network="203.0.113.0/24", language=language)
        scanners = Scanners.read(listed)
        return judge([lone], sent_at=SENT, links=4, scanners=scanners)[lone.id].verdict

    assert verdict("") is verdict("198.51.100.0/24, 2001:db8::/32") is Verdict.HUMAN
    assert verdict("203.0.0.0/16") is Verdict.MACHINE
    assert verdict("203.0.0.0/16?") is verdict("", "en") is Verdict.HUMAN
    assert verdict("203.0.0.0/16?", "en") is Verdict.MACHINE


@pytest.mark.parametrize("listed", ["203.0.113.7", "203.0.113.0/28", "2001:db8::/64", "gateway"])
def test_a_list_that_would_catch_neighbours_or_nothing_is_refused(listed: str) -> None:
    with pytest.raises(ValueError, match=r"狭すぎます|does not appear"):
        Scanners.read(listed)


def test_the_landing_page_decides_what_is_unsure_and_overrides_nothing_certain() -> None:
    bare = plain(900, 0, CHROME, secure=False)
    assert judge([bare], sent_at=SENT, links=4)[bare.id].verdict is Verdict.UNSURE
    for browser, verdict in (("new", Verdict.UNSURE), ("seen", Verdict.HUMAN)):
        shown = replace(bare, landing=Landing(browser, True))  # type: ignore[arg-type]
        assert judge([shown], sent_at=SENT, links=4)[shown.id].verdict is verdict
    for certain in (
        [hit(900, 0, method="HEAD", landing=Landing("own", True))],
        [hit(900, 0, "curl/8.5.0", landing=Landing("own", True))],
        [hit(900, 0, prefetch="prefetch", landing=Landing("own", True))],
        [plain(3 + k, k, landing=Landing("new", True)) for k in range(4)],
    ):
        found = judge(certain, sent_at=SENT, links=4)
        assert {judgement.verdict for judgement in found.values()} == {Verdict.MACHINE}


def forwarded(*hits: Hit) -> list[list[str]]:
    found = judge(hits, sent_at=SENT, links=4)
    assert all(judgement.verdict is Verdict.HUMAN for judgement in found.values())
    return [[name for name, _ in found[h.id].forwarded] for h in hits]


def test_a_second_computer_elsewhere_is_somebody_the_mail_was_handed_on_to() -> None:
    assert forwarded(hit(3600, 0, CHROME), hit(9000, 1, MAC_SAFARI, network=ELSEWHERE)) == [
        [],
        ["other-device"],
    ]
    assert forwarded(hit(3600, 0, IPHONE), hit(9000, 1, ANDROID, network=ELSEWHERE)) == [
        [],
        ["other-device"],
    ]


def test_a_telephone_and_a_computer_may_be_one_persons() -> None:
    first, second = hit(3600, 0, IPHONE), hit(9000, 1, CHROME, network=ELSEWHERE)
    assert forwarded(first, second) == [[], ["other-kind"]]
    held = judge([first, second], sent_at=SENT, links=4)[second.id]
    assert counts_for_reader({"verdict": held.verdict, "forwarded": held.forwarded})


def test_the_same_place_or_the_same_device_is_nobody_else() -> None:
    assert forwarded(
        hit(3600, 0, CHROME), hit(9000, 1, MAC_SAFARI), hit(9900, 2, CHROME, network=ELSEWHERE)
    ) == [[], [], []]


def test_a_browser_known_to_be_the_readers_is_theirs_and_another_readers_is_not() -> None:
    own = Landing("own", True)
    assert forwarded(
        hit(3600, 0, CHROME), hit(9000, 1, MAC_SAFARI, network=ELSEWHERE, landing=own)
    ) == [[], []]
    other = Landing("other", True)
    assert forwarded(hit(3600, 0, CHROME, landing=other), hit(9000, 1, IPHONE)) == [
        ["other-browser"],
        [],
    ]


@pytest.mark.parametrize("names", [1, 200])
def test_a_thousand_hits_on_one_mail_are_judged_in_a_moment(names: int) -> None:
    flood = [plain(20 + k / 9, k % 5, f"{CHROME} {k % names}") for k in range(1000)]
    begun = time.process_time()
    found = judge(flood, sent_at=SENT, links=5)
    assert time.process_time() - begun < 5
    assert {judgement.verdict for judgement in found.values()} == {Verdict.MACHINE}
