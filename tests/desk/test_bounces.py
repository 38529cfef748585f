"""What came back, as the desk tells it."""

from datetime import timedelta

import pytest

from tests import content
from tests.conftest import NOW, House
from tests.desk.conftest import Browser, words_of
from tests.walking import become_a_reader, the_reader
from tracker.bounces import Notice
from tracker.desk.timeline import moments
from tracker.events import Event
from tracker.notices import entry_of
from tracker.store import histories
from tracker.store.engine import reading
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

SAID = "550 5.1.1 <script>alert(1)</script> <taro@example.jp> user unknown"


def bounced(house: House, status: str = "5.1.1", said: str = SAID) -> None:
    """The reader's first mail comes back."""
    with reading(house.tools.engine) as connection:
        first = histories.mails_of(connection, the_reader(house).id)[0].id
    house.clock.advance(hours=1)
    notice = Notice(
        id=f"test:{status}",
        source="own",
        kind=EventKind.MAIL_BOUNCE,
        at=house.clock.now,
        recipient="taro@example.jp",
        delivery_id=first,
        status=status,
        diagnostic=said,
    )
    house.context.journal.append([entry_of(notice)])
    house.work()


def test_the_time_line_says_what_came_back_and_why_and_runs_no_script(
    house: House, browser: Browser
) -> None:
    become_a_reader(house)
    bounced(house)
    page = browser.get(f"/desk/readers/{the_reader(house).id}").text
    told = words_of(page)
    assert "が届きませんでした（宛先がありません）" in told
    assert "配信できない" in told
    assert "メールの届かないアドレス" in told
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "taro@example.jp user unknown" not in page


def test_a_mail_that_came_back_later_had_been_sent(house: House) -> None:
    become_a_reader(house)
    bounced(house)
    with reading(house.tools.engine) as connection:
        mails = histories.mails_of(connection, the_reader(house).id)
    event = Event(1, "b", NOW + timedelta(hours=1), EventKind.MAIL_BOUNCE, delivery_id=mails[0].id,
                  data={"source": "dsn", "reason": "full", "diagnostic": "552 full"})  # fmt: skip
    returned, sent = moments(content.catalogue(), [event], [], [], mails[:1], {})
    assert returned.text.endswith("のお届けメールが届きませんでした（受信箱がいっぱいです）")
    assert returned.details == ["552 full"]
    assert sent.text.endswith("のお届けメールを送った")


def test_a_domain_that_refuses_by_policy_is_shown_on_the_first_page(
    house: House, browser: Browser
) -> None:
    become_a_reader(house)
    assert "方針で断っている" not in browser.get("/desk/").text
    bounced(house, "5.7.1", "550 5.7.1 <b>blocked</b>")
    page = browser.get("/desk/").text
    assert "メールを方針で断っているドメインがあります" in page
    assert "example.jp" in page
    assert "&lt;b&gt;blocked" in page
    assert "配信できない" not in browser.get(f"/desk/readers/{the_reader(house).id}").text
    house.clock.advance(days=8)
    assert "方針で断っている" not in browser.get("/desk/").text
