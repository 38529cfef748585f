"""Scores: which event gave how many points, by which rule."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture_worker.scoring.points import ScoreEntry, Who, score, total
from tests.content import catalogue
from tracker.catalogue.scoring import FitRule, PointRule, on_page
from tracker.events import Event
from tracker.words import EventKind, Stage

NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
CATALOGUE = catalogue()
RULES = CATALOGUE.scoring


def event(seq: int, kind: EventKind, hours: float = 0, **about: object) -> Event:
    values: dict[str, object] = {"page": "articles/why/", **about}
    if kind is EventKind.MAIL_CLICK:
        values["data"] = {"verdict": "human", **(about.get("data") or {})}  # type: ignore[dict-item]
    return Event(seq, f"e{seq}", NOW + timedelta(hours=hours), kind, **values)  # type: ignore[arg-type]


def stage_of(event: Event) -> Stage | None:
    page = CATALOGUE.page_at(event.page or "")
    return page.stage if page else None


def points(*events: Event) -> list[tuple[str, str, int]]:
    return [(e.event_id, e.rule, e.points) for e in score(events, RULES, stage_of, TOKYO)]


def test_each_entry_names_its_event_and_its_rule() -> None:
    assert points(event(1, EventKind.GATE_DOWNLOAD), event(2, EventKind.PAGE_VIEW)) == [
        ("e1", "download", 10),
        ("e2", "view", 1),
    ]


def test_a_rule_for_a_stage_counts_only_there() -> None:
    clicked = event(1, EventKind.MAIL_CLICK, page="inquiry/", delivery_id="d")
    assert points(clicked) == [("e1", "trust-click", 8), ("e1", "click", 5)]


def test_a_cap_holds_for_a_day_in_the_firms_zone() -> None:
    views = [event(n, EventKind.PAGE_VIEW, hours=n) for n in range(13)]  # until 23:00 in Tokyo
    assert sum(p for _, _, p in points(*views)) == 5
    tomorrow = event(99, EventKind.PAGE_VIEW, hours=14)  # midnight in Tokyo, still today in UTC
    assert tomorrow.at.date() == NOW.date()
    assert sum(p for _, _, p in points(*views, tomorrow)) == 6


def test_a_link_followed_again_counts_once() -> None:
    again = [event(n, EventKind.MAIL_CLICK, hours=n, delivery_id="d") for n in range(5)]
    assert len(points(*again)) == 1


def test_a_link_followed_after_its_time_gives_nothing() -> None:
    assert points(event(1, EventKind.MAIL_CLICK, delivery_id="d", data={"late": True})) == []


@pytest.mark.parametrize("hit", [{"verdict": "machine"}, {"verdict": "unsure"}, {"verdict": None}])
def test_a_hit_no_person_made_gives_nothing(hit: dict[str, object]) -> None:
    assert points(event(1, EventKind.MAIL_CLICK, delivery_id="d", data=hit)) == []


def test_a_page_left_before_its_end_was_not_read() -> None:
    assert points(event(1, EventKind.PAGE_END, data={"done": False})) == []
    assert points(event(2, EventKind.PAGE_END, data={"done": True})) == [("e2", "read", 2)]


def test_the_end_of_one_view_told_again_is_one_reading() -> None:
    ends = [event(n, EventKind.PAGE_END, n, view="v", data={"done": n > 0}) for n in range(3)]
    assert points(*ends) == [("e1", "read", 2)]


def test_a_rule_for_pages_counts_only_there() -> None:
    careers = PointRule(id="careers", event=EventKind.PAGE_VIEW, points=-30, pages=("/careers*",))
    rules = RULES.model_copy(update={"points": (careers,)})
    seen = [
        event(n, EventKind.PAGE_VIEW, page=page)
        for n, page in enumerate(["careers/", "articles/why/", "/careers/engineer/"])
    ]
    found = score(seen, rules, stage_of, TOKYO)
    assert [(e.event_id, e.points) for e in found] == [("e0", -30), ("e2", -30)]


@pytest.mark.parametrize(
    ("pattern", "page", "meant"),
    [
        ("/pricing/", "pricing/", True),
        ("/pricing/", "pricing/old/", False),
        ("/pricing.md", "/pricing/", True),
        ("/cases/index.md", "cases/", True),
        ("/", "", True),
        ("/careers/*", "careers/", True),
        ("/careers/*", "careers/a/b/", True),
        ("/careers/*", "about/careers/", False),
    ],
)
def test_a_pattern_means_the_addresses_an_editor_thinks_of(
    pattern: str, page: str, meant: bool
) -> None:
    assert on_page(pattern, page) is meant


FITS = RULES.model_copy(
    update={
        "points": (),
        "fits": (
            FitRule(id="rival", points=-100, domains=("rival.co.jp",), companies=("ライバル工業",)),
            FitRule(id="ours", points=5, personas=("owner",)),
        ),
    }
)


@pytest.mark.parametrize(
    ("who", "rules"),
    [
        (Who(), []),
        (Who(domain="rival.co.jp"), ["rival"]),
        (Who(domain="mail.rival.co.jp"), ["rival"]),
        (Who(domain="notrival.co.jp"), []),
        (Who(company="株式会社ﾗｲﾊﾞﾙ 工業 大阪支店"), ["rival"]),
        (Who(domain="example.jp", persona="owner"), ["ours"]),
    ],
)
def test_who_a_reader_is_counts_once_from_the_confirmation_on(who: Who, rules: list[str]) -> None:
    once = [event(1, EventKind.PAGE_VIEW), event(2, EventKind.CONFIRM), event(3, EventKind.CONFIRM)]
    found = score(once, FITS, stage_of, TOKYO, who)
    assert [(e.event_id, e.rule) for e in found] == [("e2", rule) for rule in rules]
    assert score(once[:1], FITS, stage_of, TOKYO, who) == []


def test_points_for_who_a_reader_is_do_not_halve() -> None:
    later = NOW + timedelta(days=300)
    assert total([ScoreEntry("e", "ours", NOW, 5)], later, FITS) == 5
    assert (
        total(
            [ScoreEntry("e", "rival", NOW, -100), ScoreEntry("f", "read", later, 60)], later, FITS
        )
        == 0
    )


def test_points_halve_with_their_half_life() -> None:
    entries = [ScoreEntry("e", "r", NOW, 10)]
    assert total(entries, NOW, RULES) == 10
    assert total(entries, NOW + timedelta(days=30), RULES) == 5
    assert total(entries, NOW + timedelta(days=60), RULES) == 2.5


def test_a_score_is_never_below_zero() -> None:
    assert total([ScoreEntry("e", "r", NOW, -20)], NOW, RULES) == 0


@given(
    st.permutations([event(n, kind, hours=n) for n, kind in enumerate([*EventKind, *EventKind])])
)
def test_the_order_of_arrival_changes_nothing(shuffled: list[Event]) -> None:
    assert points(*shuffled) == points(*sorted(shuffled, key=lambda e: e.seq))


@pytest.mark.parametrize("kind", list(EventKind))
def test_no_kind_of_event_makes_it_fall_over(kind: EventKind) -> None:
    bare = Event(1, "e1", NOW, kind)
    assert isinstance(score([bare], RULES, stage_of, TOKYO), list)
