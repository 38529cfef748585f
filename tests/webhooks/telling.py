"""What each provider says of the first mail to Taro."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOW
from tests.webhooks.conftest import Hooked

AT = "2026-11-02T01:05:00.000Z"
PROVIDERS = pytest.mark.parametrize("provider", ["own", "ses", "sendgrid", "postmark"])


def ses_bounce(message_id: str, kind: str = "Permanent", **recipient: str) -> dict[str, Any]:
    return {
        "notificationType": "Bounce",
        "mail": {"messageId": "0106-amazon", "commonHeaders": {"messageId": message_id}},
        "bounce": {
            "bounceType": kind,
            "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": "taro@example.jp", **recipient}],
            "timestamp": AT,
            "feedbackId": "0106-feedback",
        },
    }


def sendgrid_event(event: str, **more: Any) -> dict[str, Any]:
    return {
        "event": event,
        "email": "taro@example.jp",
        "sg_event_id": f"id-of-{event}",
        "timestamp": (NOW + timedelta(minutes=5)).timestamp(),
        **more,
    }


def postmark_bounce(kind: str = "HardBounce", **more: Any) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "ID": 42,
        "Type": kind,
        "MessageID": "00000000-0000-0000-0000-000000000000",
        "Email": "taro@example.jp",
        "BouncedAt": AT,
        "Details": "550 5.1.1 user unknown",
        **more,
    }


def line_event(kind: str, seconds: float, event_id: str = "", **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "webhookEventId": event_id or f"01H{kind}{seconds}",
        "timestamp": int((NOW.timestamp() + seconds) * 1000),
        "source": {"type": "user", "userId": "U" + "1" * 32},
        "deliveryContext": {"isRedelivery": False},
        **more,
    }


def tell(hooked: Hooked, provider: str, what: str) -> int:
    """One provider's ``bounce``, ``complaint`` or ``delivered`` for the first mail."""
    its_id, message_id = hooked.first()
    match provider, what:
        case "own", _:
            told = {"id": "1", "kind": what, "recipient": "taro@example.jp", "at": AT,
                    "message_id": message_id, "status": "5.1.1"}  # fmt: skip
            return hooked.own(told).status_code
        case "ses", "bounce":
            return hooked.ses(ses_bounce(message_id, status="5.1.1")).status_code
        case "ses", "complaint":
            told = ses_bounce(message_id)
            told["notificationType"] = "Complaint"
            told["complaint"] = {
                "complainedRecipients": [{"emailAddress": "taro@example.jp"}],
                "timestamp": AT,
                "feedbackId": "0106-c",
            }
            return hooked.ses(told).status_code
        case "ses", "delivered":
            told = ses_bounce(message_id)
            del told["notificationType"]
            told["eventType"] = "Delivery"
            told["delivery"] = {"recipients": ["taro@example.jp"], "timestamp": AT}
            return hooked.ses(told).status_code
        case "sendgrid", _:
            event = {"complaint": "spamreport"}.get(what, what)
            more = {"smtp-id": message_id, "status": "5.1.1", "type": "bounce"}
            return hooked.sendgrid(sendgrid_event(event, **more)).status_code
        case "postmark", "bounce":
            return hooked.postmark(postmark_bounce(Metadata={"delivery": its_id})).status_code
        case "postmark", "complaint":
            told = {**postmark_bounce("SpamComplaint"), "RecordType": "SpamComplaint"}
            return hooked.postmark(told).status_code
        case "postmark", "delivered":
            told = {"RecordType": "Delivery", "Recipient": "taro@example.jp", "MessageID": "x",
                    "DeliveredAt": AT, "Metadata": {"delivery": its_id}}  # fmt: skip
            return hooked.postmark(told).status_code
    raise AssertionError(provider, what)
