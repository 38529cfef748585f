"""What each provider tells comes to the same: in SQLite, for the doors need no store."""

import json

import pytest

from tests.walking import FORM, the_reader
from tests.webhooks.conftest import BOT, Hooked
from tests.webhooks.telling import (
    PROVIDERS,
    line_event,
    postmark_bounce,
    sendgrid_event,
    ses_bounce,
    tell,
)
from tracker.words import SuppressedFor

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@PROVIDERS
def test_a_hard_bounce_suppresses_at_once_and_cancels_what_is_planned(
    mailed: Hooked, provider: str
) -> None:
    assert tell(mailed, provider, "bounce") == 200
    mailed.house.fold()
    first, second = mailed.ledger()
    assert (first.state, first.reason) == ("bounced", "no_recipient")
    assert (second.state, second.reason) == ("cancelled", "undeliverable")
    reader = the_reader(mailed.house)
    assert reader.suppressed_for is SuppressedFor.BOUNCE
    assert reader.unsubscribed_at is None
    mailed.house.clock.advance(days=30)
    mailed.house.work()
    assert len(mailed.house.postbox.mails) == 1


@PROVIDERS
def test_a_complaint_is_an_opt_out_and_more(mailed: Hooked, provider: str) -> None:
    assert tell(mailed, provider, "complaint") == 200
    mailed.house.fold()
    first, second = mailed.ledger()
    assert first.state == "sent"
    assert (second.state, second.reason) == ("cancelled", "complaint")
    reader = the_reader(mailed.house)
    assert reader.suppressed_for is SuppressedFor.COMPLAINT
    assert reader.unsubscribed_at is not None
    assert reader.wants == frozenset()


@PROVIDERS
def test_a_delivery_settles_what_was_uncertain_and_changes_nothing_else(
    hooked: Hooked, provider: str
) -> None:
    house = hooked.house
    house.postbox.after_data["taro@example.jp"] = None
    house.browser().post("/gates/guide", data=FORM)
    house.work()
    assert hooked.ledger()[0].state == "uncertain"
    house.clock.advance(minutes=10)
    assert tell(hooked, provider, "delivered") == 200
    house.fold()
    assert hooked.ledger()[0].state == "sent"
    before = hooked.rows("SELECT count(*) FROM events")
    assert tell(hooked, provider, "delivered") == 200
    house.fold()
    assert hooked.rows("SELECT count(*) FROM events") == before


@PROVIDERS
def test_a_bounce_of_an_address_we_never_wrote_to_is_ignored_and_counted(
    mailed: Hooked, provider: str
) -> None:
    told = {
        "own": lambda: mailed.own({"id": "9", "kind": "bounce", "recipient": "no@example.jp"}),
        "ses": lambda: mailed.ses(ses_bounce("<x@y.jp>", status="5.1.1") | {
            "bounce": ses_bounce("")["bounce"] | {
                "bouncedRecipients": [{"emailAddress": "no@example.jp", "status": "5.1.1"}]}}),
        "sendgrid": lambda: mailed.sendgrid(sendgrid_event("bounce") | {"email": "no@example.jp"}),
        "postmark": lambda: mailed.postmark(postmark_bounce(Email="no@example.jp")),
    }[provider]()  # fmt: skip
    assert told.status_code == 200
    mailed.house.fold()
    assert mailed.ignored() == {(provider, "unknown"): 1}
    assert mailed.rows("SELECT count(*) FROM readers")[0][0] == 1
    assert the_reader(mailed.house).suppressed_at is None


def test_ses_names_a_mail_by_its_return_address_too(mailed: Hooked) -> None:
    told = ses_bounce("")
    told["mail"] = {"messageId": "0106", "source": mailed.house.postbox.senders[0]}
    told["bounce"]["bouncedRecipients"] = [{"emailAddress": "taro@example.jp", "status": "5.1.1"}]
    mailed.ses(told)
    mailed.house.fold()
    assert mailed.ledger()[0].state == "bounced"


@pytest.mark.parametrize(
    ("reason", "suppressed"),
    [
        ("Bounced Address", SuppressedFor.BOUNCE),
        ("Spam Reporting Address", SuppressedFor.COMPLAINT),
        ("Unsubscribed Address", None),
        ("Recipient List over Package Quota", None),
    ],
)
def test_what_sendgrid_never_sent_counts_by_why(
    mailed: Hooked, reason: str, suppressed: SuppressedFor | None
) -> None:
    mailed.sendgrid(sendgrid_event("dropped", reason=reason, delivery=mailed.ledger()[0].id))
    mailed.house.fold()
    assert the_reader(mailed.house).suppressed_for is suppressed


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("SoftBounce", "full"), ("SpamNotification", "policy"), ("DnsError", "temporary")],
)
def test_what_postmark_calls_passing_suppresses_nobody(
    mailed: Hooked, kind: str, reason: str
) -> None:
    details = {"SoftBounce": "452 4.2.2 mailbox full"}.get(kind, "")
    told = postmark_bounce(kind, Details=details, Metadata={"delivery": mailed.ledger()[0].id})
    mailed.postmark(told)
    mailed.house.fold()
    assert the_reader(mailed.house).suppressed_at is None
    assert mailed.ledger()[0].reason == reason
    assert mailed.ledger()[1].state == "planned"


def test_the_mails_tell_their_provider_what_its_webhooks_shall_tell_us(mailed: Hooked) -> None:
    mail = mailed.house.postbox.mails[0]
    first = mailed.ledger()[0].id
    assert mail["X-PM-Metadata-delivery"] == first
    assert json.loads(mail["X-SMTPAPI"]) == {"unique_args": {"delivery": first}}


def test_line_for_another_channel_is_answered_and_left(hooked: Hooked) -> None:
    assert hooked.line(line_event("follow", -60), bot="U" + "c" * 32).status_code == 200
    assert hooked.follows() == []
    assert hooked.tallied("line:other channel") == 1


def test_lines_signature_is_over_the_bytes(hooked: Hooked) -> None:
    raw = json.dumps(
        {"destination": BOT, "events": [line_event("follow", -60, text="絵文字😀\u2028")]},
        ensure_ascii=False,
        indent=1,
    ).encode()
    assert hooked.line(raw=raw).status_code == 200
    assert hooked.follows() == [True]
    escaped = json.dumps({"destination": BOT, "events": [{"type": "x", "t": "😀"}]}).encode()
    assert b"\\ud83d" in escaped
    assert hooked.line(raw=escaped).status_code == 200
