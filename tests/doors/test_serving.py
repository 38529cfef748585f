"""The built site as ``./run`` serves it."""

import gzip

import pytest
from flask.testing import FlaskClient

from tests.conftest import House

POLICY = "default-src 'self'"
TEXT = "<html>あ</html>" * 200


@pytest.fixture
def browser(house: House) -> FlaskClient:
    settings = house.context.settings
    site = settings.built_site
    (site / "articles").mkdir(parents=True)
    for name, text in (("articles/index.html", TEXT), ("a.min.js", "1"), ("own.css", "p{}")):
        (site / name).write_text(text, encoding="utf-8")
    (site / "404.html").write_text("ない", encoding="utf-8")
    settings.site_headers.write_text('{"Content-Security-Policy": "default-src \'self\'"}')
    return house.browser()


def test_a_page_goes_out_compressed_to_those_who_accept_it(browser: FlaskClient) -> None:
    packed = browser.get("/articles/", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.mimetype == "text/html"
    assert gzip.decompress(packed.data).decode() == TEXT
    whole = browser.get("/articles/", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in whole.headers
    assert whole.text == TEXT
    assert packed.headers["ETag"] != whole.headers["ETag"]
    for answer in (packed, whole):
        assert "Accept-Encoding" in answer.headers["Vary"]


def test_a_page_that_has_not_changed_is_not_sent_again(browser: FlaskClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    first = browser.get("/articles/", headers=headers)
    again = browser.get("/articles/", headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["Content-Security-Policy"] == POLICY


def test_a_part_of_a_file_is_never_a_part_of_its_compressed_form(browser: FlaskClient) -> None:
    part = browser.get("/articles/", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-5"})
    assert part.status_code == 206
    assert part.data == TEXT.encode()[:6]


def test_pages_carry_the_policy_of_the_build_and_are_asked_for_anew(browser: FlaskClient) -> None:
    for path, code in (("/articles/", 200), ("/not-there/", 404)):
        answer = browser.get(path)
        assert answer.status_code == code
        assert answer.headers["Content-Security-Policy"] == POLICY
    assert browser.get("/articles/").cache_control.max_age == 0


@pytest.mark.parametrize(
    ("path", "kept"), [("/a.min.js", True), ("/own.css?v=1a2b3c4d", True), ("/own.css", False)]
)
def test_only_what_is_named_by_its_content_is_kept_for_ever(
    browser: FlaskClient, path: str, kept: bool
) -> None:
    control = browser.get(path).cache_control
    assert bool(control.immutable) is kept
    assert (control.max_age == 365 * 24 * 3600) is kept
