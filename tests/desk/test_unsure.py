"""The mails of which nobody knows whether they arrived, at the desk."""

from collections.abc import Callable

import pytest

from tests.conftest import House
from tests.desk.conftest import Browser, words_of
from tests.sending.test_reconciling import unsure
from tests.walking import states
from tracker.store import audit
from tracker.store.engine import reading
from tracker.words import Act, DeliveryState, Role

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def test_a_marketer_settles_an_uncertain_mail_and_the_log_keeps_it(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    mail = unsure(house)
    browser = browser_of(Role.MARKETER)
    page = browser.get("/desk/unsure").text
    told = words_of(page)
    for words in ("山田 太郎", "申し込みへの返信", "届いていた", "送り直す", "送らない"):
        assert words in told
    at = f"/desk/unsure/{mail.id}"
    assert browser.post(at, "/desk/unsure", choice="guess").status_code == 400
    assert browser.post(at, "/desk/unsure", choice="arrived").status_code == 303
    assert states(house) == {DeliveryState.SENT: 1}
    assert "「送信済み」にしました" in browser.get("/desk/unsure").text
    assert "不明のメールはありません" in browser.get("/desk/unsure").text
    with reading(house.tools.engine) as connection:
        (entry,), _ = audit.entries(connection, act=Act.MAIL_DECIDED)
    assert entry.actor == "marketer@example.jp"
    assert entry.about == f"reader:{mail.reader_id}"
    assert entry.details == {"delivery": mail.id, "choice": "arrived"}


def test_a_mail_that_is_settled_meanwhile_is_not_settled_again(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    mail = unsure(house)
    browser = browser_of(Role.MARKETER)
    at = f"/desk/unsure/{mail.id}"
    token = browser.get("/desk/unsure").text.split('csrf_token" value="')[1].split('"')[0]
    for choice in ("never", "again"):
        browser.client.post(at, data={"csrf_token": token, "choice": choice})
    house.work()
    assert states(house) == {DeliveryState.CANCELLED: 1}
    assert "もう決まっています" in browser.get("/desk/unsure").text
    assert len(house.postbox.mails) == 1
