"""LINE's Messaging API: pushes, answers, link tokens and the month's quota."""

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum, auto
from functools import cached_property
from typing import Any

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30
_TOKYO = timezone(timedelta(hours=9))
_MONTHLY = "monthly limit"


class Said(Enum):
    """What LINE's answer to a push means for the message."""

    TAKEN = auto()
    REFUSED = auto()
    """Never for this user: it goes by mail."""
    SPENT = auto()
    """The month's quota is used up."""
    SLOWER = auto()
    DOUBT = auto()
    """No answer, or none that says whether it was taken."""
    SHUT = auto()
    """Our token is not good: nothing goes out in LINE."""


@dataclass(frozen=True)
class Answer:
    said: Said
    status: int
    reason: str


def judge(status: int, body: str) -> Said:
    """What LINE's answer to a push means. A conflict (409) says that a push under that key was
    taken before. A 429 is either the rate or the month: only its words tell."""
    if 200 <= status < 300 or status == 409:
        return Said.TAKEN
    if status == 429:
        return Said.SPENT if _MONTHLY in body.lower() else Said.SLOWER
    if status in (401, 403):
        return Said.SHUT
    return Said.REFUSED if 400 <= status < 500 else Said.DOUBT


def next_month(now: datetime) -> datetime:
    """When LINE counts anew: at the first midnight of a month in Tokyo (UTC)."""
    local = now.astimezone(_TOKYO)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    month = (first + timedelta(days=32)).replace(day=1)
    return month.astimezone(now.tzinfo)


class LineApi:
    """The API at ``url`` for the channel of ``token``. Nothing is connected before it is asked."""

    def __init__(self, token: str, url: str) -> None:
        self._token = token
        self._url = url

    def push(self, user_id: str, texts: list[str], key: str) -> Answer:
        """Push ``texts`` to a user, once for each ``key``, a UUID."""
        m = self._sdk
        request = m.PushMessageRequest(
            to=user_id, messages=[m.TextMessage(text=text) for text in texts]
        )
        return self._asked(
            lambda: self._api.push_message(
                request, x_line_retry_key=key, _request_timeout=TIMEOUT_SECONDS
            )
        )

    def reply(self, reply_token: str, text: str) -> Answer:
        """Answer who wrote, which costs nothing of the quota; a token is good for once."""
        m = self._sdk
        request = m.ReplyMessageRequest(
            reply_token=reply_token, messages=[m.TextMessage(text=text)]
        )
        return self._asked(
            lambda: self._api.reply_message(request, _request_timeout=TIMEOUT_SECONDS)
        )

    def link_token(self, user_id: str) -> str | None:
        """A token for linking a user's account, good for ten minutes and once."""
        found: list[str] = []

        def ask() -> None:
            answer = self._api.issue_link_token(user_id, _request_timeout=TIMEOUT_SECONDS)
            found.append(str(answer.link_token))

        self._asked(ask)
        return found[0] if found else None

    def left(self) -> int | None:
        """How many messages may still be pushed this month; ``None`` where it is not limited, or
        cannot be told."""
        found: list[int] = []

        def ask() -> None:
            quota = self._api.get_message_quota(_request_timeout=TIMEOUT_SECONDS)
            if quota.value is not None:
                used = self._api.get_message_quota_consumption(_request_timeout=TIMEOUT_SECONDS)
                found.append(max(0, int(quota.value) - int(used.total_usage)))

        self._asked(ask)
        return found[0] if found else None

    @cached_property
    def _sdk(self) -> Any:
        # Here, for the SDK is large: a house without LINE never loads it.
        from linebot.v3 import messaging  # type: ignore[import-untyped]

        return messaging

    @cached_property
    def _api(self) -> Any:
        configuration = self._sdk.Configuration(access_token=self._token, host=self._url)
        configuration.retries = False  # trying again is the ledger's, under the key
        return self._sdk.MessagingApi(self._sdk.ApiClient(configuration))

    def _asked(self, call: Any) -> Answer:
        from linebot.v3.messaging.exceptions import ApiException  # type: ignore[import-untyped]
        from urllib3.exceptions import HTTPError

        try:
            call()
        except ApiException as error:
            status = int(error.status or 0)
            body = error.body if isinstance(error.body, str) else str(error.body or "")
            return Answer(judge(status, body), status, f"LINE {status} {_words(body)}"[:300])
        except (HTTPError, OSError, ValueError) as error:
            log.warning("line: no answer: %s", type(error).__name__)
            return Answer(Said.DOUBT, 0, f"LINE: no answer ({type(error).__name__})")
        return Answer(Said.TAKEN, 200, "")


def _words(body: str) -> str:
    try:
        return str(json.loads(body).get("message", ""))
    except (ValueError, AttributeError):
        return body[:100]
