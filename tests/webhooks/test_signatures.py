"""The webhooks' doors: heard by the signature over the very bytes alone, durable before the answer.
No store stands behind them here: they need none."""

import json
from pathlib import Path

import pytest

from tests.conftest import NOW, House
from tests.webhooks import signing
from tests.webhooks.conftest import SECRET, SETTINGS, Hooked, make_door
from tests.webhooks.telling import AT, PROVIDERS, line_event, sendgrid_event, ses_bounce, tell
from tracker.doors.webhooks import FETCH, LARGEST, own
from tracker.journal import JournalError


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house that no provider is set up in."""
    return make_door(tmp_path_factory.mktemp("bare"))


@PROVIDERS
def test_while_the_journal_cannot_be_written_the_provider_is_asked_to_come_again(
    door: Hooked, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_entries: object) -> None:
        raise JournalError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(door.house.context.journal, "append", full)
        assert tell(door, provider, "bounce") == 503
    assert tell(door, provider, "bounce") == 200
    assert door.waiting() == 1


@PROVIDERS
def test_a_notice_is_durable_before_it_is_answered_and_needs_no_store(
    door: Hooked, provider: str
) -> None:
    assert tell(door, provider, "bounce") == 200
    assert door.waiting() == 1


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/bounce",
        "/webhooks/bounce/ses",
        "/webhooks/bounce/sendgrid",
        "/webhooks/bounce/postmark",
        "/webhooks/line",
    ],
)
def test_who_is_not_set_up_has_no_door(bare: House, path: str) -> None:
    assert bare.browser().post(path, data=b"{}").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/webhooks/bounce", 400),
        ("/webhooks/bounce/ses", 400),
        ("/webhooks/bounce/sendgrid", 400),
        ("/webhooks/bounce/postmark", 401),
        ("/webhooks/line", 400),
    ],
)
def test_without_a_signature_nothing_is_heard(door: Hooked, path: str, status: int) -> None:
    assert door.post(path, b'{"events": []}').status_code == status
    assert door.post(path, b"").status_code == status
    assert door.house.browser().get(path).status_code in (404, 405)
    assert door.waiting() == 0


@pytest.mark.parametrize(
    "body",
    [b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"{", b"", b"\xff",
     b'{"id": "\\ud800"}', b"[NaN]", "あ".encode("cp932")],
    ids=["lists", "objects", "cut", "empty", "latin", "surrogate", "nan", "sjis"],
)  # fmt: skip
def test_a_signed_body_that_is_no_json_or_too_deep_is_refused(door: Hooked, body: bytes) -> None:
    assert door.own(None, raw=body).status_code == 400
    assert door.line(raw=body).status_code == 400
    headers = signing.sendgrid(body)
    assert door.post("/webhooks/bounce/sendgrid", body, headers).status_code == 400
    assert door.post("/webhooks/bounce/ses", body).status_code == 400
    secret = {"Sodate-Secret": SETTINGS["postmark_secret"]}
    assert door.post("/webhooks/bounce/postmark", body, secret).status_code == 400


def test_a_body_over_a_megabyte_is_refused_and_one_below_it_is_read(door: Hooked) -> None:
    for path in ("/webhooks/bounce", "/webhooks/bounce/ses", "/webhooks/line"):
        assert door.post(path, b"x" * (LARGEST + 1)).status_code == 413
    told = [{"id": str(n), "kind": "opened", "recipient": "x"} for n in range(15_000)]
    assert len(json.dumps(told)) > 500_000
    assert door.own(told).status_code == 200
    assert door.tallied("own:unreadable") == 15_000


@PROVIDERS
def test_what_is_signed_and_unknown_is_answered_and_counted(door: Hooked, provider: str) -> None:
    answer = {
        "own": lambda: door.own([{"id": "1", "kind": "opened", "recipient": "x"}, 7, None]),
        "ses": lambda: door.ses({"notificationType": "Wish", "mail": {"messageId": "1"}}),
        "sendgrid": lambda: door.sendgrid(sendgrid_event("open"), "x", {"event": 7}),
        "postmark": lambda: door.postmark({"RecordType": "Open", "Email": "x"}),
    }[provider]()
    assert answer.status_code == 200
    outcome = {"own": "unreadable"}.get(provider, "unknown type")
    assert door.tallied(f"{provider}:{outcome}") >= 1
    assert door.waiting() == 0


@pytest.mark.parametrize("at", [-601, -600, 600, 10**9])
def test_a_signature_of_ten_minutes_ago_is_a_replay(door: Hooked, at: int) -> None:
    told = {"id": "1", "kind": "bounce", "recipient": "taro@example.jp"}
    assert door.own(told, at=at).status_code == 403
    assert door.own(told, at=-599).status_code == 200


def test_the_signature_is_over_the_bytes_and_not_over_what_they_mean(door: Hooked) -> None:
    told = {"id": "1", "kind": "bounce", "recipient": "taro@example.jp", "diagnostic": "届かない😀"}
    body = json.dumps(told, ensure_ascii=False).encode()
    again = json.dumps(json.loads(body)).encode()
    assert again != body
    stamp = int(door.house.clock.now.timestamp())
    headers = {own.SIGNATURE: own.sign(SECRET, stamp, again)}
    assert door.post("/webhooks/bounce", body, headers).status_code == 403
    assert door.post("/webhooks/bounce", again, headers).status_code == 200
    grid = signing.sendgrid(b"[" + again + b"]")
    assert door.post("/webhooks/bounce/sendgrid", b"[" + body + b"]", grid).status_code == 403


@pytest.mark.parametrize(
    "signature",
    ["", "t=,v1=", "t=x,v1=00", "t=²,v1=00", "v1=00", "t=1793581800", "t=1793581800,v1=é", "=,=,=",
     "t=99999999999999999999,v1=00", ","],
)  # fmt: skip
def test_a_signature_that_cannot_be_read_is_refused(door: Hooked, signature: str) -> None:
    answer = door.post("/webhooks/bounce", b"{}", {own.SIGNATURE: signature})
    assert answer.status_code in (400, 403)


@pytest.mark.parametrize("version", ["1", "2"])
def test_amazon_signs_in_either_version(door: Hooked, version: str) -> None:
    told = ses_bounce(door.first()[1], status="5.1.1")
    assert door.ses(told, version=version).status_code == 200
    assert door.fetched == [signing.CERTIFICATE]
    assert door.waiting() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"Message": "{}"},
        {"Timestamp": "2026-11-02T01:06:00.000Z"},
        {"Subject": "added"},
        {"Signature": "AAAA"},
        {"Signature": "no base64"},
        {"Signature": ""},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
        {"TopicArn": "arn:aws:sns:ap-northeast-1:999999999999:bounces"},
    ],
    ids=str,
)
def test_a_message_of_amazon_that_was_changed_is_refused(
    door: Hooked, changes: dict[str, str]
) -> None:
    told = ses_bounce(door.first()[1], status="5.1.1")
    assert door.amazon(signing.sns(told) | changes).status_code == 403
    assert door.waiting() == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.ap-northeast-1.amazonaws.com.evil.example/SimpleNotificationService-0123456789abcdef.pem",
        "https://evil.example/sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.ap-northeast-1.amazonaws.com@evil.example/SimpleNotificationService-0123456789abcdef.pem",
        "https://evil.example\\@sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.ap-northeast-1.amazonaws.com:8443/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.ap-northeast-1.amazonaws.com:99999/SimpleNotificationService-0123456789abcdef.pem",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.ap-northeast-1.amazonaws.com/../evil.pem",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:169.254.169.254]/SimpleNotificationService-0123456789abcdef.pem",
        "file:///etc/passwd",
        "",
        "https://[",
    ],
)
def test_a_certificate_is_asked_of_amazon_alone(door: Hooked, url: str) -> None:
    told = signing.sns(ses_bounce("<x@y.jp>"), SigningCertURL=url)
    assert door.amazon(told).status_code == 403
    assert door.fetched == []


def test_the_certificate_is_asked_for_once_and_its_absence_is_waited_out(door: Hooked) -> None:
    told = ses_bounce(door.first()[1], status="5.1.1")

    def away(_url: str) -> bytes:
        raise OSError("no route to host")

    get = door.house.app.extensions[FETCH]
    door.house.app.extensions[FETCH] = away
    assert door.ses(told).status_code == 503
    door.house.app.extensions[FETCH] = get
    assert [door.ses(told).status_code for _ in range(3)] == [200, 200, 200]
    assert door.fetched == [signing.CERTIFICATE]


@pytest.mark.parametrize("served", [b"", b"<html>", signing.certificate(NOW, days=1)])
def test_a_certificate_that_is_none_or_out_of_date_is_refused(door: Hooked, served: bytes) -> None:
    door.house.app.extensions[FETCH] = lambda _url: served
    assert door.ses(ses_bounce("<x@y.jp>")).status_code == 403


def test_a_subscription_to_our_topic_is_confirmed_at_amazon_whatever_the_message_says(
    door: Hooked,
) -> None:
    assert door.amazon(signing.subscription()).status_code == 200
    (certificate, confirmed) = door.fetched
    assert certificate == signing.CERTIFICATE
    assert confirmed.startswith("https://sns.ap-northeast-1.amazonaws.com/?Action=Confirm")
    assert "Token=2336412f37" in confirmed


@pytest.mark.parametrize(
    "told",
    [
        signing.subscription("arn:aws:sns:ap-northeast-1:999999999999:bounces"),
        signing.subscription(SubscribeURL="http://169.254.169.254/latest/"),
        signing.subscription(Token="another"),
        {**signing.subscription(), "Type": "Wish"},
    ],
    ids=["topic", "url", "token", "type"],
)
def test_no_other_subscription_is_confirmed(door: Hooked, told: dict[str, str]) -> None:
    assert door.amazon(told).status_code in (400, 403)
    assert [url for url in door.fetched if url != signing.CERTIFICATE] == []


def test_a_subscription_that_cannot_be_confirmed_now_is_asked_for_again(door: Hooked) -> None:
    get = door.house.app.extensions[FETCH]

    def half(url: str) -> bytes:
        if "Action" in url:
            raise OSError("timed out")
        found: bytes = get(url)
        return found

    door.house.app.extensions[FETCH] = half
    assert door.amazon(signing.subscription()).status_code == 503


def test_an_answer_while_out_of_office_is_no_bounce(door: Hooked) -> None:
    assert door.ses(ses_bounce(door.first()[1], "Transient")).status_code == 200
    assert door.tallied("ses:auto-reply") == 1
    assert door.waiting() == 0


def test_a_word_of_praise_is_no_complaint(door: Hooked) -> None:
    told = ses_bounce(door.first()[1])
    told["notificationType"] = "Complaint"
    told["complaint"] = {
        "complainedRecipients": [{"emailAddress": "taro@example.jp"}],
        "timestamp": AT,
        "feedbackId": "1",
        "complaintFeedbackType": "not-spam",
    }
    assert door.ses(told).status_code == 200
    assert door.tallied("ses:not spam") == 1


def test_the_greeting_of_ses_is_no_notice(door: Hooked) -> None:
    greeting = "Successfully validated SNS topic for Amazon SES event publishing."
    assert door.ses(greeting).status_code == 200
    assert door.tallied("ses:unreadable") == 1


def test_a_key_of_sendgrid_that_is_none_is_told_to_the_operator(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = make_door(tmp_path, sendgrid_key="bm8ga2V5")
    answer = house.browser().post(
        "/webhooks/bounce/sendgrid", data=b"[]", headers=signing.sendgrid(b"[]")
    )
    assert answer.status_code == 503
    assert "SODATE_SENDGRID_KEY" in caplog.text


@pytest.mark.parametrize(
    "header", ["Basic !!!", "Basic Og==", "Bearer x", "Basic c29kYXRlOndyb25n"]
)
def test_postmark_needs_the_password(door: Hooked, header: str) -> None:
    headers = {"Authorization": header}
    answer = door.post("/webhooks/bounce/postmark", b"{}", headers)
    assert answer.status_code in (401, 403)
    headers = {"Sodate-Secret": SETTINGS["postmark_secret"]}
    assert door.post("/webhooks/bounce/postmark", b"{}", headers).status_code == 200


def test_line_without_events_or_with_unknown_ones_is_answered(door: Hooked) -> None:
    assert door.line().status_code == 200
    odd = [
        {"type": "🎉", "mode": "active"},
        7,
        None,
        [],
        line_event("follow", 0, source={"type": "group"}),
    ]
    assert door.line(*odd, line_event("message", 0)).status_code == 200
    assert door.tallied("line:unknown type") == 5
    assert door.tallied("line:unreadable") == 1
    assert door.waiting() == 0


@pytest.mark.parametrize(
    ("signature", "status"), [(None, 400), ("", 400), ("AAAA", 403), ("é", 403), ("x" * 5000, 403)]
)
def test_line_needs_its_signature(door: Hooked, signature: str | None, status: int) -> None:
    headers = {} if signature is None else {"X-Line-Signature": signature}
    assert door.post("/webhooks/line", b'{"events": []}', headers).status_code == status
