"""The whole loop without a browser: a form, a mail, a button, four steps, a click, the way out.

The tracker, the journal, the fold, the store (both engines), the worker and SMTP are all real;
only the clock is told.
"""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from nurture_worker.readers.rebuild import rebuild
from nurture_worker.sending.delivering import retry_at
from tests.clicks.traces import CHROME
from tests.conftest import NOW, House
from tests.content import catalogue, steps
from tests.servers import html_of, text_of
from tests.walking import AGREED, FORM, become_a_reader, path_in, states, the_reader
from tracker.store import deliveries, enrolments
from tracker.store import events as log
from tracker.store.engine import reading
from tracker.store.tables import consents, score_entries, stage_changes
from tracker.words import DeliveryState, EventKind, Stage


def test_a_form_is_answered_by_one_mail_to_its_reader(house: House) -> None:
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    house.work()
    (mail,) = house.postbox.mails
    assert mail["To"] == "taro@example.jp"
    assert "はじめてのガイド" in mail["Subject"]
    assert "/confirm/" in html_of(mail)
    assert "/d/" not in text_of(mail)
    assert "%PDF" not in str(mail)


def test_until_the_button_is_pressed_nothing_more_is_sent(house: House) -> None:
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    house.browser().get(path_in(house.postbox.mails[0], "confirm"))
    house.clock.advance(days=30)
    house.work()
    assert len(house.postbox.mails) == 1
    assert the_reader(house).stage is None


def test_the_button_makes_a_reader_with_a_stage_a_score_and_a_scenario(house: House) -> None:
    become_a_reader(house)
    reader = the_reader(house)
    assert reader.stage is Stage.INTEREST
    assert reader.score == 10
    assert reader.opted_in_at == NOW
    with reading(house.tools.engine) as connection:
        (under_way,) = enrolments.under_way(connection, reader.id)
        causes = connection.execute(
            select(stage_changes.c.to_stage, log.events.c.kind)
            .join(log.events, log.events.c.id == stage_changes.c.event_id)
            .order_by(log.events.c.seq)
        ).all()
        assert connection.execute(select(consents.c.method)).scalar() == "gate_submit:guide"
    assert under_way.scenario == "interest"
    assert [tuple(row) for row in causes] == [
        ("awareness", "confirm"),
        ("interest", "gate_download"),
    ]


def test_the_four_steps_come_in_order_on_their_days(house: House) -> None:
    become_a_reader(house)
    came = []
    for day in range(1, 15):
        house.clock.advance(days=1)
        house.work()
        came += [(day, m["Subject"]) for m in house.postbox.mails[1 + len(came) :]]
    assert came == [(day, f"interest {day}日目のお便り") for day in (1, 3, 5, 7)]
    with reading(house.tools.engine) as connection:
        assert enrolments.under_way(connection, the_reader(house).id) == []


def test_a_click_is_recorded_against_its_mail_and_scored(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    answer = house.click(path_in(house.postbox.mails[-1], "c"))
    assert answer.status_code == 302
    landing, _, key = answer.location.partition("&k=")
    assert landing == "http://localhost/articles/why/?utm_medium=email"
    assert re.fullmatch("[0-9a-f]{32}", key)
    house.work()
    reader = the_reader(house)
    with reading(house.tools.engine) as connection:
        clicked = log.of_reader(connection, reader.id)[-1]
        sent = deliveries.get(connection, clicked.delivery_id or "")
    assert clicked.kind is EventKind.MAIL_CLICK
    assert sent is not None
    assert (sent.scenario, sent.step, sent.state) == ("interest", "thanks", DeliveryState.SENT)
    assert reader.score == pytest.approx(5 + 10 * 0.5 ** (1 / 30), abs=0.1)


def test_a_gateway_that_sweeps_the_mail_moves_and_scores_nobody(house: House) -> None:
    become_a_reader(house)
    for day in (1, 3):
        house.clock.now = NOW.replace(day=NOW.day + day)
        house.work()
    before = the_reader(house).score
    for mail in house.postbox.mails[-2:]:
        for place in range(text_of(mail).count("/c/")):
            house.browser().get(path_in(mail, "c", place), headers={"User-Agent": CHROME})
    house.clock.advance(seconds=20)
    house.work()
    assert the_reader(house).stage is Stage.INTEREST
    assert the_reader(house).score <= before
    with reading(house.tools.engine) as connection:
        hits = [e for e in log.of_reader(connection, the_reader(house).id) if e.kind is EventKind.MAIL_CLICK]  # fmt: skip
    assert len(hits) >= 3
    assert {(hit.data or {})["verdict"] for hit in hits} == {"machine"}


def test_a_verdict_is_revised_when_more_hits_come(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    path = path_in(house.postbox.mails[-1], "c")
    house.click(path)
    house.work()
    assert the_reader(house).score > 10
    for _ in range(2):
        house.browser().get(path, headers={"User-Agent": CHROME, "Purpose": "prefetch"})
    house.clock.advance(seconds=20)
    house.work()
    with reading(house.tools.engine) as connection:
        verdicts = [
            (e.data or {})["verdict"]
            for e in log.of_reader(connection, the_reader(house).id)
            if e.kind is EventKind.MAIL_CLICK
        ]
    assert verdicts == ["human", "machine", "machine"]


def test_who_advances_leaves_the_scenario_for_the_next(house: House) -> None:
    become_a_reader(house)
    for day in (1, 3, 5):
        house.clock.now = NOW.replace(day=NOW.day + day)
        house.work()
    for mail, place in ((-2, -1), (-1, 0)):  # the case on day 3, its details on day 5
        house.click(path_in(house.postbox.mails[mail], "c", place))
    house.work()
    assert the_reader(house).stage is Stage.UNDERSTANDING
    house.clock.advance(days=1)
    house.work()
    assert house.postbox.mails[-1]["Subject"] == "understanding 1日目のお便り"
    house.clock.advance(days=1)
    house.work()
    assert states(house)[DeliveryState.CANCELLED] == 1
    assert "interest 7日目のお便り" not in [m["Subject"] for m in house.postbox.mails]


@pytest.mark.parametrize("way", ["link", "header"])
def test_the_way_out_stops_the_rest_at_once(house: House, way: str) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    mail = house.postbox.mails[-1]
    if way == "link":
        answer = house.browser().post(path_in(mail, "unsubscribe"), data={"stop": "yes"})
    else:
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        path = mail["List-Unsubscribe"].strip("<>").removeprefix("http://localhost")
        answer = house.browser().post(path, data="List-Unsubscribe=One-Click",
                                      content_type="application/x-www-form-urlencoded")  # fmt: skip
    assert answer.status_code == 200
    sent = len(house.postbox.mails)
    house.clock.advance(days=30)
    house.work()
    assert len(house.postbox.mails) == sent
    assert states(house)[DeliveryState.CANCELLED] == 1


def test_a_fresh_tick_and_button_lift_an_opt_out_and_nothing_else_does(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    old = house.postbox.mails[0]
    house.browser().post(path_in(house.postbox.mails[-1], "unsubscribe"), data={"stop": "yes"})
    house.work()
    house.clock.advance(days=1)
    house.browser().post("/gates/guide", data=FORM)  # without the tick
    house.work()
    house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
    house.browser().post(path_in(old, "confirm"))
    house.work()
    assert not the_reader(house).may_be_mailed
    house.clock.advance(days=1)
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    assert the_reader(house).may_be_mailed


def test_without_the_tick_only_the_file_comes(house: House) -> None:
    become_a_reader(house, consent="")
    house.clock.advance(days=30)
    house.work()
    assert len(house.postbox.mails) == 1
    assert the_reader(house).stage is Stage.INTEREST


def test_an_inquiry_reaches_marketing_and_ends_the_scenario(make_house: object) -> None:
    house: House = make_house(report_to="eigyo@example.jp")  # type: ignore[operator]
    become_a_reader(house)
    house.browser().post("/inquiries", data={**FORM, "message": "相談したいことがあります"})
    house.work()
    (told,) = [m for m in house.postbox.mails if m["To"] == "eigyo@example.jp"]
    assert "問い合わせ" in told["Subject"]
    assert "相談したいこと" not in str(told)
    house.clock.advance(days=30)
    house.work()
    assert [m["Subject"] for m in house.postbox.mails if m["To"] == "taro@example.jp"] == [
        "【資料のお届け】はじめてのガイド",
        "お問い合わせを受け付けました",
    ]
    assert the_reader(house).stage is Stage.TRUST


def test_who_writes_is_told_once_that_it_came_in_without_their_words(house: House) -> None:
    browser = house.browser()
    for words in ("相談したいことがあります", "もうひとつ相談があります"):
        browser.post("/inquiries", data={**FORM, "message": words})
        house.work()
    (receipt,) = house.postbox.mails
    assert receipt["To"] == "taro@example.jp"
    assert "2026年11月02日 10:00 に、たしかに受け付けました" in text_of(receipt)
    assert "相談" not in text_of(receipt)
    assert "/confirm/" not in text_of(receipt)
    assert receipt["List-Unsubscribe"] is None
    house.clock.advance(hours=2)
    browser.post("/inquiries", data={**FORM, "message": "三つめの相談です"})
    house.work()
    assert len(house.postbox.mails) == 2


def test_who_ticks_the_box_of_an_inquiry_can_confirm_it(house: House) -> None:
    browser = house.browser()
    browser.post("/inquiries", data={**FORM, **AGREED, "message": "相談です"})
    house.work()
    confirm = path_in(house.postbox.mails[0], "confirm")
    assert "お問い合わせへのお返事は、押さなくても" in browser.get(confirm).text
    assert the_reader(house).opted_in_at is None
    assert browser.post(confirm).status_code == 200
    house.work()
    assert the_reader(house).opted_in_at == NOW


def test_the_step_carries_the_readers_own_diagnosis_or_the_invitation(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=3)
    house.work()
    house.clock.advance(days=2)
    house.work()
    case = next(m for m in house.postbox.mails if "3日目" in m["Subject"])
    assert "3分診断をはじめる" in text_of(case)


def test_a_diagnosis_asked_for_by_mail_becomes_the_readers_own(house: House) -> None:
    browser = house.browser()
    result = browser.post("/diagnoses/site-diagnosis", data={"q1": "0", "q2": "1"}).location
    browser.post(result, data={**FORM, **AGREED})
    house.work()
    report = house.postbox.mails[-1]
    assert "50点" in text_of(report)
    assert "次に読むものを置く" in html_of(report)
    browser.post(path_in(report, "confirm"))
    house.work()
    assert the_reader(house).stage is Stage.INTEREST
    for _ in range(2):
        house.clock.advance(days=2)
        house.work()
    case = next(m for m in house.postbox.mails if "3日目" in m["Subject"])
    assert "あなたの3分診断の結果：50点" in text_of(case)
    assert "3分診断をはじめる" not in text_of(case)


def take_the_diagnosis(house: House, browser: FlaskClient) -> str:
    """Take it and ask for the report by mail; the way to the page that confirms the address."""
    result = browser.post("/diagnoses/site-diagnosis", data={"q1": "0", "q2": "1"}).location
    browser.post(result, data={**FORM, **AGREED})
    house.work()
    return path_in(house.postbox.mails[-1], "confirm")


def consenting(house: House) -> FlaskClient:
    """A browser whose visitor agreed to the record of reading."""
    browser = house.browser()
    seen = {"pv": f"{7:032x}", "page": "", "events": [{"n": 0, "e": "page_view"}]}
    assert browser.post("/e", json=seen).status_code == 204
    return browser


@pytest.mark.parametrize("on_the_same_browser", [True, False])
def test_a_diagnosis_taken_once_counts_once_wherever_the_address_is_confirmed(
    house: House, on_the_same_browser: bool
) -> None:
    browser = consenting(house)
    confirm = take_the_diagnosis(house, browser)
    (browser if on_the_same_browser else house.browser()).post(confirm)
    house.work()
    if not on_the_same_browser:  # the first browser turns out to be theirs later
        browser.post("/gates/guide", data={**FORM, **AGREED})
        house.work()
        browser.post(path_in(house.postbox.mails[-1], "confirm"))
        house.work()
    with reading(house.tools.engine) as connection:
        done = log.of_reader(connection, the_reader(house).id)
    assert [event.kind for event in done].count(EventKind.DIAGNOSIS) == 1


def test_the_same_answers_sent_twice_by_a_visitor_are_one_diagnosis(house: House) -> None:
    browser = consenting(house)
    for _ in range(2):
        browser.post("/diagnoses/site-diagnosis", data={"q1": "0", "q2": "1"})
    house.work()
    with reading(house.tools.engine) as connection:
        kinds = [event.kind for event in log.after(connection, 0, 100)]
    assert kinds.count(EventKind.DIAGNOSIS) == 1


def test_a_visitors_reading_joins_the_reader_they_become(house: House) -> None:
    browser = house.browser()
    for n in range(2):
        browser.post(
            "/e",
            json={
                "pv": f"{n:032x}",
                "page": "cases/metal/",
                "events": [
                    {"n": 0, "e": "page_view"},
                    {"n": 1, "e": "page_end", "active_ms": 9, "dwell_ms": 9, "done": True},
                ],
            },
        )
    browser.post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    browser.post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    assert the_reader(house).stage is Stage.UNDERSTANDING


def test_marketing_gets_the_diagnosis_once_a_week(make_house: object) -> None:
    house: House = make_house(report_to="a@example.jp,b@example.jp")  # type: ignore[operator]
    house.browser().post(
        "/e", json={"pv": "0" * 32, "page": "articles/why/", "events": [{"n": 0, "e": "page_view"}]}
    )
    house.work()
    assert house.postbox.mails == []
    for _ in range(3):
        house.clock.advance(days=7)
        for _ in range(3):
            house.work()
    assert sorted(house.postbox.recipients) == ["a@example.jp"] * 3 + ["b@example.jp"] * 3
    assert "/desk/diagnosis" in text_of(house.postbox.mails[-1])


def test_a_week_of_downtime_makes_no_burst(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=9)
    house.work()
    house.work()
    assert [m["Subject"] for m in house.postbox.mails[1:]] == ["interest 1日目のお便り"]
    house.clock.advance(hours=12)
    house.work()
    assert len(house.postbox.mails) == 2
    house.clock.advance(hours=8)
    house.work()
    assert house.postbox.mails[-1]["Subject"] == "interest 3日目のお便り"


def test_an_edited_scenario_goes_on_with_the_new_text_and_without_the_removed_step(
    house: House,
) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    edited = catalogue()
    interest = edited.scenarios[1].model_copy(
        update={
            "steps": tuple(
                s.model_copy(update={"subject": f"あたらしい{s.day}日目"})
                for s in steps("interest")
                if s.id != "case"
            )
        }
    )
    edited = edited.model_copy(
        update={"scenarios": tuple(interest if s.id == "interest" else s for s in edited.scenarios)}
    )
    edited.write(house.tools.settings.catalogue_path)
    for _ in range(8):
        house.clock.advance(days=1)
        house.work()
    assert [m["Subject"] for m in house.postbox.mails[2:]] == ["あたらしい5日目", "あたらしい7日目"]
    assert states(house)[DeliveryState.SKIPPED] == 1


def test_the_scores_and_stages_rebuilt_from_the_log_are_the_same(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    house.click(path_in(house.postbox.mails[-1], "c"))
    house.work()

    def all_of_it() -> list[object]:
        with reading(house.tools.engine) as connection:
            return [
                the_reader(house),
                connection.execute(select(score_entries).order_by("event_id", "rule")).all(),
                connection.execute(
                    select(stage_changes.c.at, stage_changes.c.to_stage, stage_changes.c.event_id)
                    .order_by("at", "to_stage")
                ).all(),
            ]  # fmt: skip

    before = all_of_it()
    assert rebuild(house.tools) == 1
    assert all_of_it() == before


def test_folding_the_same_entries_again_changes_nothing(house: House) -> None:
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    entries = [entry for _, entry in house.context.journal.oldest(10)]
    house.work()
    house.context.journal.append(entries)
    house.work()
    with reading(house.tools.engine) as connection:
        assert connection.execute(select(func.count()).select_from(consents)).scalar() == 1
        assert log.last_seq(connection) == 1
    assert len(house.postbox.mails) == 1


def test_nobodys_address_can_be_flooded_by_a_form(house: House) -> None:
    for n in range(30):
        house.browser().post("/gates/guide", data={**FORM, "name": f"いたずら {n}"})
        house.clock.advance(minutes=1)
        house.work()
    assert len(house.postbox.mails) == 1
    for n in range(30):
        house.clock.advance(minutes=61)
        house.browser().post("/gates/guide", data={**FORM, "name": f"いたずら {n}"})
        house.work()
    assert len(house.postbox.mails) <= 2 * 6


def test_who_ticks_the_box_at_the_second_try_is_not_left_out(house: House) -> None:
    house.browser().post("/gates/guide", data=FORM)
    house.work()
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    assert len(house.postbox.mails) == 2
    house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    assert the_reader(house).may_be_mailed


def test_a_refusal_for_now_is_tried_again_with_the_same_message_id(house: House) -> None:
    house.postbox.answers["taro@example.jp"] = "451 later"
    house.browser().post("/gates/guide", data=FORM)
    house.work()
    assert house.postbox.mails == []
    assert states(house) == {DeliveryState.PLANNED: 1}
    del house.postbox.answers["taro@example.jp"]
    house.work()
    assert house.postbox.mails == []
    house.clock.advance(minutes=1)
    house.work()
    assert len(house.postbox.mails) == 1


def test_a_refusal_for_good_is_a_bounce_and_final(house: House) -> None:
    house.postbox.answers["taro@example.jp"] = "550 5.1.1 no such user"
    house.browser().post("/gates/guide", data=FORM)
    house.work()
    house.clock.advance(days=3)
    house.work()
    assert states(house) == {DeliveryState.BOUNCED: 1}


def test_a_connection_cut_after_the_message_is_uncertain_and_never_sent_again(
    house: House,
) -> None:
    house.postbox.after_data["taro@example.jp"] = None
    house.browser().post("/gates/guide", data=FORM)
    house.work()
    house.postbox.after_data.clear()
    house.clock.advance(days=3)
    house.work()
    assert states(house) == {DeliveryState.UNCERTAIN: 1}
    assert len(house.postbox.mails) == 1


def test_a_mail_server_away_loses_nothing(make_house: object, house: House) -> None:
    away: House = make_house(smtp_url="smtp://127.0.0.1:1")  # type: ignore[operator]
    away.browser().post("/gates/guide", data=FORM)
    away.work()
    assert states(away) == {DeliveryState.PLANNED: 1}
    house.clock.now = away.clock.now
    house.clock.advance(minutes=2)
    house.work()
    assert len(house.postbox.mails) == 1


def test_retries_grow_apart_and_end_after_two_days() -> None:
    at, attempt, waits = NOW, 1, []
    while (again := retry_at(attempt, NOW, at)) is not None:
        waits.append((again - at).total_seconds() / 60)
        at, attempt = again, attempt + 1
    assert waits[:6] == [1, 5, 15, 60, 240, 480]
    assert (at - NOW).total_seconds() <= 48 * 3600
