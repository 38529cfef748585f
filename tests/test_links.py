"""Signed links: ours, for this purpose, letter by letter; anything else is refused."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer
from itsdangerous.encoding import base64_encode

from tracker.links import (
    LONGEST,
    Click,
    Confirmation,
    Download,
    LinkError,
    LinkExpiredError,
    Links,
    Unsubscription,
    _signature,
)

NOW = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
links = Links(["the first key of all"])
CLICK = Click("aB3_dE-fGh1k", 2, "cases/metal/#手順")
TOKEN = links.sign(CLICK, NOW)


def test_a_link_is_read_as_it_was_signed() -> None:
    assert links.read(Click, TOKEN, NOW) == CLICK


def test_a_link_of_another_purpose_is_refused() -> None:
    for link in (Unsubscription("aB3_dE-fGh1k"), Confirmation("a", "b"), Download("a", "b")):
        with pytest.raises(LinkError):
            links.read(Click, links.sign(link, NOW), NOW)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "a.b",
        TOKEN + "=",
        TOKEN + "==",
        TOKEN + "é",
        TOKEN + "\n",
        TOKEN[:-1],
        TOKEN[1:],
        "." + TOKEN,
        TOKEN.replace(".", ".."),
        TOKEN.upper(),
        "\ud800",
        "日本語",
        "x" * 1_000_000,
    ],
    ids=lambda token: repr(token[:12]),
)
def test_a_misspelt_token_is_refused(token: str) -> None:
    with pytest.raises(LinkError):
        links.read(Click, token, NOW)


def test_the_slack_in_the_last_letter_is_refused() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    read = []
    for letter in letters:
        try:
            read.append(links.read(Click, TOKEN[:-1] + letter, NOW))
        except LinkError:
            continue
    assert read == [CLICK]


@given(st.data())
def test_no_changed_letter_goes_through(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(TOKEN) - 1))
    letter = data.draw(st.characters(max_codepoint=0x2FF))
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    if changed != TOKEN:
        with pytest.raises(LinkError):
            links.read(Click, changed, NOW)


@given(st.text(max_size=600))
def test_no_text_makes_it_fall_over(token: str) -> None:
    with pytest.raises(LinkError):
        links.read(Click, token, NOW)


def test_a_signature_on_another_payload_is_refused() -> None:
    other = links.sign(Click("aB3_dE-fGh1k", 3, "inquiry/"), NOW)
    with pytest.raises(LinkError):
        links.read(Click, TOKEN.split(".")[0] + "." + other.split(".")[1], NOW)


def test_a_signed_payload_of_another_shape_is_refused() -> None:
    for text in ("[]", "{}", "[1]", '[1,"a"]', '[1,"a",2,"b",3]', "1", "x", '["a","b",0,"c"]'):
        payload = base64_encode(text)
        made = payload + b"." + _signature(links._keys[Click][0], payload)
        with pytest.raises(LinkError):
            links.read(Click, made.decode(), NOW)


def test_a_token_is_what_the_signer_of_itsdangerous_makes() -> None:
    keys = ["the first key of all", "the second key of all"]
    made = Links(keys).sign(CLICK, NOW)
    signer = Signer(keys, salt="sodate.click", key_derivation="hmac", digest_method=sha256)
    assert signer.unsign(made).decode() == made.split(".")[0]
    assert Links(keys).read(Click, signer.sign(TOKEN.split(".")[0]).decode(), NOW) == CLICK


def test_a_link_ends_with_its_lifetime_and_not_before() -> None:
    week = timedelta(days=7)
    assert links.read(Click, TOKEN, NOW + week, week) == CLICK
    with pytest.raises(LinkExpiredError):
        links.read(Click, TOKEN, NOW + week + timedelta(hours=3), week)


def test_a_clock_set_back_breaks_no_link() -> None:
    assert links.read(Click, TOKEN, NOW - timedelta(days=2), timedelta(days=7)) == CLICK


def test_an_older_key_still_verifies_and_the_newest_signs() -> None:
    rotated = Links(["the first key of all", "the second key of all"])
    assert rotated.read(Click, TOKEN, NOW) == CLICK
    with pytest.raises(LinkError):
        links.read(Click, rotated.sign(CLICK, NOW), NOW)


def test_a_token_longer_than_we_read_is_never_made() -> None:
    with pytest.raises(LinkError):
        links.sign(Click("a", 0, "x" * LONGEST), NOW)


def test_a_link_to_a_page_is_short() -> None:
    assert len(links.sign(Click("aB3_dE-fGh1k", 0, "cases/metalworks/"), NOW)) < 110
