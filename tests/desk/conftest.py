"""What the desk's tests share: a browser that reads forms, and somebody signed in."""

import re
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import House
from tracker.store import accounts
from tracker.store.engine import writing

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


@pytest.fixture
def account(house: House) -> accounts.Account:
    with writing(house.context.engine) as connection:
        return accounts.add(connection, EMAIL, PASSWORD, "admin", house.clock())


@pytest.fixture
def stranger(house: House) -> Browser:
    return Browser(house.browser())


@pytest.fixture
def browser(house: House, account: accounts.Account) -> Browser:
    signed_in = Browser(house.browser())
    assert signed_in.sign_in().status_code == 303
    return signed_in
