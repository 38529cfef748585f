"""The way into the desk: who gets in, and who does not."""

from datetime import timedelta
from hashlib import sha256

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import select, update

from tests.conftest import House
from tests.desk.conftest import EMAIL, PASSWORD, Browser, token_in
from tracker.desk.attempts import Guard
from tracker.store import accounts, tables
from tracker.store.accounts import AccountError
from tracker.store.engine import reading, writing
from tracker.wake import connect
from tracker.words import Role

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def invited(house: House) -> str:
    with writing(house.context.engine) as connection:
        return accounts.invite(connection, Role.ADMIN, house.clock())


def test_after_the_sign_in_comes_the_page_that_was_wanted(
    stranger: Browser, account: accounts.Account
) -> None:
    sent = stranger.get("/desk/readers?stage=trust")
    assert sent.location == "/desk/signin?next=/desk/readers?stage%3Dtrust"
    page = stranger.get(sent.location).text
    assert 'name="next" value="/desk/readers?stage=trust"' in page
    answer = stranger.sign_in(next="/desk/readers?stage=trust")
    assert (answer.status_code, answer.location) == (303, "/desk/readers?stage=trust")
    assert "サインアウト" in stranger.get("/desk/").text


def test_a_wrong_address_and_a_wrong_password_read_the_same(
    stranger: Browser, account: accounts.Account
) -> None:
    wrong = stranger.sign_in(password="not-the-password")
    unknown = stranger.sign_in(email="nobody@example.jp")
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert "メールアドレスかパスワードが違います" in wrong.text

    def bare(page: str, email: str) -> str:
        return page.replace(email, "").replace(token_in(page), "")

    assert bare(wrong.text, EMAIL) == bare(unknown.text, "nobody@example.jp")


class Noting(PasswordHasher):
    """Notes which hash each guess was tried against."""

    tried: list[str]

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.tried.append(str(hash))
        return super().verify(hash, password)


def test_an_unknown_address_costs_as_much_work_as_a_wrong_password(
    house: House, account: accounts.Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    noting = Noting(time_cost=2, memory_cost=48, parallelism=1)
    noting.tried = []
    monkeypatch.setattr(accounts, "_hasher", noting)
    monkeypatch.setattr(accounts, "_nobodys_hash", accounts._nobodys_hash.__wrapped__)
    with writing(house.context.engine) as connection:
        accounts.set_password(connection, account.id, PASSWORD)
    with reading(house.context.engine) as connection:
        for email in ("nobody@example.jp", EMAIL):
            assert accounts.check(connection, email, "not-the-password") is None
    unknown, known = (extract_parameters(kept) for kept in noting.tried)
    assert unknown == known


def test_the_case_of_an_address_does_not_matter(
    stranger: Browser, account: accounts.Account
) -> None:
    assert stranger.sign_in(email="Hanako@EXAMPLE.jp").status_code == 303


def test_a_form_without_its_token_is_refused(
    house: House, stranger: Browser, account: accounts.Account
) -> None:
    for data in ({}, {"csrf_token": "made-up"}):
        answer = stranger.client.post(
            "/desk/signin", data={"email": EMAIL, "password": PASSWORD, **data}
        )
        assert answer.status_code == 400
        assert "読み込み直して" in answer.text
    assert stranger.get("/desk/").status_code == 303


def test_a_sign_out_makes_a_copied_cookie_worthless(house: House, browser: Browser) -> None:
    cookie = browser.client.get_cookie("sodate_desk")
    assert cookie is not None
    answer = browser.post("/desk/signout", seen="/desk/")
    assert (answer.status_code, answer.location) == (303, "/desk/signin")
    assert browser.get("/desk/").status_code == 303
    thief = house.browser()
    thief.set_cookie("sodate_desk", cookie.value)
    assert thief.get("/desk/").status_code == 303


def test_a_new_password_ends_the_sessions_of_the_old_one(
    house: House, browser: Browser, account: accounts.Account
) -> None:
    with writing(house.context.engine) as connection:
        accounts.set_password(connection, account.id, "another-long-password")
    assert browser.get("/desk/").status_code == 303
    assert browser.sign_in().status_code == 422
    assert browser.sign_in(password="another-long-password").status_code == 303


def test_the_session_cookie_is_not_for_scripts_or_other_sites(browser: Browser) -> None:
    answer = browser.get("/desk/")
    cookie = browser.client.get_cookie("sodate_desk")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_hash_of_weaker_parameters_is_renewed_at_the_sign_in(
    house: House, stranger: Browser, account: accounts.Account, hasher: PasswordHasher
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1).hash(PASSWORD)
    with writing(house.context.engine) as connection:
        connection.execute(update(tables.accounts).values(password_hash=weak))
    assert stranger.sign_in().status_code == 303
    with reading(house.context.engine) as connection:
        kept = connection.execute(select(tables.accounts.c.password_hash)).scalar_one()
    assert kept != weak
    assert not hasher.check_needs_rehash(kept)
    assert stranger.get("/desk/").status_code == 200


def test_an_invitation_makes_one_account_and_signs_in(house: House, stranger: Browser) -> None:
    link = f"/desk/join/{invited(house)}"
    fields = {"email": "Ｊｉｒｏ@example.jp", "password": PASSWORD, "again": PASSWORD}
    answer = stranger.post(link, **fields)
    assert (answer.status_code, answer.location) == (303, "/desk/")
    assert "jiro@example.jp" in stranger.get("/desk/").text
    other = Browser(house.browser())
    assert other.get(link).status_code == 410
    token = token_in(other.get("/desk/signin").text)
    again = other.client.post(
        link, data={"csrf_token": token, **fields, "email": "saburo@example.jp"}
    )
    assert again.status_code == 410
    assert other.sign_in("jiro@example.jp").status_code == 303


def test_an_invitation_is_over_after_seven_days(house: House, stranger: Browser) -> None:
    link = f"/desk/join/{invited(house)}"
    house.clock.advance(days=7, seconds=-1)
    assert stranger.get(link).status_code == 200
    house.clock.advance(seconds=1)
    assert stranger.get(link).status_code == 410
    assert stranger.get("/desk/join/made-up").status_code == 410


def test_of_an_invitation_only_the_hash_is_kept(house: House) -> None:
    token = invited(house)
    with reading(house.context.engine) as connection:
        row = connection.execute(select(tables.invitations)).one()
    assert row.token_hash == sha256(token.encode()).hexdigest()
    assert token not in str(row)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"password": "short-words", "again": "short-words"}, "12文字以上"),
        ({"password": "x" * 201, "again": "x" * 201}, "200文字まで"),
        ({"again": "another-password-x"}, "2つのパスワードが違います"),
        ({"email": "not an address"}, "@"),
        ({"email": EMAIL}, "もうあります"),
    ],
)
def test_a_join_form_that_cannot_be_taken_says_why_and_stays_open(
    house: House, stranger: Browser, account: accounts.Account, fields: dict[str, str], told: str
) -> None:
    link = f"/desk/join/{invited(house)}"
    good = {"email": "jiro@example.jp", "password": PASSWORD, "again": PASSWORD}
    answer = stranger.post(link, **{**good, **fields})
    assert answer.status_code == 422
    assert told in answer.text
    assert stranger.get("/desk/").status_code == 303
    assert stranger.post(link, **good).status_code == 303


def test_after_five_failures_the_door_closes_for_a_while_and_opens_again(
    house: House, stranger: Browser, account: accounts.Account
) -> None:
    for _ in range(5):
        assert stranger.sign_in(password="not-the-password").status_code == 422
    refused = stranger.sign_in()
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) == 15
    assert "15秒たつと" in refused.text
    other = Browser(house.app.test_client())
    other.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert other.sign_in().status_code == 303, "another network is not held up"
    house.clock.advance(seconds=15)
    assert stranger.sign_in().status_code == 303


def test_failures_are_shared_by_all_processes(house: House) -> None:
    now, redis = house.clock(), house.context.redis
    for _ in range(5):
        assert Guard().attempt(redis, "shared@example.jp", "net", now) == 0
    assert Guard().attempt(redis, "shared@example.jp", "net", now) == 15
    Guard().forget(redis, "shared@example.jp", "net")
    assert Guard().attempt(redis, "shared@example.jp", "net", now) == 0


def test_failures_are_counted_while_redis_is_away(house: House) -> None:
    guard, away = Guard(), connect("redis://127.0.0.1:1/0")
    now = house.clock()
    assert [guard.attempt(away, "a@example.jp", None, now) for _ in range(6)] == [0] * 5 + [15]
    assert guard.attempt(away, "a@example.jp", None, now + timedelta(minutes=16)) == 0


def test_the_accounts_of_the_command_line_work_alike(house: House, stranger: Browser) -> None:
    with writing(house.context.engine) as connection:
        assert not accounts.any_account(connection)
        accounts.add(connection, "jiro@example.jp", PASSWORD, Role.VIEWER, house.clock())
        assert accounts.any_account(connection)
        assert accounts.addresses(connection) == ["jiro@example.jp"]
        with pytest.raises(AccountError, match="12文字以上"):
            accounts.add(connection, "saburo@example.jp", "short", Role.VIEWER, house.clock())
        with pytest.raises(AccountError, match="もうあります"):
            accounts.add(connection, "JIRO@example.jp", PASSWORD, Role.VIEWER, house.clock())
    assert stranger.sign_in("jiro@example.jp").status_code == 303
