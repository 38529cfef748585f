"""What is kept against an address, and what lifts it, in both engines."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from nurture_worker.upkeep.dossiers import erase
from tests.channels.returned import report
from tests.conftest import NOW, House
from tests.walking import AGREED, FORM, become_a_reader, path_in, states, the_reader
from tests.webhooks.conftest import Hooked
from tests.webhooks.telling import line_event, tell
from tracker.store import dossier, enrolments, events, suppressions
from tracker.store.deliveries import plan
from tracker.store.engine import reading, writing
from tracker.store.tables import deliveries
from tracker.words import DeliveryState, MailKind, SuppressedFor


def test_told_twice_and_out_of_order_the_state_is_the_same(mailed: Hooked) -> None:
    for what in ("bounce", "complaint", "delivered", "bounce", "complaint"):
        assert tell(mailed, "own", what) == 200
        mailed.house.fold()
    assert [row.state for row in mailed.ledger()] == ["bounced", "cancelled"]
    assert the_reader(mailed.house).suppressed_for is SuppressedFor.COMPLAINT
    counted = mailed.rows(
        "SELECT kind, count(*) FROM events WHERE kind LIKE 'mail_%' GROUP BY kind"
    )
    assert sorted(map(tuple, counted)) == [("mail_bounce", 1), ("mail_complaint", 1)]


def test_a_mail_named_with_somebody_elses_address_is_ignored(mailed: Hooked) -> None:
    message_id = mailed.ledger()[0].message_id
    told = {"id": "1", "kind": "bounce", "recipient": "hana@example.jp", "message_id": message_id}
    mailed.own(told)
    mailed.house.fold()
    assert mailed.ignored() == {("own", "other recipient"): 1}
    assert mailed.ledger()[0].state == "sent"


def test_a_bounce_told_before_the_worker_has_settled_the_mail_wins(mailed: Hooked) -> None:
    first = mailed.ledger()[0]
    with writing(mailed.house.tools.engine) as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id == first.id)
            .values(state="sending", claimed_at=NOW, settled_at=None)
        )
    tell(mailed, "ses", "bounce")
    mailed.house.fold()
    mailed.house.clock.advance(hours=1)
    mailed.house.work()
    assert mailed.ledger()[0].state == "bounced"


def test_a_fresh_tick_lifts_a_complaint_and_a_form_without_one_does_not(mailed: Hooked) -> None:
    house = mailed.house
    tell(mailed, "ses", "complaint")
    house.work()
    for more, lifted in (({}, False), (AGREED, True)):
        house.clock.advance(hours=2)
        house.browser().post("/gates/guide", data={**FORM, **more})
        house.work()
        house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
        house.work()
        reader = the_reader(house)
        assert (reader.suppressed_at is None) is lifted
        assert reader.may_be_mailed is lifted


def test_a_tick_from_before_the_complaint_lifts_nothing(mailed: Hooked) -> None:
    house = mailed.house
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    house.clock.advance(hours=2)
    house.work()
    late = path_in(house.postbox.mails[-1], "confirm")
    told = {"id": "1", "kind": "complaint", "recipient": "taro@example.jp"}
    mailed.own(told)
    house.work()
    house.clock.advance(hours=1)
    house.browser().post(late)
    house.work()
    assert the_reader(house).suppressed_for is SuppressedFor.COMPLAINT
    assert not the_reader(house).may_be_mailed


@pytest.mark.parametrize("what", ["bounce", "complaint", "unsubscribe"])
def test_what_is_held_against_an_address_outlives_its_reader(mailed: Hooked, what: str) -> None:
    house = mailed.house
    if what == "unsubscribe":
        house.clock.advance(days=1)
        house.work()
        house.browser().post(
            path_in(house.postbox.mails[-1], "unsubscribe"), data={"List-Unsubscribe": "One-Click"}
        )
    else:
        tell(mailed, "own", what)
    house.work()
    erase(house.tools, "taro@example.jp")
    house.clock.advance(days=1)
    house.browser().post("/gates/guide", data=FORM)
    house.work()
    with_address = mailed.rows(
        "SELECT suppressed_for, unsubscribed_at FROM readers WHERE email IS NOT NULL"
    )
    assert len(with_address) == 1
    expected = {"bounce": "bounce", "complaint": "complaint", "unsubscribe": None}[what]
    assert with_address[0].suppressed_for == expected
    assert (with_address[0].unsubscribed_at is None) is (what == "bounce")
    held = str(mailed.rows("SELECT * FROM suppressions"))
    assert "taro" not in held


def test_a_bounce_of_an_erased_reader_is_settled_and_told_of_nobody(mailed: Hooked) -> None:
    first = mailed.ledger()[0]
    erase(mailed.house.tools, "taro@example.jp")
    told = {"id": "1", "kind": "bounce", "recipient": "taro@example.jp", "status": "5.1.1",
            "message_id": first.message_id}  # fmt: skip
    mailed.own(told)
    mailed.house.fold()
    assert mailed.ledger()[0].state == "bounced"
    assert mailed.rows("SELECT count(*) FROM events WHERE kind = 'mail_bounce'")[0][0] == 0


def test_line_tells_who_follows_and_who_does_no_more(hooked: Hooked) -> None:
    assert hooked.line(line_event("follow", -60)).status_code == 200
    assert hooked.follows() == [True]
    assert hooked.line(line_event("unfollow", -30)).status_code == 200
    assert hooked.follows() == [False]


def test_line_told_twice_or_out_of_order_ends_the_same(hooked: Hooked) -> None:
    unfollow, follow = line_event("unfollow", -30), line_event("follow", -60)
    redelivered = {**unfollow, "deliveryContext": {"isRedelivery": True}}
    hooked.line(unfollow)
    assert hooked.follows() == [False]
    hooked.line(follow, redelivered)
    hooked.line(follow)
    assert hooked.follows() == [False]
    counted = hooked.rows("SELECT kind, count(*) FROM events GROUP BY kind ORDER BY kind")
    assert [tuple(row) for row in counted] == [("line_follow", 1), ("line_unfollow", 1)]


def test_no_event_tells_the_user_of_line(hooked: Hooked) -> None:
    hooked.line(line_event("follow", -60))
    assert hooked.follows() == [True]
    assert "U" + "1" * 32 not in str(hooked.rows("SELECT * FROM events"))
    assert hooked.rows("SELECT user_id FROM line_users")[0].user_id == "U" + "1" * 32


def test_a_report_from_the_mailbox_comes_to_the_same(
    make_house: Callable[..., House], tmp_path: Path
) -> None:
    box = tmp_path / "returns"
    for part in ("new", "cur"):
        (box / part).mkdir(parents=True)
    house = make_house(bounce_domain="bounce.example.jp", bounces_url=f"maildir://{box}")
    become_a_reader(house)
    raws = [report(house.postbox.senders[0]), report("b+forged.abcdefgh@bounce.example.jp")]
    for number, raw in enumerate(raws):
        (box / "new" / f"{number}.host").write_bytes(raw)
    house.clock.advance(minutes=1)
    house.work()
    assert the_reader(house).suppressed_for is SuppressedFor.BOUNCE
    with reading(house.tools.engine) as connection:
        assert suppressions.counts(connection) == {("dsn", "unknown"): 1}
        assert suppressions.count_suppressed(connection) == {SuppressedFor.BOUNCE: 1}


def test_a_server_that_does_not_know_the_address_suppresses_it_too(house: House) -> None:
    become_a_reader(house)
    house.postbox.answers["taro@example.jp"] = "550 5.1.1 <taro@example.jp> unknown user taro"
    house.clock.advance(days=1)
    house.work()
    reader = the_reader(house)
    assert reader.suppressed_for is SuppressedFor.BOUNCE
    with reading(house.tools.engine) as connection:
        (bounce,) = (e for e in events.of_reader(connection, reader.id) if e.kind == "mail_bounce")
        assert enrolments.under_way(connection, reader.id)
    assert bounce.data is not None
    assert bounce.data["reason"] == "no_recipient"
    assert "taro" not in str(bounce.data)
    house.work()
    with reading(house.tools.engine) as connection:
        assert enrolments.under_way(connection, reader.id) == []


def test_a_server_that_refuses_by_policy_is_asked_again_and_suppresses_nobody(
    house: House,
) -> None:
    house.postbox.answers["taro@example.jp"] = "550 5.7.1 refused by policy"
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    assert states(house) == {DeliveryState.PLANNED: 1}
    with reading(house.tools.engine) as connection:
        (refused,) = suppressions.refusals(connection, NOW - timedelta(days=1))
    assert (refused.domain, refused.mails) == ("example.jp", 1)
    house.postbox.answers.clear()
    house.clock.advance(minutes=2)
    house.work()
    assert states(house) == {DeliveryState.SENT: 1}
    assert the_reader(house).suppressed_at is None


def test_a_domain_that_refuses_three_mails_by_policy_rests_for_an_hour(
    make_house: Callable[..., House],
) -> None:
    house = make_house(smtp_connections=1)  # what is in the air besides is refused, too
    people = [f"p{n}@rests.example.jp" for n in range(5)] + ["other@example.jp"]
    for person in people:
        become_a_reader(house, email=person)
    house.postbox.answers = dict.fromkeys(people[:5], "550 5.7.1 refused by policy")
    sent = len(house.postbox.mails)
    house.clock.advance(days=1)
    house.work()
    with reading(house.tools.engine) as connection:
        (refused,) = suppressions.refusals(connection, house.clock.now - timedelta(hours=1))
    assert (refused.domain, refused.mails) == ("rests.example.jp", 3)
    assert [mail["To"] for mail in house.postbox.mails[sent:]] == ["other@example.jp"]
    house.postbox.answers = {}
    house.clock.advance(minutes=59)
    house.work()
    assert len(house.postbox.mails) == sent + 1
    house.clock.advance(minutes=2)
    house.work()
    assert len(house.postbox.mails) == sent + 6


def test_a_full_mailbox_at_the_door_counts_and_does_not_suppress_yet(house: House) -> None:
    house.postbox.answers["taro@example.jp"] = "552 5.2.2 mailbox full"
    house.browser().post("/gates/guide", data=FORM)
    house.work()
    assert states(house) == {DeliveryState.BOUNCED: 1}
    assert the_reader(house).suppressed_at is None


def test_a_reminder_that_was_planned_is_cancelled_and_one_ordered_since_is_not(
    mailed: Hooked,
) -> None:
    house = mailed.house
    reader = the_reader(house)
    with writing(house.tools.engine) as connection:
        for key, planned in (("old", NOW), ("new", NOW + timedelta(hours=2))):
            plan(
                connection,
                key=key,
                kind=MailKind.REMINDER,
                domain="example.jp",
                now=planned,
                due_at=NOW + timedelta(days=2),
                reader_id=reader.id,
            )
    tell(mailed, "own", "complaint")
    house.fold()
    rows = mailed.rows("SELECT key, state FROM deliveries WHERE kind = 'reminder' ORDER BY key")
    assert [tuple(row) for row in rows] == [("new", "planned"), ("old", "cancelled")]


def test_old_rows_do_not_count_as_hearing_from_the_reader(mailed: Hooked) -> None:
    tell(mailed, "own", "bounce")
    mailed.house.fold()
    with reading(mailed.house.tools.engine) as connection:
        after_the_confirm = NOW + timedelta(minutes=1)
        assert dossier.inactive(connection, after_the_confirm, 10) == [the_reader(mailed.house).id]
