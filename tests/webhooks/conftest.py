"""A house that every provider is set up in, whose reader has got one mail and awaits the next."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from tests import content
from tests.conftest import NOW, Clock, House
from tests.walking import become_a_reader
from tests.webhooks import signing
from tracker.doors.webhooks import FETCH, own
from tracker.settings import Settings
from tracker.store import suppressions
from tracker.store.engine import reading

SECRET = "a-secret-of-the-own-hook"
POSTMARK = "a-password-for-postmark"
LINE = "a-channel-secret-of-line"
BOT = "U" + "b" * 32
SETTINGS: dict[str, Any] = {
    "bounce_secret": SECRET,
    "sns_topics": f"arn:aws:sns:eu-west-1:123456789012:another, {signing.TOPIC}",
    "postmark_secret": POSTMARK,
    "line_channel_secret": LINE,
    "line_bot_id": BOT,
    "bounce_domain": "bounce.example.jp",
}


@dataclass
class Hooked:
    """A house, and how each provider speaks to it."""

    house: House
    fetched: list[str]
    has_store: bool = True
    counted: dict[str, int] = field(default_factory=dict)

    def post(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> TestResponse:
        return self.house.browser().post(
            path, data=body, headers=headers or {}, content_type="application/json"
        )

    def own(self, told: Any, *, at: float = 0, raw: bytes | None = None) -> TestResponse:
        """Our own hook, signed ``at`` seconds from now."""
        body = json.dumps(told).encode() if raw is None else raw
        stamp = int(self.house.clock.now.timestamp() + at)
        return self.post("/webhooks/bounce", body, {own.SIGNATURE: own.sign(SECRET, stamp, body)})

    def ses(self, message: Any, **more: str) -> TestResponse:
        return self.amazon(signing.sns(message, **more))

    def amazon(self, told: dict[str, str]) -> TestResponse:
        return self.house.browser().post(
            "/webhooks/bounce/ses", data=json.dumps(told), content_type="text/plain"
        )

    def sendgrid(self, *told: Any) -> TestResponse:
        body = json.dumps(list(told)).encode()
        return self.post("/webhooks/bounce/sendgrid", body, signing.sendgrid(body))

    def postmark(self, told: Any) -> TestResponse:
        password = base64.b64encode(f"sodate:{POSTMARK}".encode()).decode()
        headers = {"Authorization": f"Basic {password}"}
        return self.post("/webhooks/bounce/postmark", json.dumps(told).encode(), headers)

    def line(self, *events: Any, raw: bytes | None = None, bot: str = BOT) -> TestResponse:
        body = json.dumps({"destination": bot, "events": events}).encode() if raw is None else raw
        mac = hmac.new(LINE.encode(), body, hashlib.sha256).digest()
        headers = {"X-Line-Signature": base64.b64encode(mac).decode()}
        return self.post("/webhooks/line", body, headers)

    def first(self) -> tuple[str, str]:
        """The id and the Message-ID of the first mail."""
        if not self.has_store:
            return "delivery-001", "<s.first@example.jp>"
        found = self.ledger()[0]
        return found.id, found.message_id

    def waiting(self) -> int:
        """How many facts were accepted and wait for the fold."""
        return self.house.context.journal.depth()

    def follows(self) -> list[bool]:
        """What is known, after the fold, of each user of LINE."""
        self.house.fold()
        return [bool(row.follows) for row in self.rows("SELECT follows FROM line_users")]

    def rows(self, query: str) -> list[Any]:
        with reading(self.house.tools.engine) as connection:
            return list(connection.execute(text(query)))

    def ledger(self) -> list[Any]:
        """(id, message_id, state, reason) of each mail, the first due first."""
        return self.rows("SELECT id, message_id, state, reason FROM deliveries ORDER BY due_at, id")

    def ignored(self) -> dict[tuple[str, str], int]:
        with reading(self.house.tools.engine) as connection:
            return suppressions.counts(connection)

    def tallied(self, name: str) -> int:
        """How often a part of a webhook came to nothing since the test began."""
        name = f"notices:{name}"
        return self.house.context.tallies.all().get(name, 0) - self.counted.get(name, 0)


def make_door(folder: Path, **settings: Any) -> House:
    """A tracker without a store or a worker."""
    from tracker.app import create_app

    clock = Clock()
    told = {
        "data": folder,
        "root": folder,
        "base_url": "http://localhost",
        "secret_keys": "a-key-for-tests-only",
        "redis_url": "unix:///nowhere.sock",
        **settings,
    }
    values = Settings.model_validate(told)
    content.catalogue().write(values.catalogue_path)
    return House(create_app(values, clock), None, clock, None)  # type: ignore[arg-type]


def _with_amazon(house: House, **more: Any) -> Hooked:
    fetched: list[str] = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return signing.certificate(NOW)

    house.app.extensions[FETCH] = fetch
    return Hooked(house, fetched, **more)


@pytest.fixture(scope="module")
def open_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("door")
    house = make_door(folder, **SETTINGS, sendgrid_key=signing.sendgrid_public())
    yield house
    house.context.journal.close()
    house.context.tallies.close()


@pytest.fixture
def door(open_door: House) -> Hooked:
    """The doors alone, as if nothing had been heard yet."""
    here = open_door.context
    here.journal.forget(2**62)
    open_door.clock.now = NOW + timedelta(minutes=10)
    return _with_amazon(open_door, has_store=False, counted=here.tallies.all())


@pytest.fixture
def hooked(make_house: Callable[..., House]) -> Hooked:
    return _with_amazon(make_house(**SETTINGS, sendgrid_key=signing.sendgrid_public()))


@pytest.fixture
def mailed(hooked: Hooked) -> Hooked:
    """… and it is ten minutes later."""
    become_a_reader(hooked.house)
    hooked.house.clock.advance(minutes=10)
    return hooked
