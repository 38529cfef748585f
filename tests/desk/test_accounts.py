"""Accounts at the desk: invited, changed and taken away; one's own password and sessions."""

import re
import threading
from collections.abc import Callable
from html import unescape

import pytest
from sqlalchemy import select

from tests.conftest import House
from tests.desk.conftest import EMAIL, PASSWORD, Browser, make_account, token_in, words_of
from tracker.desk import attempts
from tracker.store import accounts, sessions, tables
from tracker.store.accounts import AccountError
from tracker.store.engine import reading, writing
from tracker.words import Role

NEW = "another-long-password"
only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def send(browser: Browser, path: str, **fields: str) -> str:
    """Send a button of the accounts page; what it says, in words."""
    token = token_in(browser.get("/desk/accounts").text)
    answer = browser.client.post(path, data={"csrf_token": token, **fields})
    if answer.status_code == 303:
        assert answer.location == "/desk/accounts"
        answer = browser.get(answer.location)
    return words_of(answer.text)


def link_in(page: str) -> str:
    found = re.search(r"http://localhost(/desk/join/[\w-]+)", unescape(page))
    assert found, page
    return found[1]


def invited(browser: Browser, **fields: str) -> str:
    answer = browser.post("/desk/accounts/invitations", seen="/desk/accounts", **fields)
    assert answer.status_code == 200
    return link_in(answer.text)


def id_of(house: House, email: str) -> str:
    with reading(house.context.engine) as connection:
        found = accounts.by_email(connection, email)
    assert found
    return found.id


@only_sqlite
def test_an_invitation_is_shown_once_and_makes_an_account_of_its_role(
    house: House, browser: Browser, stranger: Browser
) -> None:
    link = invited(browser, role="viewer", email="")
    assert "/desk/join/" not in browser.get("/desk/accounts").text
    assert "アドレスを決めない招待" in browser.get("/desk/accounts").text
    joined = stranger.post(link, email="jiro@example.jp", password=PASSWORD, again=PASSWORD)
    assert joined.status_code == 303
    assert "閲覧者" in stranger.get("/desk/account").text
    assert "アドレスを決めない招待" not in browser.get("/desk/accounts").text


@only_sqlite
def test_an_invitation_to_an_address_is_good_for_no_other(
    house: House, browser: Browser, stranger: Browser
) -> None:
    link = invited(browser, role="marketer", email="Jiro@Example.jp")
    assert 'value="jiro@example.jp" readonly' in stranger.get(link).text
    stranger.post(link, email="mallory@example.jp", password=PASSWORD, again=PASSWORD)
    with reading(house.context.engine) as connection:
        assert sorted(accounts.addresses(connection)) == [EMAIL, "jiro@example.jp"]


@only_sqlite
def test_an_invitation_withdrawn_is_worth_nothing(browser: Browser, stranger: Browser) -> None:
    link = invited(browser, role="admin", email="jiro@example.jp")
    page = browser.get("/desk/accounts").text
    found = re.search(r'name="invitation" value="(\w+)"', page)
    assert found
    path = "/desk/accounts/invitations/withdraw"
    assert "招待を取り消しました" in send(browser, path, invitation=found[1])
    assert stranger.get(link).status_code == 410


@only_sqlite
@pytest.mark.parametrize(
    ("email", "told"), [("nonsense", "@"), (EMAIL, "もうあります"), ("a@b@c", "@")]
)
def test_an_invitation_that_cannot_be_made_says_why(
    browser: Browser, email: str, told: str
) -> None:
    answer = browser.post(
        "/desk/accounts/invitations", seen="/desk/accounts", email=email, role="viewer"
    )
    assert answer.status_code == 422
    assert told in answer.text
    assert "ありません。" in answer.text, "no invitation was made"


@only_sqlite
@pytest.mark.parametrize("role", ["", "root", "ADMIN", "viewer;drop"])
def test_a_role_that_does_not_exist_is_refused(
    house: House, browser: Browser, browser_of: Callable[[Role], Browser], role: str
) -> None:
    browser_of(Role.VIEWER)
    own = id_of(house, "viewer@example.jp")
    for path in ("/desk/accounts/invitations", f"/desk/accounts/{own}/role"):
        assert browser.post(path, seen="/desk/accounts", role=role).status_code == 400


@only_sqlite
def test_the_last_admin_can_neither_be_put_down_nor_removed(
    house: House, browser: Browser, browser_of: Callable[[Role], Browser]
) -> None:
    browser_of(Role.VIEWER)
    own = id_of(house, EMAIL)
    told = "最後の管理者は外せません"
    assert told in send(browser, f"/desk/accounts/{own}/role", role="viewer")
    assert told in send(browser, f"/desk/accounts/{own}/remove")
    other = id_of(house, "viewer@example.jp")
    assert "「管理者」にしました" in send(browser, f"/desk/accounts/{other}/role", role="admin")
    token = token_in(browser.get("/desk/accounts").text)
    data = {"csrf_token": token, "role": "viewer"}
    assert browser.client.post(f"/desk/accounts/{own}/role", data=data).status_code == 303
    assert browser.get("/desk/accounts").status_code == 403


def test_two_admins_cannot_put_down_each_other_at_once(house: House) -> None:
    engine = house.context.engine
    one, other = (make_account(house, f"{n}@example.jp", Role.ADMIN) for n in "ab")
    together = threading.Barrier(2)
    refused = []

    def put_down(account_id: str) -> None:
        together.wait()
        try:
            with writing(engine) as connection:
                accounts.set_role(connection, account_id, Role.VIEWER)
        except AccountError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=put_down, args=(a.id,)) for a in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    with writing(engine) as connection:
        (left,) = accounts.admins(connection)
        last = accounts.by_email(connection, left)
        assert last
        with pytest.raises(AccountError, match="最後の管理者"):
            accounts.remove(connection, last.id)


@only_sqlite
def test_who_is_removed_is_out_at_once_and_cannot_come_back(
    house: House, browser: Browser, browser_of: Callable[[Role], Browser], stranger: Browser
) -> None:
    gone = browser_of(Role.MARKETER)
    own = id_of(house, "marketer@example.jp")
    assert "利用者から外しました" in send(browser, f"/desk/accounts/{own}/remove")
    assert gone.get("/desk/").status_code == 303
    assert stranger.sign_in("marketer@example.jp").status_code == 422
    assert send(browser, f"/desk/accounts/{own}/remove")


@only_sqlite
def test_an_admin_ends_anothers_sessions(
    house: House, browser: Browser, browser_of: Callable[[Role], Browser]
) -> None:
    other = browser_of(Role.MARKETER)
    own = id_of(house, "marketer@example.jp")
    assert "すべての端末で" in send(browser, f"/desk/accounts/{own}/signout")
    assert other.get("/desk/").status_code == 303
    assert browser.get("/desk/").status_code == 200


@only_sqlite
def test_a_sign_out_is_of_this_browser_and_everywhere_is_everywhere(
    house: House, browser: Browser
) -> None:
    second, third = Browser(house.browser()), Browser(house.browser())
    for other in (second, third):
        assert other.sign_in().status_code == 303
    page = words_of(browser.get("/desk/account").text)
    assert page.count("から（127.0.0.0/24）") == 3
    assert page.count("この端末 ") == 1
    assert browser.post("/desk/signout", seen="/desk/").status_code == 303
    assert [b.get("/desk/").status_code for b in (browser, second, third)] == [303, 200, 200]
    answer = second.post("/desk/account/signout", seen="/desk/account")
    assert (answer.status_code, answer.location) == (303, "/desk/signin")
    assert [b.get("/desk/").status_code for b in (second, third)] == [303, 303]


@only_sqlite
def test_a_new_sign_in_ends_the_one_this_browser_had(house: House, browser: Browser) -> None:
    before = browser.client.get_cookie("sodate_desk")
    assert before
    form = token_in(browser.get("/desk/account").text)
    data = {"csrf_token": form, "email": EMAIL, "password": PASSWORD}
    assert browser.client.post("/desk/signin", data=data).status_code == 303
    assert words_of(browser.get("/desk/account").text).count("から（127.0.0.0/24）") == 1
    copied = Browser(house.browser())
    copied.client.set_cookie("sodate_desk", before.value)
    assert copied.get("/desk/").status_code == 303


@only_sqlite
def test_a_session_is_over_after_fourteen_days_and_cleared_away(
    house: House, browser: Browser
) -> None:
    house.clock.advance(days=13, hours=23)
    assert browser.get("/desk/").status_code == 200
    house.clock.advance(hours=1)
    assert browser.get("/desk/").status_code == 303
    Browser(house.browser()).sign_in()
    with reading(house.context.engine) as connection:
        rows = connection.execute(select(tables.desk_sessions)).all()
    assert len(rows) == 1
    assert len(rows[0].token_hash) == 64


def change(browser: Browser, current: str = PASSWORD, new: str = NEW, again: str = NEW) -> int:
    fields = {"current": current, "password": new, "again": again}
    return browser.post("/desk/account/password", seen="/desk/account", **fields).status_code


@only_sqlite
def test_a_new_password_leaves_this_browser_in_and_puts_every_other_out(
    house: House, browser: Browser, stranger: Browser
) -> None:
    other, copied = Browser(house.browser()), Browser(house.browser())
    assert other.sign_in().status_code == 303
    cookie = browser.client.get_cookie("sodate_desk")
    assert cookie
    copied.client.set_cookie("sodate_desk", cookie.value)
    assert copied.get("/desk/").status_code == 200
    assert change(browser) == 303
    assert "パスワードを変えました" in browser.get("/desk/account").text
    assert other.get("/desk/").status_code == 303
    assert copied.get("/desk/").status_code == 303, "a copy of this browser's old cookie, too"
    assert stranger.sign_in().status_code == 422
    assert stranger.sign_in(password=NEW).status_code == 303


@only_sqlite
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"current": "not-the-password"}, "いまのパスワードが違います"),
        ({"new": "short", "again": "short"}, "12文字以上"),
        ({"again": "something-else-x"}, "2つのパスワードが違います"),
        ({"new": PASSWORD, "again": PASSWORD}, "同じです"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why_and_stays(
    house: House, browser: Browser, stranger: Browser, fields: dict[str, str], told: str
) -> None:
    assert change(browser, **fields) == 422
    posted = {"current": PASSWORD, "password": NEW, "again": NEW}
    posted |= {"password" if k == "new" else k: v for k, v in fields.items()}
    answer = browser.post("/desk/account/password", seen="/desk/account", **posted)
    assert told in answer.text
    assert stranger.sign_in().status_code == 303


@only_sqlite
def test_who_finds_a_desk_open_cannot_guess_its_password(house: House, browser: Browser) -> None:
    codes = [change(browser, current=f"guess-number-{n:04}") for n in range(8)]
    assert codes == [422] * 5 + [429] * 3
    house.clock.advance(seconds=attempts.FIRST_WAIT)
    assert change(browser) == 303


@only_sqlite
def test_sessions_are_counted_by_account(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        jiro = accounts.add(connection, "j@example.jp", PASSWORD, Role.VIEWER, house.clock())
        for _ in range(2):
            sessions.begin(connection, jiro.id, house.clock(), network=None, device="x")
        assert sessions.counts(connection, house.clock())[jiro.id] == 2
    page = words_of(browser.get("/desk/accounts").text)
    assert "j@example.jp" in page
    assert "2台" in page
