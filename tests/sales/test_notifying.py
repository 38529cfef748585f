"""Chats are told of hand-offs: once, with no more than is allowed, and never in the mail's way."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from nurture_worker.handoffs import outgoing
from nurture_worker.handoffs.notifying import notify_due, words
from nurture_worker.handoffs.outgoing import is_public, only_public
from tests.conftest import House
from tests.sales.test_handoffs import a_hot_reader, selling, the_task, to_sales
from tracker.store.engine import reading
from tracker.store.tables import notifications
from tracker.words import DeliveryState

ONCE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


class Chat:
    """A webhook that keeps what it got and answers what it is told to."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.answer = 200
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                chat.told.append(json.loads(body))
                self.send_response(chat.answer)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/a-secret-path"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def chat() -> Iterator[Chat]:
    made = Chat()
    yield made
    made.server.shutdown()
    made.server.server_close()


def calls(house: House) -> list[tuple[str, int, str | None]]:
    with reading(house.tools.engine) as connection:
        rows = connection.execute(select(notifications)).all()
    return [(row.state, row.attempts, row.reason) for row in rows]


def test_a_chat_is_told_once_and_no_name(make_house: Callable[..., House], chat: Chat) -> None:
    house = selling(make_house, notify_urls=chat.url, notify_private=True)
    a_hot_reader(house)
    house.work()
    (told,) = chat.told
    whole = json.dumps(told, ensure_ascii=False)
    assert f"/desk/handoffs/{the_task(house).id}" in whole
    assert "金属加工の事例" in whole
    for secret in ("太郎", "ためし製作所", "taro@"):
        assert secret not in whole
    assert calls(house) == [("sent", 1, None)]
    with reading(house.tools.engine) as connection:
        assert "secret" not in str(connection.execute(select(notifications)).all())


@ONCE
def test_a_chat_that_fails_is_called_again_and_holds_up_no_mail(
    make_house: Callable[..., House], chat: Chat
) -> None:
    house = selling(make_house, notify_urls=chat.url, notify_private=True)
    chat.answer = 500
    a_hot_reader(house)
    assert len(to_sales(house)) == 1
    assert calls(house) == [("planned", 1, "相手が受け取りませんでした")]
    house.clock.advance(minutes=1)
    chat.answer = 200
    house.work()
    assert calls(house)[0][:2] == ("sent", 2)
    house.clock.advance(days=1)
    assert notify_due(house.tools) == 0


@ONCE
def test_a_chat_that_never_answers_is_given_up_after_twelve_hours(
    make_house: Callable[..., House], chat: Chat
) -> None:
    house = selling(make_house, notify_urls=chat.url, notify_private=True)
    chat.answer = 500
    a_hot_reader(house)
    for _hour in range(14):
        house.clock.advance(hours=1)
        notify_due(house.tools)
    assert calls(house)[0][0] == DeliveryState.FAILED
    assert 5 <= len(chat.told) <= 9


@ONCE
def test_an_address_of_our_own_network_is_not_called(
    make_house: Callable[..., House], chat: Chat
) -> None:
    house = selling(make_house, notify_urls=chat.url)
    a_hot_reader(house)
    assert chat.told == []
    ((state, _, reason),) = calls(house)
    assert state == "failed"
    assert "SODATE_NOTIFY_PRIVATE" in (reason or "")
    assert len(to_sales(house)) == 1


@ONCE
def test_an_address_that_is_none_is_told_and_not_tried_again(
    make_house: Callable[..., House],
) -> None:
    house = selling(make_house, notify_urls="nonsense://")
    a_hot_reader(house)
    ((state, attempts, reason),) = calls(house)
    assert (state, attempts) == ("failed", 1)
    assert "SODATE_NOTIFY_URLS" in (reason or "")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1"),
        *("::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    ],
)
def test_an_address_that_is_not_of_the_open_internet_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_of_the_open_internet_is_known(address: str) -> None:
    assert is_public(address)


def test_a_name_that_turns_private_for_the_connection_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is asked is the very answer that would be connected to, each time."""
    answers = iter(["93.184.216.34", "127.0.0.1"])

    def resolve(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(outgoing, "_resolve", resolve)
    with only_public() as refused:
        assert socket.getaddrinfo("rebind.example.com", 443)
        with pytest.raises(OSError, match="社内のアドレス"):
            socket.create_connection(("rebind.example.com", 443))
    assert refused == ["rebind.example.com"]


def test_outside_of_it_nothing_is_refused() -> None:
    assert socket.getaddrinfo("127.0.0.1", 25)


@pytest.mark.parametrize(
    ("tells", "body"),
    [
        ("link", "URL"),
        ("reasons", "段階：信頼　点数：52点\n・理由。\nURL"),
        ("person", "見本製作所 山田 様\n段階：信頼　点数：52点\n・理由。\nURL"),
    ],
)
def test_a_chat_is_told_what_the_setting_says(tells: Any, body: str) -> None:
    told = words(
        tells, who="見本製作所 山田", stage="信頼", score=52.4, reasons=["理由。"], url="URL"
    )
    assert told == ("営業に引き渡す読者がいます", body)
