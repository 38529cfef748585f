"""Who is hot, and by what: the score, or an act that says enough by itself."""

from datetime import timedelta

from nurture_worker.scoring.heat import Reason, why_hot
from tests.scoring.test_scoring import NOW, RULES, TOKYO, event, stage_of
from tracker.catalogue.scoring import BY_SCORE, Happening, Hot, HotAct
from tracker.events import Event
from tracker.words import EventKind, Stage

TWICE = HotAct(
    id="case-twice", event=EventKind.PAGE_VIEW, pages=("/cases/*",), days=2, within_days=30
)


def why(
    *events: Event,
    acts: tuple[HotAct, ...] = (),
    score: float = 0,
    days_later: float = 0,
    idle_days: int | None = None,
) -> list[Reason]:
    rules = RULES.model_copy(update={"hot": Hot(at=40, acts=acts, idle_days=idle_days)})
    now = NOW + timedelta(days=days_later, hours=1)
    return why_hot(events, score, rules, now, stage_of=stage_of, zone=TOKYO)


def view(seq: int, page: str, days: float = 0) -> Event:
    return event(seq, EventKind.PAGE_VIEW, hours=24 * days, page=page)


def test_nobody_is_hot_without_a_reason() -> None:
    assert why(view(1, "cases/metal/"), score=39.9, acts=(TWICE,)) == []


def test_the_score_is_a_reason_from_its_threshold_on() -> None:
    assert [reason.rule for reason in why(score=40)] == [BY_SCORE]


def test_a_page_seen_on_two_days_is_a_reason_and_names_its_events() -> None:
    seen = [view(1, "cases/metal/"), view(2, "cases/metal/", 0.01), view(3, "cases/metal/", 3)]
    assert why(*seen[:2], acts=(TWICE,)) == []
    found = why(*seen, acts=(TWICE,), days_later=3)
    assert found == [Reason("case-twice", seen[2].at, ("e1", "e2", "e3"))]


def test_an_act_is_a_reason_no_longer_than_it_says() -> None:
    seen = [view(1, "cases/metal/"), view(2, "cases/metal/", 3)]
    assert why(*seen, acts=(TWICE,), days_later=29.9)
    assert why(*seen, acts=(TWICE,), days_later=31) == []


def test_a_cta_is_named_by_its_id() -> None:
    act = HotAct(id="asked", event=EventKind.CTA_CLICK, ctas=("inquiry-*",))
    clicked = event(1, EventKind.CTA_CLICK, cta="inquiry-in-why")
    other = event(2, EventKind.CTA_CLICK, cta="guide-in-why")
    assert why(other, acts=(act,)) == []
    assert [r.events for r in why(other, clicked, acts=(act,))] == [("e1",)]


def test_an_act_with_more_to_it_takes_all_of_it() -> None:
    act = HotAct(
        id="two-visits",
        event=EventKind.PAGE_VIEW,
        days=2,
        also=(Happening(event=EventKind.PAGE_VIEW, stages=(Stage.TRUST,)),),
    )
    visits = [view(1, "articles/why/"), view(2, "articles/why/", 1)]
    assert why(*visits, acts=(act,), days_later=1) == []
    key = view(3, "inquiry/", 1)
    assert [r.events for r in why(*visits, key, acts=(act,), days_later=1)] == [("e1", "e2", "e3")]


def test_who_has_been_idle_is_hot_no_more() -> None:
    seen = view(1, "articles/why/")
    assert why(seen, score=90, idle_days=30, days_later=29)
    assert why(seen, score=90, idle_days=30, days_later=30) == []
    assert why(score=90, idle_days=30) == []


def test_a_hit_of_a_machine_makes_nobody_hot() -> None:
    act = HotAct(id="clicked", event=EventKind.MAIL_CLICK)
    machine = event(1, EventKind.MAIL_CLICK, delivery_id="d", data={"verdict": "machine"})
    human = event(2, EventKind.MAIL_CLICK, delivery_id="d")
    assert why(machine, acts=(act,)) == []
    assert [r.events for r in why(machine, human, acts=(act,))] == [("e2",)]
