"""Stages: reached on evidence, forward only, each with its cause."""

from nurture_worker.scoring.stages import reached
from tests.scoring.test_scoring import RULES, event, stage_of
from tracker.events import Event
from tracker.words import EventKind, Stage

CONFIRM = event(1, EventKind.CONFIRM, page="resources/guide/")


def stages(*events: Event) -> list[tuple[Stage, str]]:
    return [(r.stage, r.event_id) for r in reached(events, RULES.stages, stage_of)]


def click(seq: int, page: str) -> Event:
    return event(seq, EventKind.MAIL_CLICK, hours=seq, page=page, delivery_id=f"d{seq}")


def test_nobody_has_a_stage_before_the_address_is_confirmed() -> None:
    assert stages(event(1, EventKind.GATE_DOWNLOAD, page="resources/guide/")) == []


def test_a_confirmed_reader_is_at_least_aware() -> None:
    assert stages(CONFIRM) == [(Stage.AWARENESS, "e1")]


def test_a_download_of_an_interest_resource_is_enough_for_interest() -> None:
    download = event(2, EventKind.GATE_DOWNLOAD, hours=1, page="resources/guide/")
    assert stages(CONFIRM, download) == [(Stage.AWARENESS, "e1"), (Stage.INTEREST, "e2")]


def test_one_click_is_not_enough_and_the_second_is_the_cause() -> None:
    assert stages(CONFIRM, click(2, "cases/metal/")) == [(Stage.AWARENESS, "e1")]
    assert stages(CONFIRM, click(2, "cases/metal/"), click(3, "cases/metal/")) == [
        (Stage.AWARENESS, "e1"),
        (Stage.UNDERSTANDING, "e3"),
    ]


def test_the_same_click_twice_is_one_piece_of_evidence() -> None:
    twice = [
        event(n, EventKind.MAIL_CLICK, n, page="cases/metal/", delivery_id="d") for n in (2, 3)
    ]
    assert stages(CONFIRM, *twice) == [(Stage.AWARENESS, "e1")]


def test_evidence_for_a_later_stage_counts_for_those_before() -> None:
    both = (click(2, "inquiry/"), event(3, EventKind.PAGE_END, 3, data={"done": True}))
    assert stages(CONFIRM, *both, click(4, "cases/metal/")) == [
        (Stage.AWARENESS, "e1"),
        (Stage.UNDERSTANDING, "e4"),
    ]


def test_stages_never_go_back() -> None:
    inquiry = event(2, EventKind.INQUIRY, hours=1, page="inquiry/")
    later = [event(n, EventKind.PAGE_END, n, data={"done": True}) for n in range(3, 9)]
    assert stages(CONFIRM, inquiry, *later)[-1] == (Stage.TRUST, "e2")


def test_what_was_read_as_a_visitor_counts_from_the_confirmation_on() -> None:
    reads = [
        event(n, EventKind.PAGE_END, hours=n, page="cases/metal/", data={"done": True})
        for n in (2, 3)
    ]
    confirm = event(4, EventKind.CONFIRM, hours=4)
    found = reached([*reads, confirm], RULES.stages, stage_of)
    assert [(r.stage, r.event_id, r.at) for r in found] == [
        (Stage.AWARENESS, "e4", confirm.at),
        (Stage.UNDERSTANDING, "e3", confirm.at),
    ]


def by_hand(seq: int, stage: str) -> Event:
    return event(seq, EventKind.STAGE_SET, hours=seq, page=None, data={"stage": stage})


def test_what_is_set_by_hand_holds_forward_and_back() -> None:
    assert stages(CONFIRM, by_hand(2, "trust"), by_hand(3, "interest")) == [
        (Stage.AWARENESS, "e1"),
        (Stage.TRUST, "e2"),
        (Stage.INTEREST, "e3"),
    ]


def test_evidence_from_before_a_step_back_counts_no_more_for_what_is_behind_it() -> None:
    before = (click(2, "cases/metal/"), click(3, "cases/metal/"), by_hand(4, "interest"))
    assert stages(CONFIRM, *before, click(5, "cases/metal/"))[-1] == (Stage.INTEREST, "e4")
    again = (click(5, "cases/metal/"), click(6, "cases/metal/"))
    assert stages(CONFIRM, *before, *again)[-1] == (Stage.UNDERSTANDING, "e6")


def test_nobody_is_set_to_a_stage_that_is_none_or_before_the_confirmation() -> None:
    assert stages(by_hand(0, "trust"), CONFIRM, by_hand(2, "gold")) == [(Stage.AWARENESS, "e1")]
