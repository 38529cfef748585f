"""A reader who takes their steps in LINE: linked by mail and by LINE's own way, pushed to once,
mailed where LINE cannot."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from tests.channels.line_server import BLOCKED, MONTHLY, RATE, TOKEN, LineServer
from tests.conftest import House
from tests.content import catalogue, steps
from tests.walking import become_a_reader, path_in
from tests.webhooks.conftest import BOT, LINE, SETTINGS, Hooked
from tests.webhooks.telling import line_event
from tracker.catalogue.scenarios import Scenario
from tracker.store import dossier, line_users
from tracker.store.engine import reading, writing
from tracker.store.tables import deliveries as mails
from tracker.words import Channel, DeliveryState, MailKind, Stage

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

USER = "U" + "1" * 32


@pytest.fixture
def api() -> Iterator[LineServer]:
    server = LineServer()
    yield server
    server.stop()


@dataclass
class Linkable(Hooked):
    """A house with a channel of LINE, whose steps go out there."""

    api: LineServer = None  # type: ignore[assignment]

    def follow(self, seconds: float = 0) -> None:
        told = line_event("follow", seconds, replyToken="r" * 32)
        told["timestamp"] = int(self.house.clock.now.timestamp() * 1000)
        assert self.line(told).status_code == 200
        self.house.work()

    def ask(self, address: str = "taro@example.jp") -> None:
        """Open the link that came in LINE, and type an address."""
        (link,) = re.findall(r"http://localhost(/line\?\S+)", self.api.replies[-1][1])
        browser = self.house.browser()
        assert "ご登録のメールアドレス" in browser.get(link).text
        token = parse_qs(urlsplit(link).query)["linkToken"][0]
        told = {"linkToken": token, "email": address}
        assert browser.post("/line", data=told).location == "/line/sent"
        self.house.work()

    def press(self) -> str:
        """Open the mail's link, press the button; the nonce that goes to LINE."""
        path = path_in(self.house.postbox.mails[-1], "line")
        browser = self.house.browser()
        assert "LINEとつなぐ" in browser.get(path).text
        answer = browser.post(path, data={"do": "link"})
        assert answer.status_code == 303
        at = urlsplit(answer.location)
        assert (at.netloc, at.path) == ("access.line.me", "/dialog/bot/accountLink")
        told = parse_qs(at.query)
        assert told["linkToken"] == ["L" * 32]
        return told["nonce"][0]

    def linked(self, nonce: str, event_id: str = "link", user: str = USER) -> None:
        told = line_event("accountLink", 0, event_id, link={"result": "ok", "nonce": nonce})
        told["timestamp"] = int(self.house.clock.now.timestamp() * 1000)
        told["source"] = {"type": "user", "userId": user}
        assert self.line(told).status_code == 200
        self.house.work()

    def join(self) -> None:
        """A reader with a linked account, the day before their first step."""
        become_a_reader(self.house)
        self.follow()
        self.ask()
        self.linked(self.press())

    def steps(self) -> list[tuple[str, str, str | None]]:
        """(state, channel, reason) of each step that was tried."""
        with reading(self.house.tools.engine) as connection:
            rows = connection.execute(
                select(mails.c.state, mails.c.channel, mails.c.reason)
                .where(mails.c.kind == MailKind.STEP, mails.c.attempts > 0)
                .order_by(mails.c.due_at)
            )
            return [tuple(row) for row in rows]

    def next_day(self, days: int = 1) -> None:
        self.house.clock.advance(days=days)
        self.house.work()

    def later(self, minutes: int) -> None:
        self.house.clock.advance(minutes=minutes)
        self.house.work()

    def step_mails(self) -> int:
        return sum("日目のお便り" in str(mail["Subject"]) for mail in self.house.postbox.mails)


@pytest.fixture
def linkable(make_house: Callable[..., House], api: LineServer) -> Linkable:
    house = make_house(**SETTINGS, line_token=TOKEN, line_api=api.url, line_basic_id="@sodate")
    in_line = tuple(
        Scenario(
            id=stage,
            stage=stage,
            steps=tuple(step.model_copy(update={"channel": Channel.LINE}) for step in steps(stage)),
        )
        for stage in Stage
    )
    catalogue(scenarios=in_line).write(house.tools.settings.catalogue_path)
    return Linkable(house, [], api=api)


def test_a_reader_links_by_their_mail_and_by_lines_own_word(linkable: Linkable) -> None:
    linkable.join()
    linkable.next_day()
    ((to, texts),) = linkable.api.pushes
    assert to == USER
    assert "補足の記事" in texts[0]
    assert "/c/" in texts[0]
    assert "/unsubscribe/" in texts[-1]
    assert linkable.steps() == [("sent", "line", None)]
    assert linkable.step_mails() == 0


def test_a_get_links_nobody_and_a_nonce_of_anybodys_neither(linkable: Linkable) -> None:
    become_a_reader(linkable.house)
    linkable.follow()
    linkable.ask()
    path = path_in(linkable.house.postbox.mails[-1], "line")
    linkable.house.browser().get(path)
    linkable.linked("made-up" * 5)
    assert linkable.tallied("line:no link of ours") == 1
    with reading(linkable.house.tools.engine) as connection:
        reader = dossier.find(connection, "taro@example.jp")
        assert not line_users.is_linked(connection, reader or "")


def test_an_address_nobody_confirmed_brings_no_mail_and_makes_no_reader(linkable: Linkable) -> None:
    linkable.follow()
    linkable.ask("nobody@example.jp")
    assert linkable.house.postbox.mails == []
    with reading(linkable.house.tools.engine) as connection:
        assert dossier.find(connection, "nobody@example.jp") is None


def test_lines_token_is_good_for_ten_minutes(linkable: Linkable) -> None:
    become_a_reader(linkable.house)
    linkable.follow()
    before = len(linkable.house.postbox.mails)
    linkable.house.browser().post("/line", data={"linkToken": "L" * 32, "email": "taro@example.jp"})
    linkable.house.fold()
    from nurture_worker.readers.digest import digest

    digest(linkable.house.tools)
    linkable.later(minutes=11)
    assert len(linkable.house.postbox.mails) == before


def test_unlinked_the_steps_come_by_mail_again(linkable: Linkable) -> None:
    linkable.join()
    path = path_in(linkable.house.postbox.mails[-1], "line")
    browser = linkable.house.browser()
    assert "メールに戻す" in browser.get(path).text
    assert "外しました" in browser.post(path, data={"do": "unlink"}).text
    linkable.house.work()
    linkable.next_day()
    assert linkable.steps() == [("sent", "mail", None)]
    assert linkable.step_mails() == 1
    assert linkable.api.pushes == []


def test_who_leaves_the_firm_in_line_gets_mails(linkable: Linkable) -> None:
    linkable.join()
    told = line_event("unfollow", 0)
    told["timestamp"] = int(linkable.house.clock.now.timestamp() * 1000) + 1
    linkable.house.clock.advance(seconds=5)
    linkable.line(told)
    linkable.next_day()
    assert linkable.steps() == [("sent", "mail", None)]


def test_who_unsubscribes_gets_neither(linkable: Linkable) -> None:
    linkable.join()
    linkable.next_day()
    link = re.findall(r"http://localhost(/unsubscribe/\S+)", linkable.api.pushes[0][1][-1])[0]
    assert "停止しました" in linkable.house.browser().post(link, data={"stop": "yes"}).text
    linkable.house.work()
    linkable.next_day(5)
    assert len(linkable.api.pushes) == 1
    assert linkable.step_mails() == 0


@pytest.mark.parametrize("answer", [(400, BLOCKED), (429, MONTHLY), (401, "")])
def test_what_line_refuses_goes_by_mail_in_the_same_breath(
    linkable: Linkable, answer: tuple[int, str]
) -> None:
    linkable.join()
    linkable.api.answers = [answer]
    linkable.next_day()
    assert linkable.steps() == [("sent", "mail", None)]
    assert linkable.step_mails() == 1
    assert linkable.api.pushes == []


def test_a_spent_quota_pauses_line_until_next_month_and_no_mail_is_lost(
    linkable: Linkable,
) -> None:
    linkable.join()  # on the 2nd of November
    linkable.api.answers = [(429, MONTHLY)]
    linkable.next_day()
    linkable.next_day(2)
    assert len(linkable.api.keys) == 1
    assert [channel for _, channel, _ in linkable.steps()] == ["mail", "mail"]
    linkable.next_day(27)
    assert linkable.steps()[-1] == ("sent", "line", None)


def test_a_quota_that_line_tells_is_spent_is_not_tried(linkable: Linkable) -> None:
    linkable.join()
    linkable.api.quota, linkable.api.used = 200, 200
    linkable.next_day()
    assert linkable.api.keys == []
    assert linkable.step_mails() == 1


def test_a_rate_only_slows_down(linkable: Linkable) -> None:
    linkable.join()
    linkable.api.answers = [(429, RATE)]
    linkable.next_day()
    assert linkable.api.pushes == []
    linkable.later(minutes=2)
    assert len(linkable.api.pushes) == 1
    assert linkable.step_mails() == 0


@pytest.mark.parametrize("answer", ["taken, then silent", "silent", (500, "")])
def test_a_push_without_an_answer_is_made_again_under_its_key(
    linkable: Linkable, answer: tuple[int, str] | str
) -> None:
    linkable.join()
    linkable.api.answers = [answer]
    linkable.next_day()
    linkable.later(minutes=2)
    assert len(linkable.api.keys) == 2
    assert len(set(linkable.api.keys)) == 1
    assert len(linkable.api.pushes) == 1
    assert linkable.steps() == [("sent", "line", None)]
    assert linkable.step_mails() == 0


def test_a_push_that_nobody_knows_of_for_a_day_is_uncertain_and_not_mailed(
    linkable: Linkable,
) -> None:
    linkable.join()
    linkable.api.answers = ["silent"] * 20
    linkable.next_day()
    for _ in range(30):
        linkable.later(minutes=60)
    assert linkable.steps() == [("uncertain", "line", "LINE: no answer (ProtocolError)")]
    assert linkable.step_mails() == 0
    assert len(set(linkable.api.keys)) == 1


def test_a_worker_lost_during_a_push_makes_it_again_under_its_key(linkable: Linkable) -> None:
    linkable.join()
    linkable.house.clock.advance(days=1)
    real = line_users.reachable
    from nurture_worker.sending import line as line_sending

    class KilledError(BaseException):
        pass

    def die(*_: object) -> None:
        raise KilledError

    pushed = line_sending.InLine._taken
    line_sending.InLine._taken = die  # type: ignore[method-assign, assignment]
    try:
        with pytest.raises(KilledError):
            linkable.house.work()
    finally:
        line_sending.InLine._taken = pushed  # type: ignore[method-assign]
    assert real is line_users.reachable
    assert linkable.steps()[0][0] == DeliveryState.SENDING
    linkable.later(minutes=6)
    linkable.later(minutes=1)
    assert len(linkable.api.keys) == 2
    assert len(linkable.api.pushes) == 1
    assert linkable.steps() == [("sent", "line", None)]


def test_lines_words_twice_and_out_of_order_leave_the_same_link(linkable: Linkable) -> None:
    become_a_reader(linkable.house)
    linkable.follow()
    linkable.ask()
    nonce = linkable.press()
    for _ in range(2):
        linkable.linked(nonce)
    linkable.follow(-3600)
    with reading(linkable.house.tools.engine) as connection:
        reader = dossier.find(connection, "taro@example.jp") or ""
        assert line_users.reachable(connection, reader) == USER


def test_a_readers_line_account_is_exported_and_erased(linkable: Linkable) -> None:
    linkable.join()
    engine = linkable.house.tools.engine
    with reading(engine) as connection:
        reader = dossier.find(connection, "taro@example.jp") or ""
        told = dossier.export(connection, reader)
    assert told["line_users"][0]["user_id"] == USER
    assert len(told["line_links"]) == 1
    with writing(engine) as connection:
        dossier.erase(connection, reader, linkable.house.clock.now + timedelta(hours=1))
    left = json.dumps(
        [str(linkable.rows(f"SELECT * FROM {table}")) for table in ("line_users", "line_links")]
    )
    assert USER not in left
    assert (SETTINGS["line_bot_id"], SETTINGS["line_channel_secret"]) == (BOT, LINE)
