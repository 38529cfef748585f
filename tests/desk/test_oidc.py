"""The sign-in with the firm's own account, against a real provider over HTTP."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from werkzeug.test import TestResponse

from tests.conftest import House
from tests.desk import provider as providers
from tests.desk.conftest import Browser, make_account
from tests.desk.provider import CLIENT, SECRET, Provider
from tracker.store import accounts, audit
from tracker.store.engine import reading, writing
from tracker.words import Act, Role

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

HANA = "hana@example.jp"
UNSURE = "でのサインインを確かめられませんでした"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providers.running() as found:
        found.person = {"email": HANA, "email_verified": True}
        yield found


@pytest.fixture
def oidc_house(make_house: Callable[..., House], provider: Provider) -> House:
    return make_house(
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_label="見本アカウント",
    )


def way_back(browser: Browser, path: str = "/desk/oidc") -> str:
    """Go to the provider as a browser does; the address it sends back to."""
    sent = browser.get(path)
    assert sent.status_code == 303, sent.text
    back = requests.get(sent.location, allow_redirects=False, timeout=5)
    assert back.status_code == 302
    return back.headers["Location"]


def come_in(house: House, browser: Browser | None = None) -> tuple[Browser, TestResponse]:
    browser = browser or Browser(house.browser())
    return browser, browser.get(way_back(browser))


def made(house: House, email: str = HANA) -> accounts.Account | None:
    with reading(house.context.engine) as connection:
        return accounts.by_email(connection, email)


def acts(house: House) -> list[tuple[Act, str, Any]]:
    with reading(house.context.engine) as connection:
        lines = audit.entries(connection)[0]
    return [(line.act, line.actor, line.details.get("by")) for line in reversed(lines)]


def test_an_account_comes_in_with_the_firms_own_sign_in(
    oidc_house: House, provider: Provider
) -> None:
    make_account(oidc_house, HANA, Role.MARKETER)
    browser = Browser(oidc_house.browser())
    assert "見本アカウントで入る" in browser.get("/desk/signin").text
    sent = browser.get("/desk/oidc?next=/desk/readers")
    asked = parse_qs(urlsplit(sent.location).query)
    assert asked["redirect_uri"] == ["http://localhost/desk/oidc/callback"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    answer = browser.get(way_back(browser, "/desk/oidc?next=/desk/readers"))
    assert (answer.status_code, answer.location) == (303, "/desk/readers")
    assert "担当者" in browser.get("/desk/account").text
    found = made(oidc_house)
    assert found
    assert (found.issuer, found.subject) == (provider.issuer, "person-1")
    assert acts(oidc_house) == [(Act.SIGN_IN, HANA, "provider")]


def test_the_provider_is_asked_for_its_discovery_once_an_hour(
    oidc_house: House, provider: Provider
) -> None:
    make_account(oidc_house, HANA, Role.VIEWER)
    for _ in range(3):
        assert come_in(oidc_house)[1].status_code == 303
    assert provider.asked.count("/.well-known/openid-configuration") == 1
    assert provider.asked.count("/keys") == 1
    oidc_house.clock.advance(hours=1)
    assert come_in(oidc_house)[1].status_code == 303
    assert provider.asked.count("/.well-known/openid-configuration") == 2


def test_who_has_neither_account_nor_invitation_stays_out(oidc_house: House) -> None:
    browser, answer = come_in(oidc_house)
    assert answer.status_code == 422
    assert f"{HANA} のアカウントはありません" in answer.text
    assert browser.get("/desk/").status_code == 303
    assert made(oidc_house) is None
    assert acts(oidc_house) == [(Act.SIGN_IN_FAILED, audit.NOBODY, "provider")]


def test_an_invitation_to_the_address_is_taken_up_once(oidc_house: House) -> None:
    with writing(oidc_house.context.engine) as connection:
        accounts.invite(connection, Role.ADMIN, oidc_house.clock(), email="HANA@example.jp")
        accounts.invite(connection, Role.ADMIN, oidc_house.clock())
    browser, answer = come_in(oidc_house)
    assert answer.status_code == 303
    assert "会社のアカウントで入るため" in browser.get("/desk/account").text
    found = made(oidc_house)
    assert found
    assert (found.role, found.password_hash) == (Role.ADMIN, None)
    with reading(oidc_house.context.engine) as connection:
        (left,) = accounts.open_invitations(connection, oidc_house.clock())
    assert left.email is None
    assert [act for act, *_ in acts(oidc_house)] == [Act.ACCOUNT_MADE, Act.SIGN_IN]
    stranger = Browser(oidc_house.browser())
    assert stranger.sign_in(HANA, "").status_code == 422, "there is no password to know"
    assert stranger.sign_in(HANA, "None").status_code == 422


def test_an_invitation_that_is_over_lets_nobody_in(oidc_house: House) -> None:
    with writing(oidc_house.context.engine) as connection:
        accounts.invite(connection, Role.ADMIN, oidc_house.clock(), email=HANA)
    oidc_house.clock.advance(days=7)
    assert come_in(oidc_house)[1].status_code == 422


@pytest.mark.parametrize(
    ("domains", "email", "let_in"),
    [
        ("example.jp, example.com", HANA, True),
        ("example.jp", "hana@EXAMPLE.jp", True),
        ("example.jp", "hana@sub.example.jp", False),
        ("example.jp", "hana@evilexample.jp", False),
        ("ample.jp", HANA, False),
        (" , ", HANA, False),
    ],
)
def test_an_address_of_the_firms_domain_becomes_a_viewer(
    make_house: Callable[..., House], provider: Provider, domains: str, email: str, let_in: bool
) -> None:
    house = make_house(
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_domains=domains,
    )
    provider.person["email"] = email
    assert come_in(house)[1].status_code == (303 if let_in else 422)
    found = made(house, email.casefold())
    assert (found.role if found else None) == (Role.VIEWER if let_in else None)


@pytest.mark.parametrize(
    ("person", "told"),
    [
        ({"email": HANA, "email_verified": False}, "確認されていない"),
        ({"email": HANA}, "確認されていない"),
        ({"email": HANA, "email_verified": "false"}, "確認されていない"),
        ({"email": HANA, "email_verified": 1.5}, "確認されていない"),
        ({"email": "nonsense", "email_verified": True}, UNSURE),
        ({"email": f"{HANA}\r\nx@example.jp", "email_verified": True}, UNSURE),
        ({"email": [HANA], "email_verified": True}, UNSURE),
        ({"email": None, "email_verified": True}, UNSURE),
    ],
)
def test_an_address_nobody_verified_lets_nobody_in(
    oidc_house: House, provider: Provider, person: dict[str, Any], told: str
) -> None:
    make_account(oidc_house, HANA, Role.ADMIN)
    provider.person = person
    browser, answer = come_in(oidc_house)
    assert answer.status_code == 422
    assert told in answer.text
    assert browser.get("/desk/").status_code == 303


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": "another-client", "azp": CLIENT},
        {"aud": ["another-client", "a-third"], "azp": CLIENT},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": -600},
        {"exp": None},
        {"nbf": 600},
        {"sub": None},
        {"sub": ""},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_or_not_for_now_lets_nobody_in(
    oidc_house: House, provider: Provider, claims: dict[str, Any]
) -> None:
    make_account(oidc_house, HANA, Role.ADMIN)
    # A number is in seconds from now: a case is named the same in every process of the tests.
    provider.claims = {
        name: int(time.time()) + value if isinstance(value, int) else value
        for name, value in claims.items()
    }
    browser, answer = come_in(oidc_house)
    assert answer.status_code == 422
    assert UNSURE in answer.text
    assert browser.get("/desk/").status_code == 303


def test_a_token_signed_by_another_key_lets_nobody_in(
    oidc_house: House, provider: Provider
) -> None:
    make_account(oidc_house, HANA, Role.ADMIN)
    provider.signing = providers.key("forged", kid="one")
    assert come_in(oidc_house)[1].status_code == 422


def test_a_new_key_of_the_provider_is_fetched_when_it_is_met(
    oidc_house: House, provider: Provider
) -> None:
    make_account(oidc_house, HANA, Role.ADMIN)
    assert come_in(oidc_house)[1].status_code == 303
    provider.signing = providers.key("two")
    provider.published.append(provider.signing)
    assert come_in(oidc_house)[1].status_code == 303
    assert provider.asked.count("/keys") == 2


def test_a_way_back_is_good_once_and_in_its_own_browser_alone(oidc_house: House) -> None:
    make_account(oidc_house, HANA, Role.ADMIN)
    browser, thief = Browser(oidc_house.browser()), Browser(oidc_house.browser())
    back = way_back(browser)
    assert thief.get(back).status_code == 422, "another browser never asked for it"
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 422, "used up"
    fresh = way_back(browser)
    bent = fresh.replace("state=", "state=x")
    assert browser.get(bent).status_code == 422
    for query in ("", "?error=access_denied", "?code=x", "?code=&state=", "?state=a&state=b"):
        assert browser.get(f"/desk/oidc/callback{query}").status_code == 422, query
    older, newer = way_back(browser), way_back(browser)
    assert browser.get(older).status_code == 422, "of two tabs, the last one's"
    assert browser.get(newer).status_code == 303


def test_a_person_is_known_by_the_providers_subject_and_not_by_an_address_given_on(
    oidc_house: House, provider: Provider
) -> None:
    make_account(oidc_house, HANA, Role.ADMIN)
    assert come_in(oidc_house)[1].status_code == 303
    provider.person = {"email": "hana.sato@example.jp", "email_verified": True}
    browser, answer = come_in(oidc_house)
    assert answer.status_code == 303, "a new address, the same person"
    assert HANA in browser.get("/desk/account").text
    provider.person = {"email": HANA, "email_verified": True}
    provider.claims = {"sub": "person-2"}
    _browser, answer = come_in(oidc_house)
    assert answer.status_code == 422, "the old address, another person"
    assert "別の人のもの" in answer.text


def test_an_address_told_only_at_the_userinfo_is_asked_for_there(
    oidc_house: House, provider: Provider
) -> None:
    make_account(oidc_house, HANA, Role.VIEWER)
    provider.person = {}
    provider.userinfo = {"email": HANA, "email_verified": True}
    assert come_in(oidc_house)[1].status_code == 303
    provider.userinfo["sub"] = "somebody-else"
    assert come_in(oidc_house)[1].status_code == 422


@pytest.mark.parametrize(
    "bend",
    [
        lambda p: setattr(p, "broken", True),
        lambda p: p.discovery.update(issuer="https://evil.example"),
        lambda p: p.discovery.update(token_endpoint=None),
        lambda p: p.discovery.update(authorization_endpoint="http://evil.example/authorize"),
        lambda p: p.discovery.update(authorization_endpoint="javascript:alert(1)"),
        lambda p: setattr(p, "redirects_discovery_to", f"{p.issuer}/keys"),
    ],
)
def test_a_provider_that_does_not_answer_as_one_is_one_sentence(
    oidc_house: House, provider: Provider, bend: Callable[[Provider], None]
) -> None:
    bend(provider)
    answer = Browser(oidc_house.browser()).get("/desk/oidc")
    assert answer.status_code == 503
    assert "「見本アカウント」につながりません" in answer.text
    assert 'name="password"' in answer.text, "a password still opens the desk"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token_endpoint", "http://169.254.169.254/token"),
        ("jwks_uri", "http://[::ffff:10.0.0.1]/keys"),
        ("jwks_uri", "file:///etc/passwd"),
    ],
)
def test_no_other_server_is_asked_without_https(
    oidc_house: House, provider: Provider, key: str, value: str
) -> None:
    make_account(oidc_house, HANA, Role.ADMIN)
    provider.discovery[key] = value
    browser, answer = come_in(oidc_house)
    assert answer.status_code == 503
    assert browser.get("/desk/").status_code == 303


def test_a_provider_that_goes_away_half_way_is_one_sentence(
    oidc_house: House, provider: Provider
) -> None:
    browser = Browser(oidc_house.browser())
    back = way_back(browser)
    provider.broken = True
    answer = browser.get(back)
    assert answer.status_code == 503
    assert "見本アカウント" in answer.text


def test_a_provider_that_cannot_be_reached_is_one_sentence(
    make_house: Callable[..., House],
) -> None:
    house = make_house(oidc_issuer="http://127.0.0.1:1", oidc_client_id=CLIENT)
    answer = Browser(house.browser()).get("/desk/oidc")
    assert answer.status_code == 503
    assert "につながりません" in answer.text


def test_without_the_setting_there_is_no_such_way_in(house: House, stranger: Browser) -> None:
    assert "/desk/oidc" not in stranger.get("/desk/signin").text
    assert stranger.get("/desk/oidc").status_code == 404
    assert stranger.get("/desk/oidc/callback?code=a&state=b").status_code == 404
