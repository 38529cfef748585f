"""What the desk's tests share: a browser that reads forms, and somebody signed in."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.test import TestResponse

from tests.conftest import House
from tracker.store import accounts, sessions, tables
from tracker.store.engine import reading, writing
from tracker.store.tables import new_id
from tracker.words import Role

EMAIL = "hanako@example.jp"
PASSWORD = "a-camellia-in-december"


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page
    return found[1]


def words_of(page: str) -> str:
    """What a reader of the page sees, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


@dataclass
class Browser:
    """One browser at the desk."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, seen: str | None = None, **fields: str) -> TestResponse:
        """Send the form that stands on the page ``seen`` (default: at ``path``)."""
        page = self.client.get(seen or path).text
        return self.client.post(path, data={"csrf_token": token_in(page), **fields})

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD, **more: str) -> TestResponse:
        return self.post("/desk/signin", email=email, password=password, **more)


QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""How dear a guess is made is a promise of ``test_signin`` alone; elsewhere it only takes time."""


@pytest.fixture(autouse=True)
def hasher(monkeypatch: pytest.MonkeyPatch) -> PasswordHasher:
    monkeypatch.setattr(accounts, "_hasher", QUICK)
    return QUICK


@cache
def _hashed() -> str:
    return QUICK.hash(PASSWORD)


def make_account(house: House, email: str, role: Role) -> accounts.Account:
    """An account with ``PASSWORD``, which is hashed but once for all tests."""
    row = {"id": new_id(), "email": email, "role": role, "created_at": house.clock()}
    with writing(house.context.engine) as connection:
        connection.execute(insert(tables.accounts).values(password_hash=_hashed(), **row))
        found = accounts.by_email(connection, email)
    assert found
    return found


@pytest.fixture
def account(house: House) -> accounts.Account:
    return make_account(house, EMAIL, Role.ADMIN)


@pytest.fixture
def stranger(house: House) -> Browser:
    return Browser(house.browser())


@pytest.fixture
def browser(house: House, account: accounts.Account) -> Browser:
    signed_in = Browser(house.browser())
    assert signed_in.sign_in().status_code == 303
    return signed_in


@pytest.fixture
def browser_of(house: House) -> Callable[[Role], Browser]:
    """Makes a browser signed in as an account of that role: ``<role>@example.jp``."""

    def sign_in(role: Role) -> Browser:
        email = f"{role.value}@example.jp"
        with reading(house.context.engine) as connection:
            known = accounts.by_email(connection, email)
        account = known or make_account(house, email, role)
        with writing(house.context.engine) as connection:
            token = sessions.begin(
                connection, account.id, house.clock(), network=None, device="Chrome・Windows"
            )
        signed_in = Browser(house.browser())
        with signed_in.client.session_transaction() as session:
            session["token"] = token
        return signed_in

    return sign_in
