"""What a notice says, and when an address is written to no more."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from tracker.bounces import (
    Fact,
    Notice,
    Suppression,
    impersonal,
    notice_id,
    plain,
    status_in,
    suppression,
    why,
)
from tracker.verp import Verp
from tracker.words import BounceReason, EventKind, SuppressedFor

NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


def bounce(status: str | None = None, diagnostic: str = "", **more: object) -> Notice:
    values = {"id": "1", "source": "dsn", "kind": EventKind.MAIL_BOUNCE, "at": NOW, **more}
    return Notice(status=status, diagnostic=diagnostic, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "diagnostic", "reason"),
    [
        ("5.1.1", "", "no_recipient"),
        ("5.1.10", "", "no_domain"),
        ("5.4.4", "Host not found", "no_domain"),
        ("5.2.1", "", "disabled"),
        ("5.2.2", "", "full"),
        ("4.2.2", "", "full"),
        ("4.4.1", "connection timed out", "temporary"),
        ("5.7.1", "user unknown", "policy"),
        ("5.7.26", "DMARC", "policy"),
        ("5.1.8", "sender rejected", "policy"),
        ("5.0.0", "smtp; 550 Unknown user taro@docomo.ne.jp", "no_recipient"),
        ("5.0.0", "550 <taro@ezweb.ne.jp>: User unknown", "no_recipient"),
        (None, "550 Invalid recipient: <taro@softbank.ne.jp>", "no_recipient"),
        (None, "552 5.2.2 mailbox full", "full"),
        (None, "宛先のアドレスが存在しません", "no_recipient"),
        (None, "受信箱の容量がいっぱいです", "full"),
        (None, "452 try later", "temporary"),
        (None, "554 rejected as spam", "policy"),
        ("5.3.4", "message too big", "refused"),
        (None, "host 5.1.1.9 said: no", "refused"),
        (None, "", "refused"),
    ],
)
def test_the_status_decides_and_then_the_words(
    status: str | None, diagnostic: str, reason: str
) -> None:
    assert why(bounce(status, diagnostic)) == reason


def test_a_provider_that_calls_a_bounce_temporary_is_believed() -> None:
    assert why(bounce("5.1.1", permanent=False)) is BounceReason.TEMPORARY
    assert why(bounce(None, permanent=True)) is BounceReason.NO_RECIPIENT
    assert why(bounce("5.7.1", permanent=True)) is BounceReason.POLICY


def test_a_code_is_found_at_the_end_of_a_sentence_and_not_in_an_address_of_a_host() -> None:
    assert status_in("said 5.1.1.") == "5.1.1"
    assert status_in("10.5.1.1 and 5.1.1.7") is None
    assert status_in("5.0.0", "5.2.2 full") == "5.2.2"


def test_what_a_server_said_is_one_clean_line_that_names_nobody() -> None:
    told = plain("550 <script>\r\nBcc: x\u202e\ud800\x00 " + "あ" * 500)
    assert told.startswith("550 <script> Bcc: x")
    assert len(told) <= 300
    assert told.isprintable()
    said = impersonal("<Taro.Sato@example.jp>: taro.sato unknown", "taro.sato@example.jp")
    assert said == "<…@example.jp>: … unknown"


def hard(days: float) -> Fact:
    return Fact(EventKind.MAIL_BOUNCE, NOW + timedelta(days=days), BounceReason.NO_RECIPIENT)


def soft(days: float) -> Fact:
    return Fact(EventKind.MAIL_BOUNCE, NOW + timedelta(days=days), BounceReason.FULL)


def policy(days: float) -> Fact:
    return Fact(EventKind.MAIL_BOUNCE, NOW + timedelta(days=days), BounceReason.POLICY)


def complaint(days: float) -> Fact:
    return Fact(EventKind.MAIL_COMPLAINT, NOW + timedelta(days=days))


def on(days: float) -> datetime:
    return NOW + timedelta(days=days)


def test_one_hard_bounce_is_enough_until_a_button_in_a_mail_is_pressed() -> None:
    assert suppression([hard(0)], [], []) == Suppression(SuppressedFor.BOUNCE, NOW)
    assert suppression([hard(0)], [on(-1)], []) is not None
    assert suppression([hard(0)], [on(1)], []) is None
    assert suppression([hard(0), hard(2)], [on(1)], []) is not None


def test_soft_bounces_count_by_days_within_thirty() -> None:
    assert suppression([soft(0), soft(0.1), soft(0.2), soft(1)], [], []) is None
    assert suppression([soft(0), soft(14), soft(31)], [], []) is None
    found = suppression([soft(0), soft(14), soft(29)], [], [])
    assert found == Suppression(SuppressedFor.SOFT_BOUNCES, on(29))
    assert suppression([soft(0), soft(14), soft(29)], [on(20)], []) is None


def test_what_a_policy_refuses_suppresses_nobody() -> None:
    assert suppression([policy(day) for day in range(60)], [], []) is None


def test_only_a_fresh_tick_lifts_a_complaint() -> None:
    assert suppression([complaint(0)], [on(1)], []) is not None
    assert suppression([complaint(0)], [on(1)], [on(-1)]) is not None
    assert suppression([complaint(0)], [on(1)], [on(1)]) is None


def test_the_order_in_which_facts_are_heard_changes_nothing() -> None:
    facts = [hard(3), soft(0), complaint(1), soft(5), soft(9), policy(4)]
    expected = suppression(facts, [on(2)], [on(2)])
    assert expected is not None
    for seed in range(20):
        random.Random(seed).shuffle(facts)
        assert suppression(facts, [on(2)], [on(2)]) == expected


def test_what_was_held_before_stands_until_it_is_lifted() -> None:
    held = Suppression(SuppressedFor.COMPLAINT, NOW)
    assert suppression([], [on(1)], [], held) == held
    assert suppression([], [on(1)], [on(1)], held) is None
    given_up = Suppression(SuppressedFor.SOFT_BOUNCES, NOW)
    assert suppression([], [], [], given_up) == given_up
    assert suppression([], [on(1)], [], given_up) is None


def test_a_notice_told_twice_has_one_id() -> None:
    assert notice_id("ses", "a", "b") == notice_id("ses", "a", "b")
    assert notice_id("ses", "a", "b") != notice_id("ses", "ab", "")
    assert len(notice_id("sendgrid", "\ud800" * 5000)) <= 100


def test_a_return_address_is_read_whatever_servers_did_to_its_case() -> None:
    verp = Verp(["an-old-key-of-ours", "a-key-for-tests-only"])
    address = verp.sender("aB3-_xYz0Q9k", "bounce.example.jp")
    local = address.partition("@")[0]
    assert address == address.lower()
    assert len(local) <= 64
    assert verp.read(address) == "aB3-_xYz0Q9k"
    assert verp.read(f"<{address.upper()}>") == "aB3-_xYz0Q9k"
    assert Verp(["a-key-for-tests-only", "a-newer-key-of-ours"]).read(address) is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.replace("b+", "b+a", 1),
        lambda a: a.replace(".", "a.", 1),
        lambda a: a.partition("@")[0][:-1] + "2@x.jp",
        lambda a: a.partition(".")[0] + "@x.jp",
        lambda a: "b+@x.jp",
        lambda a: "b+\ud800.x@x.jp",
        lambda a: "あ" * 5000 + a,
        lambda a: "",
    ],
)
def test_a_return_address_that_we_did_not_make_is_nobodys(change: object) -> None:
    verp = Verp(["a-key-for-tests-only"])
    address = verp.sender("aB3-_xYz0Q9k", "x.jp")
    changed = change(address)  # type: ignore[operator]
    assert changed != address
    assert verp.read(changed) is None
    assert Verp(["another-key-of-others"]).read(address) is None
