"""What exactly did she get: the mail as it was sent, for who may see names, and what was sent at all."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.conftest import House
from tests.desk.conftest import Browser, words_of
from tests.newsletters.test_newsletters import AT, issue, publish, sign_up
from tests.walking import become_a_reader, the_reader
from tracker.store.engine import reading
from tracker.store.tables import deliveries
from tracker.words import DeliveryState, MailKind, Role

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def only(house: House, kind: MailKind) -> str:
    with reading(house.tools.engine) as connection:
        (found,) = connection.execute(
            select(deliveries.c.id).where(
                deliveries.c.kind == kind, deliveries.c.state == DeliveryState.SENT
            )
        ).scalars()
    return str(found)


def test_the_reader_page_leads_to_what_she_got(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    publish(house, issue())
    sign_up(house)
    house.clock.now = AT
    house.work()
    reader, delivery = the_reader(house), only(house, MailKind.NEWSLETTER)
    publish(house, issue(subject="あとで直した", body="あとで直した文\n"))
    marketer = browser_of(Role.MARKETER)
    path = f"/desk/readers/{reader.id}/mails/{delivery}"
    assert path in marketer.get(f"/desk/readers/{reader.id}").text
    page = marketer.get(path)
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    told = words_of(page.text)
    assert "山田 様" in told
    assert "終わりの2行" in told
    assert "site/newsletters/2026-11-04-lines.md" in told
    assert "あとで直した" not in told
    html = marketer.get(f"{path}/html")
    assert "sandbox" in html.headers["Content-Security-Policy"]
    assert "script-src" not in html.headers["Content-Security-Policy"]
    assert "山田 様" in html.text
    assert 'href="http://localhost/cases/metal/"' in html.text
    assert "/c/" not in html.text
    assert "/unsubscribe/" not in html.text
    viewer = browser_of(Role.VIEWER)
    assert viewer.get(path).status_code == 403
    assert path not in viewer.get(f"/desk/readers/{reader.id}").text


def test_a_letter_is_found_under_its_own_reader_only(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    delivery = only(house, MailKind.STEP)
    marketer = browser_of(Role.MARKETER)
    assert marketer.get(f"/desk/readers/{the_reader(house).id}/mails/{delivery}").status_code == 200
    for path in (
        f"/desk/readers/other/mails/{delivery}",
        f"/desk/readers/other/mails/{delivery}/html",
    ):
        assert marketer.get(path).status_code == 404


def test_what_was_ordered_is_kept_without_its_secrets(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    become_a_reader(house)
    path = f"/desk/readers/{the_reader(house).id}/mails/{only(house, MailKind.DELIVERY)}"
    marketer = browser_of(Role.MARKETER)
    page, html = marketer.get(path).text, marketer.get(f"{path}/html").text
    assert "【資料のお届け】はじめてのガイド" in words_of(page)
    assert "申し込みへの返信" in page
    for shown in (words_of(page), html):
        assert "山田 太郎 様" in shown
        assert "資料を受け取る" in shown
        assert "/confirm/" not in shown


def test_a_name_in_a_letter_stays_a_name(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    become_a_reader(house, name="<b onclick=x>")
    house.clock.advance(days=1)
    house.work()
    path = f"/desk/readers/{the_reader(house).id}/mails/{only(house, MailKind.STEP)}"
    marketer = browser_of(Role.MARKETER)
    assert "<b onclick" not in marketer.get(path).text + marketer.get(f"{path}/html").text


def test_the_issues_are_listed_with_what_came_of_them(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    publish(house, issue(), issue(id="next", send_at="2026-12-01T10:00", body="次の号\n"))
    sign_up(house)
    house.clock.now = AT
    house.work()
    publish(house, issue(id="next", send_at="2026-12-01T10:00", body="次の号\n"))
    page = words_of(browser_of(Role.VIEWER).get("/desk/mails").text)
    assert "月刊ためし" in page
    assert "これから" in page
    assert "ファイルはもうありません" in page


def test_the_ways_through_the_scenarios_are_drawn(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    page = browser_of(Role.VIEWER).get("/desk/mails").text
    assert page.count('<svg xmlns="http://www.w3.org/2000/svg"') == 4
    assert "interest 3日目のお便り" in words_of(page)
    assert "号がまだありません" in page
