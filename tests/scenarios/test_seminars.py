"""Seminars, the newsletter and preferences from the form to the mails, all parts real."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.conftest import NOW, House
from tests.content import FIRM
from tests.more_content import JOIN, NEWSLETTER, NEWSLETTER_PAGE, publish, seminar, seminar_page
from tests.servers import html_of, text_of
from tests.walking import AGREED, FORM, become_a_reader, path_in, states, the_reader
from tracker.catalogue.scoring import PointRule
from tracker.store import events as log
from tracker.store import seminars
from tracker.store.engine import reading
from tracker.store.tables import deliveries, events
from tracker.words import DeliveryState, EventKind, Stage, Topic

HOUR_BEFORE = datetime(2026, 11, 9, 4, 0, tzinfo=UTC)
MORNING_BEFORE = datetime(2026, 11, 8, 0, 0, tzinfo=UTC)
SIGN_UP = {"email": "taro@example.jp", "consent": "yes", "consent_hash": NEWSLETTER.consent.hash}


@pytest.fixture
def house(house: House) -> House:
    publish(house, seminar_page(), NEWSLETTER_PAGE)
    return house


def register(house: House, **more: str) -> None:
    browser = house.browser()
    browser.post("/seminars/exits", data={**FORM, **more})
    house.work()
    browser.post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()


def subjects(house: House) -> list[str]:
    return [str(mail["Subject"]) for mail in house.postbox.mails]


def choose(house: House, mail: int = -1, **posted: object) -> None:
    path = path_in(house.postbox.mails[mail], "preferences")
    assert house.browser().post(path, data=posted).status_code == 200
    house.work()


def test_the_form_alone_takes_no_place(house: House) -> None:
    house.browser().post("/seminars/exits", data={**FORM, **AGREED})
    house.work()
    (mail,) = house.postbox.mails
    assert "お席はまだ決まっていません" in text_of(mail)
    assert JOIN not in text_of(mail)
    with reading(house.tools.engine) as connection:
        assert seminars.places_taken(connection, "exits") == 0


def test_the_button_takes_the_place_and_a_mail_tells_how_to_take_part(house: House) -> None:
    register(house)
    with reading(house.tools.engine) as connection:
        assert seminars.places_taken(connection, "exits") == 1
        kinds = [event.kind for event in log.of_reader(connection, the_reader(house).id)]
    assert kinds == [EventKind.GATE_SUBMIT, EventKind.CONFIRM, EventKind.SEMINAR_REGISTER]
    told = house.postbox.mails[-1]
    for body in (text_of(told), html_of(told)):
        assert "2026年11月9日（月）14:00〜15:30（日本時間）" in body
        assert JOIN in body
    (file,) = re.findall(r"http://localhost(/seminars/\S+)", text_of(told))[:1]
    assert JOIN in house.browser().get(file).text.replace("\r\n ", "")


def test_the_reminders_come_at_their_times_and_no_more(house: House) -> None:
    register(house)
    for at in (MORNING_BEFORE, HOUR_BEFORE):
        sent = len(house.postbox.mails)
        house.clock.now = at - timedelta(seconds=1)
        house.work()
        assert len(house.postbox.mails) == sent
        house.clock.now = at
        house.work()
        house.work()
        assert len(house.postbox.mails) == sent + 1
        assert JOIN in text_of(house.postbox.mails[-1])
    assert "まもなく 14:00から" in subjects(house)[-1]
    house.clock.advance(days=30)
    house.work()
    assert len(house.postbox.mails) == 4


def test_who_did_not_agree_to_other_mail_gets_the_reminders_and_nothing_else(house: House) -> None:
    register(house)
    house.clock.now = HOUR_BEFORE
    house.work()
    reminder = house.postbox.mails[-1]
    assert reminder["List-Unsubscribe"] is None
    assert "/preferences/" in text_of(reminder)
    assert the_reader(house).opted_in_at is None


def test_registering_again_brings_no_second_reminder_and_takes_no_second_place(
    house: House,
) -> None:
    register(house)
    house.clock.advance(hours=1)
    register(house, company="べつの会社")
    with reading(house.tools.engine) as connection:
        assert seminars.places_taken(connection, "exits") == 1
        planned = select(func.count()).select_from(deliveries)
        count = connection.execute(planned.where(deliveries.c.kind == "reminder")).scalar()
    assert count == 2


def test_a_seminar_taken_from_the_site_is_reminded_of_no_more(house: House) -> None:
    register(house)
    publish(house)
    house.work()
    assert states(house)[DeliveryState.CANCELLED] == 2
    house.clock.now = HOUR_BEFORE
    house.work()
    assert len(house.postbox.mails) == 2


def test_a_seminar_held_later_is_reminded_of_later(house: House) -> None:
    register(house)
    publish(house, seminar_page(starts=seminar().starts + timedelta(days=2)))
    house.work()
    house.clock.now = HOUR_BEFORE
    house.work()
    assert len(house.postbox.mails) == 2
    house.clock.advance(days=1)
    house.work()
    assert "11月11日（水）14:00から" in subjects(house)[-1]


def test_a_worker_that_was_away_reminds_of_no_seminar_that_has_begun(house: House) -> None:
    register(house)
    house.clock.now = seminar().begins.astimezone(UTC)
    house.work()
    assert states(house)[DeliveryState.SKIPPED] == 2
    assert len(house.postbox.mails) == 2


def test_with_a_short_day_the_reminders_come_in_minutes(make_house: object) -> None:
    house: House = make_house(day_seconds=20)  # type: ignore[operator]
    publish(house, seminar_page())
    register(house)
    for _ in range(150):
        house.clock.advance(seconds=1)
        house.work()
    assert [s for s in subjects(house) if "から】" in s] == [
        "【11月9日（月）14:00から】出口を点検する会",
        "【まもなく 14:00から】出口を点検する会",
    ]


def test_a_place_counts_for_stage_and_score(house: House) -> None:
    scoring = house.tools.catalogue.scoring
    rule = PointRule(id="seminar", event=EventKind.SEMINAR_REGISTER, points=15)
    rules = scoring.stages.model_copy(
        update={"weights": {**scoring.stages.weights, EventKind.SEMINAR_REGISTER: 2}}
    )
    changed = house.tools.catalogue.model_copy(
        update={
            "scoring": scoring.model_copy(
                update={"points": (*scoring.points, rule), "stages": rules}
            )
        }
    )
    changed.write(house.tools.settings.catalogue_path)
    house.browser().post("/seminars/exits", data=FORM)
    house.work()
    assert the_reader(house).score == 0
    house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    assert (the_reader(house).stage, the_reader(house).score) == (Stage.UNDERSTANDING, 15)


def test_a_confirmed_sign_up_gets_the_newsletter_and_no_steps(house: House) -> None:
    house.browser().post("/newsletter", data=SIGN_UP)
    house.work()
    assert not the_reader(house).agrees_to_mail
    house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    reader = the_reader(house)
    assert reader.agrees_to_mail
    assert Topic.NEWSLETTER in reader.wants
    assert not reader.may_be_mailed
    house.clock.advance(days=30)
    house.work()
    assert len(house.postbox.mails) == 1


def test_a_sign_up_leaves_a_reader_their_steps(house: House) -> None:
    become_a_reader(house)
    house.browser().post("/newsletter", data=SIGN_UP)
    house.work()
    house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    assert the_reader(house).wants == frozenset(Topic)
    house.clock.advance(days=1)
    house.work()
    assert subjects(house)[-1] == "interest 1日目のお便り"


def test_a_sign_up_after_an_opt_out_brings_back_the_newsletter_only(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    house.browser().post(path_in(house.postbox.mails[-1], "unsubscribe"), data={"stop": "yes"})
    house.work()
    house.clock.advance(days=1)
    house.browser().post("/newsletter", data=SIGN_UP)
    house.work()
    house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    assert the_reader(house).wants == {Topic.NEWSLETTER}
    assert the_reader(house).agrees_to_mail


def test_the_preferences_show_the_kinds_and_nothing_of_the_reader(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    mail = house.postbox.mails[-1]
    assert "/preferences/" in html_of(mail)
    answer = house.browser().get(path_in(mail, "preferences"))
    assert answer.status_code == 200
    for secret in (*FORM.values(), "山田", "taro"):
        assert secret not in answer.text
    ticked = re.findall(r'value="(\w+)"[^>]* checked', answer.text)
    assert ticked == ["step", "seminar"]


def test_looking_at_the_preferences_changes_nothing(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    before = the_reader(house)
    path = path_in(house.postbox.mails[-1], "preferences")
    house.browser().get(path)
    house.browser().post(path, data={})
    house.work()
    assert the_reader(house) == before


def test_steps_switched_off_stop_and_switched_on_go_on(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    choose(house, do="save", want=["seminar"])
    sent = len(house.postbox.mails)
    house.clock.advance(days=3)
    house.work()
    assert len(house.postbox.mails) == sent
    assert states(house)[DeliveryState.CANCELLED] == 1
    choose(house, do="save", want=["step", "seminar"])
    house.clock.advance(days=1)
    house.work()
    assert subjects(house)[-1] == "interest 5日目のお便り"


def test_a_pause_puts_the_steps_off_and_loses_none(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    choose(house, do="pause")
    came = []
    for day in range(2, 45):
        house.clock.advance(days=1)
        house.work()
        came += [(day, s) for s in subjects(house)[2 + len(came) :]]
    assert came == [(day + 30, f"interest {day}日目のお便り") for day in (3, 5, 7)]


def test_a_pause_ended_goes_on_at_the_same_distance(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    choose(house, do="pause")
    house.clock.advance(days=4)
    house.work()
    choose(house, do="resume")
    came = []
    for day in range(6, 14):
        house.clock.advance(days=1)
        house.work()
        came += [(day, s) for s in subjects(house)[2 + len(came) :]]
    assert came == [(day + 4, f"interest {day}日目のお便り") for day in (3, 5, 7)]


def test_a_pause_holds_back_no_reminder(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    pause_from = len(house.postbox.mails) - 1
    register(house)
    choose(house, pause_from, do="pause")
    house.clock.now = HOUR_BEFORE
    house.work()
    assert "まもなく 14:00から" in subjects(house)[-1]


def test_seminar_notices_switched_off_stop_the_reminders_until_the_next_place(
    house: House,
) -> None:
    register(house)
    house.clock.now = MORNING_BEFORE
    house.work()
    choose(house, do="save")
    house.clock.now = HOUR_BEFORE
    house.work()
    assert len(house.postbox.mails) == 3
    publish(house, seminar_page(starts=seminar().starts + timedelta(days=9)))
    register(house)
    house.clock.advance(days=9)
    house.work()
    assert any("まもなく" in subject for subject in subjects(house)[-2:])


def test_an_opt_out_stops_the_reminders_too(house: House) -> None:
    register(house, **AGREED)
    house.clock.advance(days=1)
    house.work()
    step = next(mail for mail in house.postbox.mails if mail["List-Unsubscribe"])
    house.browser().post(path_in(step, "unsubscribe"), data={"stop": "yes"})
    house.work()
    sent = len(house.postbox.mails)
    house.clock.now = HOUR_BEFORE
    house.work()
    assert len(house.postbox.mails) == sent


def test_a_change_of_preferences_is_an_event_of_its_reader(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    choose(house, do="pause")
    with reading(house.tools.engine) as connection:
        kept = connection.execute(
            select(events.c.reader_id, events.c.data).where(events.c.kind == EventKind.PREFERENCES)
        ).one()
    assert kept.reader_id == the_reader(house).id
    assert kept.data == {"paused_until": (NOW + timedelta(days=31)).isoformat()}
    assert FIRM.consent.hash not in str(kept.data)
