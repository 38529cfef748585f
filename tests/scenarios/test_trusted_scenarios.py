"""Scenarios as marketing would trust them, with all parts real: hours, caps, branches, leaving,
the dormant, seminars, the newsletter, the hold-out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from nurture_worker.imports.attendance import record
from nurture_worker.reporting.measuring import effect_of, figures_of
from nurture_worker.sending.delivering import send_due
from nurture_worker.sweep import sweep
from tests.clicks.traces import CHROME
from tests.conftest import NOW, House
from tests.content import FIRM, catalogue, steps
from tests.more_content import NEWSLETTER, NEWSLETTER_PAGE, seminar_page
from tests.walking import AGREED, FORM, become_a_reader, path_in, states, the_reader
from tracker.catalogue.conditions import Condition
from tracker.catalogue.scenarios import Scenario, Step
from tracker.catalogue.sendings import Sending
from tracker.store import enrolments
from tracker.store.engine import reading
from tracker.store.tables import deliveries
from tracker.store.tables import enrolments as enrolments_table
from tracker.words import Arm, DeliveryState, Entry, Late, SkipReason

TOKYO = ZoneInfo("Asia/Tokyo")
ONCE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
"""For what no engine of the store sees differently."""

OFFICE = FIRM.model_copy(update={"sending": Sending.model_validate({})})


def publish(house: House, *more: Scenario, **changes: object) -> None:
    """The small catalogue with other scenarios (of the same id: in its place) and ``changes``."""
    small = catalogue()
    ids = {one.id for one in more}
    kept = tuple(one for one in small.scenarios if one.id not in ids)
    pages = (*small.pages, seminar_page(), NEWSLETTER_PAGE)
    made = {"scenarios": (*kept, *more), "pages": pages, **changes}
    catalogue(**made).write(house.tools.settings.catalogue_path)


def interest(**changes: dict[str, object]) -> Scenario:
    """The scenario of who becomes a reader, with some steps changed."""
    (found,) = (one for one in catalogue().scenarios if one.id == "interest")
    made = tuple(step.model_copy(update=changes.get(step.id, {})) for step in found.steps)
    return found.model_copy(update={"steps": made})


def occasion(entry: Entry, *days: int, **more: object) -> Scenario:
    first = steps(entry.value)[0]
    made = tuple(
        first.model_copy(update={"id": f"on-{day}", "day": day, "subject": f"{entry} {day}"})
        for day in days
    )
    return Scenario.model_validate({"id": entry.value, "enter": entry, "steps": made, **more})


def arrivals(house: House, hours: int) -> list[tuple[str, str]]:
    """What comes in so many hours: when, on the firm's clock, and the subject. The worker looks
    when something is due, and once a day."""
    came = []
    before = len(house.postbox.mails)
    end = house.clock.now + timedelta(hours=hours)
    while house.clock.now < end:
        with reading(house.tools.engine) as connection:
            due = connection.execute(
                select(func.min(deliveries.c.due_at)).where(
                    deliveries.c.state == DeliveryState.PLANNED,
                    deliveries.c.due_at > house.clock.now,
                )
            ).scalar()
        tomorrow = house.clock.now + timedelta(days=1)
        house.clock.now = min(end, tomorrow, due or tomorrow)
        house.work()
        at = f"{house.clock.now.astimezone(TOKYO):%m-%d %H}"
        came += [(at, str(mail["Subject"])) for mail in house.postbox.mails[before:]]
        before = len(house.postbox.mails)
    return came


def reasons(house: House) -> dict[str, str]:
    """Step by step, how it ended and why."""
    with reading(house.tools.engine) as connection:
        rows = connection.execute(
            select(deliveries.c.step, deliveries.c.state, deliveries.c.reason).where(
                deliveries.c.step.is_not(None)
            )
        ).all()
    return {row.step: f"{row.state} {row.reason or ''}".strip() for row in rows}


@ONCE
def test_steps_come_in_office_hours_on_working_days_and_three_a_week(house: House) -> None:
    publish(house, firm=OFFICE)
    become_a_reader(house)  # Monday 10:00; the day after is 文化の日
    assert arrivals(house, 10 * 24) == [
        ("11-04 09", "interest 1日目のお便り"),
        ("11-05 10", "interest 3日目のお便り"),
        ("11-09 09", "interest 5日目のお便り"),
        ("11-11 09", "interest 7日目のお便り"),
    ]


@ONCE
def test_what_a_reader_orders_comes_at_night_and_on_a_sunday(house: House) -> None:
    publish(house, firm=OFFICE)
    house.clock.now = datetime(2026, 11, 8, 3, 0, tzinfo=TOKYO)
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    assert len(house.postbox.mails) == 1


@ONCE
def test_a_mail_already_planned_waits_when_the_hours_were_changed_since(house: House) -> None:
    publish(house)
    become_a_reader(house)
    publish(house, firm=OFFICE)
    (first, *_) = arrivals(house, 48)
    assert first == ("11-04 09", "interest 1日目のお便り")


BRANCH = interest(
    detail={"when": Condition.model_validate({"clicked": "case"}), "otherwise": "short"}
)
SHORT = BRANCH.steps[2].model_copy(
    update={"id": "short", "subject": "短いお便り", "when": None, "otherwise": None}
)
BRANCH = BRANCH.model_copy(update={"steps": (*BRANCH.steps[:3], SHORT, BRANCH.steps[3])})


def to_the_third_day(house: House) -> None:
    publish(house, BRANCH)
    become_a_reader(house)
    for day in (1, 3):
        house.clock.now = NOW + timedelta(days=day, minutes=1)
        house.work()
    assert house.postbox.mails[-1]["Subject"] == "interest 3日目のお便り"


@ONCE
def test_a_branch_is_decided_by_the_readers_click(house: House) -> None:
    to_the_third_day(house)
    house.click(path_in(house.postbox.mails[-1], "c"))
    came = [subject for _, subject in arrivals(house, 5 * 24)]
    assert came == ["interest 5日目のお便り", "interest 7日目のお便り"]


def test_who_did_not_click_gets_the_other_step_at_the_same_hour(house: House) -> None:
    to_the_third_day(house)
    came = arrivals(house, 5 * 24)
    assert [subject for _, subject in came] == ["短いお便り", "interest 7日目のお便り"]
    assert came[0][0] == "11-07 10"
    assert reasons(house)["detail"] == "skipped condition"
    with reading(house.tools.engine) as connection:
        assert figures_of(connection, "interest")["detail"] == {SkipReason.CONDITION: 1}


@ONCE
def test_a_machines_clicks_lead_nobody_anywhere(house: House) -> None:
    to_the_third_day(house)
    for place in range(2):
        path = path_in(house.postbox.mails[-1], "c", place)
        house.browser().get(path, headers={"User-Agent": CHROME, "Purpose": "prefetch"})
    assert next(subject for _, subject in arrivals(house, 3 * 24)) == "短いお便り"


def test_a_branch_waits_until_a_click_just_now_is_judged(house: House) -> None:
    to_the_third_day(house)
    house.clock.now = NOW + timedelta(days=4, hours=23, minutes=59, seconds=58)
    headers = {
        "User-Agent": CHROME,
        "Accept-Language": "ja",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    house.browser().get(path_in(house.postbox.mails[-1], "c"), headers=headers)
    house.clock.now = NOW + timedelta(days=5, seconds=2)
    house.work()
    assert house.postbox.mails[-1]["Subject"] == "interest 3日目のお便り"
    house.clock.advance(seconds=15)
    house.work()
    assert house.postbox.mails[-1]["Subject"] == "interest 5日目のお便り"


@ONCE
def test_after_a_week_of_downtime_there_is_no_burst(house: House) -> None:
    publish(house)
    become_a_reader(house)
    house.clock.advance(days=9)
    house.work()
    first = (f"{house.clock.now.astimezone(TOKYO):%m-%d %H}", house.postbox.mails[-1]["Subject"])
    came = [first, *arrivals(house, 4 * 24)]
    assert [subject for _, subject in came] == [f"interest {n}日目のお便り" for n in (1, 3, 5, 7)]
    assert [at for at, _ in came] == ["11-11 10", "11-12 06", "11-13 02", "11-13 22"]


@pytest.mark.parametrize(
    ("late", "wanted"),
    [
        (Late.SEND, ["11-11 10", "11-12 06", "11-13 02", "11-13 22"]),
        (Late.SHIFT, ["11-11 10", "11-13 10", "11-15 10", "11-17 10"]),
        (Late.SKIP, ["11-11 10"]),
    ],
)
@ONCE
def test_a_late_step_does_what_it_says(house: House, late: Late, wanted: list[str]) -> None:
    publish(house, interest(**{name: {"late": late} for name in ("thanks", "case", "detail")}))
    become_a_reader(house)
    house.clock.advance(days=9)
    before = len(house.postbox.mails)
    house.work()
    at = f"{house.clock.now.astimezone(TOKYO):%m-%d %H}"
    came = [at] * (len(house.postbox.mails) - before) + [at for at, _ in arrivals(house, 8 * 24)]
    assert came == wanted
    skipped = [step for step, how in reasons(house).items() if how == "skipped late"]
    assert skipped == (["thanks", "case", "detail"] if late is Late.SKIP else [])


def test_an_inquiry_stops_a_mail_that_is_planned_before_anything_digested_it(house: House) -> None:
    publish(house)
    become_a_reader(house)
    house.clock.advance(days=1)
    house.browser().post("/inquiries", data={**FORM, "message": "相談です"})
    while house.fold():
        pass
    assert send_due(house.tools) == 0
    house.work()
    assert reasons(house)["thanks"] == "cancelled inquiry"


@ONCE
def test_a_step_refused_for_now_is_tried_for_two_days_from_its_first_attempt(house: House) -> None:
    publish(house)
    become_a_reader(house)
    arrivals(house, 3 * 24 - 1)
    house.postbox.answers["taro@example.jp"] = "451 later"
    house.clock.advance(hours=1)
    house.work()
    assert states(house)[DeliveryState.PLANNED] == 1  # it was planned two days ago
    house.postbox.answers.clear()
    house.clock.advance(minutes=2)
    house.work()
    assert house.postbox.mails[-1]["Subject"] == "interest 3日目のお便り"


def place_at_the_seminar(house: House) -> None:
    browser = house.browser()
    browser.post("/seminars/exits", data={**FORM, **AGREED})
    house.work()
    browser.post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()


def after_the_seminar() -> Scenario:
    made = occasion(Entry.SEMINAR, 1, 3)
    came = Condition.model_validate({"attended": "this"})
    thanks: Step = made.steps[0].model_copy(
        update={"id": "came", "subject": "ご参加のお礼", "when": came, "otherwise": "on-1"}
    )
    return made.model_copy(update={"steps": (thanks, *made.steps)})


@pytest.mark.parametrize(("came", "first"), [(True, "ご参加のお礼"), (False, "seminar 1")])
def test_after_a_seminar_who_came_is_thanked_and_who_did_not_is_told(
    house: House, came: bool, first: str
) -> None:
    publish(house, after_the_seminar(), firm=OFFICE)
    place_at_the_seminar(house)
    house.clock.now = datetime(2026, 11, 9, 15, 40, tzinfo=TOKYO)
    house.work()
    if came:
        found = record(house.tools, "exits", ["taro@example.jp", "nobody@example.jp", "", "?"])
        assert (found.recorded, found.known, found.unknown) == (1, 0, ["nobody@example.jp", "?"])
        assert record(house.tools, "exits", ["taro@example.jp"]).known == 1
    subjects = [subject for _, subject in arrivals(house, 10 * 24)]
    of_seminar = [one for one in subjects if "お便り" not in one]
    assert of_seminar == [first, "seminar 3"]


def test_two_scenarios_of_one_reader_keep_to_one_mail_a_day(house: House) -> None:
    publish(house, occasion(Entry.SEMINAR, 1, 2, 3), firm=OFFICE)
    place_at_the_seminar(house)
    house.clock.now = datetime(2026, 11, 9, 15, 40, tzinfo=TOKYO)
    came = [
        (at[:5], subject)
        for at, subject in arrivals(house, 20 * 24)
        if "お便り" in subject or "seminar" in subject
    ]
    days = [day for day, _ in came]
    assert len(days) == len(set(days)) == 7
    for n, day in enumerate(days):
        week_later = (datetime.strptime(day, "%m-%d") + timedelta(days=7)).strftime("%m-%d")  # noqa: DTZ007
        assert sum(day <= other < week_later for other in days[n:]) <= 3


def test_who_wants_the_newsletter_alone_is_welcomed_and_gets_no_steps(house: House) -> None:
    publish(house, occasion(Entry.NEWSLETTER, 1, 4))
    browser = house.browser()
    consent = {"consent": "yes", "consent_hash": NEWSLETTER.consent.hash}
    browser.post("/newsletter", data={"email": "taro@example.jp", **consent})
    house.work()
    browser.post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    assert [subject for _, subject in arrivals(house, 6 * 24)] == ["newsletter 1", "newsletter 4"]


@ONCE
def test_who_switches_the_newsletter_off_gets_no_more_of_its_welcome(house: House) -> None:
    publish(house, occasion(Entry.NEWSLETTER, 1, 4))
    browser = house.browser()
    consent = {"consent": "yes", "consent_hash": NEWSLETTER.consent.hash}
    browser.post("/newsletter", data={"email": "taro@example.jp", **consent})
    house.work()
    browser.post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    arrivals(house, 25)
    browser.post(
        path_in(house.postbox.mails[-1], "preferences"), data={"do": "save", "want": ["seminar"]}
    )
    assert arrivals(house, 5 * 24) == []


DORMANT = occasion(Entry.DORMANT, 1, 8, hold_out=0)


def asleep(house: House) -> None:
    """A reader whose scenario is over and who did nothing for 90 days."""
    publish(house, DORMANT)
    become_a_reader(house)
    arrivals(house, 10 * 24)
    house.clock.now = NOW + timedelta(days=90)
    house.work()


def test_who_does_nothing_for_90_days_is_woken_asked_and_left_in_peace(house: House) -> None:
    asleep(house)
    assert arrivals(house, 30 * 24) == [("02-01 10", "dormant 1"), ("02-08 10", "dormant 8")]
    reader = the_reader(house)
    assert reader.sunset_at is not None
    assert reader.sunset_at - NOW == timedelta(days=90 + 8 + 14)
    assert not reader.may_be_mailed
    assert reader.opted_in_at is not None
    assert arrivals(house, 40 * 24) == []


@ONCE
def test_a_click_on_the_way_ends_the_farewell(house: House) -> None:
    asleep(house)
    arrivals(house, 25)
    house.click(path_in(house.postbox.mails[-1], "c"))
    assert arrivals(house, 40 * 24) == []
    reader = the_reader(house)
    assert reader.sunset_at is None
    with reading(house.tools.engine) as connection:
        ended = connection.execute(
            select(enrolments_table.c.end_reason).where(enrolments_table.c.scenario == "dormant")
        ).scalars()
        assert list(ended) == ["returned"]


@ONCE
def test_who_comes_back_after_the_farewell_may_be_written_to_again(house: House) -> None:
    asleep(house)
    arrivals(house, 30 * 24)
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    assert the_reader(house).sunset_at is not None  # anybody can type an address
    house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    assert the_reader(house).sunset_at is None
    assert the_reader(house).may_be_mailed


def held_out(house: House, share: int, first: int = 0) -> None:
    made = interest().model_copy(update={"hold_out": share, "hold_out_after": first})
    publish(house, made)


@pytest.fixture
def live(house: House) -> Callable[[], None]:
    """Lets the worker work as in production, where lots are drawn."""
    settings = house.tools.settings.model_copy(update={"env": "production"})
    tools = replace(house.tools, settings=settings)

    def work() -> None:
        while house.fold():
            pass
        sweep(tools)

    house.work = work  # type: ignore[method-assign]
    return work


@pytest.mark.usefixtures("live")
def test_who_is_held_out_is_enrolled_gets_nothing_and_is_counted(house: House) -> None:
    held_out(house, 90)
    lots = []
    for n in range(4):
        become_a_reader(house, email=f"reader{n}@example.jp")
    with reading(house.tools.engine) as connection:
        lots = list(
            connection.execute(select(enrolments_table.c.reader_id, enrolments_table.c.arm)).all()
        )
    held = {row.reader_id for row in lots if row.arm == Arm.HELD_OUT}
    assert len(lots) == 4
    assert held
    arrivals(house, 10 * 24)
    with reading(house.tools.engine) as connection:
        mailed = connection.execute(
            select(deliveries.c.reader_id).where(deliveries.c.scenario == "interest")
        ).scalars()
        assert held.isdisjoint(mailed)
        assert all(enrolments.under_way(connection, reader) == [] for reader in held)
        (scenario,) = (s for s in house.tools.catalogue.scenarios if s.id == "interest")
        early = effect_of(connection, scenario, house.clock.now)
        late = effect_of(connection, scenario, NOW + timedelta(days=45, minutes=5))
    assert (early.mailed + early.held_out, early.waiting) == (0, 4)
    assert (late.held_out, late.mailed, late.waiting) == (len(held), 4 - len(held), 0)


@ONCE
@pytest.mark.usefixtures("live")
def test_the_first_readers_are_all_sent_to(house: House) -> None:
    held_out(house, 90, first=2)
    for n in range(2):
        become_a_reader(house, email=f"reader{n}@example.jp")
    with reading(house.tools.engine) as connection:
        assert set(connection.execute(select(enrolments_table.c.arm)).scalars()) == {None}


@ONCE
def test_who_tries_the_house_is_never_held_out(house: House) -> None:
    held_out(house, 90)
    for n in range(3):
        become_a_reader(house, email=f"reader{n}@example.jp")
    with reading(house.tools.engine) as connection:
        assert set(connection.execute(select(enrolments_table.c.arm)).scalars()) == {None}
