"""What a form is given that nobody should type: told to its reader, or made harmless."""

import json
from email.header import decode_header, make_header
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.catalogue.small_site import FILES, write_site
from tests.conftest import House
from tests.doors.posting import FORMS, PERSON, every_form, page, path, post, recorded
from tests.servers import html_of, text_of
from tracker.catalogue.load import load
from tracker.desk.names import Names

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

CODE = ["<script>alert(1)</script>", "{{7*7}}", "{{ name }}", "${jndi:ldap://x}", "=cmd|' /C"]
MISCHIEF = "山田\x00太\u2028郎\u202e\x85\r\nBcc: evil@example.jp"


def send(house: House, name: str, body: bytes, content_type: str) -> TestResponse:
    return house.browser().post(path(house, name), data=body, content_type=content_type)


UNREACHABLE = {
    "a@b.jp\r\nBcc: c@d.jp": "改行",
    "a@b.jp\nBcc: c@d.jp": "改行",
    "a@b.jp,c@d.jp": "1つだけ",
    "a@b.jp;c@d.jp": "1つだけ",
    "太郎@example.jp": "日本語などの文字",
    "a..b@docomo.ne.jp": "「.」が続く",
    "a" * 65 + "@example.jp": "形が正しくない",
    "a@" + "b" * 250 + ".jp": "254文字まで",
    '"a b"@example.jp': "形が正しくない",
    "<script>@example.jp": "形が正しくない",
    "": "入力して",
    "\ufffd@example.jp": "読み取れない文字",
}


@every_form
def test_an_address_nobody_can_be_reached_at_is_told_to_its_reader(
    open_house: House, name: str
) -> None:
    for typed, told in UNREACHABLE.items():
        answer = post(open_house, name, email=typed)
        assert answer.status_code == 422, typed
        assert told in page(answer), typed
    assert recorded(open_house) == []


REACHABLE = {
    "taro＠example.jp": "taro@example.jp",
    "taro@例え.jp": "taro@xn--r8jz45g.jp",
    "taro@xn--r8jz45g.jp": "taro@xn--r8jz45g.jp",
}


@every_form
def test_an_address_is_kept_as_mail_servers_spell_it(open_house: House, name: str) -> None:
    for typed, kept in REACHABLE.items():
        assert post(open_house, name, email=typed).status_code == 303, typed
        assert recorded(open_house)[-1].person["email"] == kept


def test_marketing_reads_an_address_in_its_own_letters(open_house: House) -> None:
    post(open_house, "gate", email="taro@例え.jp")
    kept = recorded(open_house)[0].person["email"]
    assert Names(whole=True).address(kept) == "taro@例え.jp"


def test_what_could_start_a_header_or_turn_the_text_around_is_taken_out_of_a_name(
    open_house: House,
) -> None:
    assert post(open_house, "gate", name=MISCHIEF).status_code == 303
    assert recorded(open_house)[0].person["name"] == "山田太 郎  Bcc: evil@example.jp"
    open_house.work()
    (mail,) = open_house.postbox.mails
    assert open_house.postbox.recipients == [PERSON["email"]]
    assert mail["Bcc"] is None
    assert mail.defects == []
    assert "Bcc: evil@example.jp 様" in text_of(mail)


def test_what_looks_like_code_is_only_text_in_the_mail_it_comes_to(open_house: House) -> None:
    for number, typed in enumerate(CODE):
        post(open_house, "gate", name=typed, email=f"taro{number}@example.jp")
    open_house.work()
    told = {mail["To"]: mail for mail in open_house.postbox.mails}
    for number, typed in enumerate(CODE):
        mail = told[f"taro{number}@example.jp"]
        assert f"{typed} 様" in text_of(mail)
        assert f"{typed} 様" in unescape(html_of(mail))
        assert "<script" not in html_of(mail)


@every_form
def test_a_body_of_ten_megabytes_is_told_to_be_too_large(open_house: House, name: str) -> None:
    form = "application/x-www-form-urlencoded"
    answer = send(open_house, name, b"name=" + b"x" * 10_000_000, form)
    assert answer.status_code == 413
    assert "大きすぎます" in page(answer)


@every_form
def test_what_was_not_asked_for_is_left_out(open_house: House, name: str) -> None:
    extra = {f"extra{n}": "x" for n in range(1000)}
    assert post(open_house, name, **extra).status_code == 303
    (entry,) = recorded(open_house)
    assert "extra" not in entry.to_json()


@every_form
def test_a_form_in_very_many_parts_is_told_to_be_too_large(open_house: House, name: str) -> None:
    words = {**FORMS[name].ticked, **{f"extra{n}": "x" for n in range(1000)}}
    answer = open_house.browser().post(
        path(open_house, name), data=words, content_type="multipart/form-data"
    )
    assert answer.status_code == 413
    assert recorded(open_house) == []


@every_form
def test_of_a_field_sent_twice_the_first_counts(open_house: House, name: str) -> None:
    twice = [*FORMS[name].ticked.items(), ("email", "jiro@example.jp"), ("email", "x")]
    body = {field: [v for f, v in twice if f == field] for field, _ in twice}
    assert open_house.browser().post(path(open_house, name), data=body).status_code == 303
    assert [entry.person["email"] for entry in recorded(open_house)] == [PERSON["email"]]


NO_FORMS = [
    (b"email[]=a@b.jp&email[x]=a@b.jp", "application/x-www-form-urlencoded"),
    (b'{"email": ["taro@example.jp"], "name": {"a": 1}}', "application/json"),
    (b'{"email": "\\ud800", "name": "\\ud800"}', "application/json"),
    (b"[" * 10_000, "application/json"),
    (b"email=taro@example.jp", "text/plain"),
    (b"email=taro@example.jp", "multipart/form-data"),
    (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
    (b"", ""),
    ("name=山田&email=taro＠".encode("shift_jis"), "application/x-www-form-urlencoded"),
    (b"name=%8e%52%93%63&email=taro@example.jp", "application/x-www-form-urlencoded"),
    (b"name=\xff\xfe&email=\xff@example.jp", "application/x-www-form-urlencoded"),
    (b"name=%ed%a0%80&email=taro@example.jp", "application/x-www-form-urlencoded"),
    (b"email=%00taro@example.jp", "application/x-www-form-urlencoded"),
    ("email=taro@example.jp".encode("utf-16"), "application/x-www-form-urlencoded"),
]


@every_form
def test_a_body_that_is_no_form_in_utf8_is_refused_and_told(open_house: House, name: str) -> None:
    for body, content_type in NO_FORMS:
        if name == "newsletter":  # asks for an address alone: give it its tick
            body += b"&consent=yes&consent_hash=" + FORMS[name].consent.hash.encode()
            body += b"&name=\xff" if content_type.endswith("urlencoded") else b""
        answer = send(open_house, name, body, content_type)
        assert answer.status_code in (400, 422), body[:40]
        assert page(answer)
    assert recorded(open_house) == []


def test_utf7_is_ascii_that_means_nothing(open_house: House) -> None:
    post(open_house, "gate", name="+ADw-script+AD4-")
    assert recorded(open_house)[0].person["name"] == "+ADw-script+AD4-"


def test_the_gate_of_a_draft_is_closed(open_house: House, tmp_path: Any) -> None:
    resource = next(text for file, text in FILES.items() if "\ngate:" in text)
    gate_id = resource.partition("gate:")[2].partition("id:")[2].split()[0].rstrip(",")
    assert gate_id
    draft = {file: text for file, text in FILES.items() if text == resource}
    folder = tmp_path / "content"
    write_site(
        folder,
        {file: text.replace("---\n", "---\ndraft: true\n", 1) for file, text in draft.items()},
    )
    catalogue, _ = load(folder)
    assert catalogue is not None
    catalogue.write(open_house.context.settings.catalogue_path)
    browser = open_house.browser()
    for answer in (
        browser.get(f"/gates/{gate_id}"),
        browser.post(f"/gates/{gate_id}", data=PERSON),
        browser.get(f"/gates/{gate_id}/thanks"),
    ):
        assert answer.status_code == 404
        assert page(answer)
    assert recorded(open_house) == []


ANYTHING = st.text(st.characters(), max_size=80)  # lone surrogates among them
STRANGE = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@every_form
@STRANGE
@given(
    words=st.fixed_dictionaries(dict.fromkeys(("name", "company", "email", "message"), ANYTHING)),
    more=st.dictionaries(ANYTHING, ANYTHING, max_size=3),
)
@example(
    words={"name": MISCHIEF, "company": "x", "email": PERSON["email"], "message": "x"}, more={}
)
def test_whatever_text_comes_is_answered_and_starts_no_line(
    open_house: House, name: str, words: dict[str, str], more: dict[str, str]
) -> None:
    fresh(open_house)
    said = {**more, **words, "consent": "yes", "consent_hash": FORMS[name].consent.hash}
    answer = send(open_house, name, urlencoded(said), "application/x-www-form-urlencoded")
    assert_harmless(open_house, answer)


@every_form
@STRANGE
@given(
    body=st.binary(max_size=300),
    content_type=st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"]
    ),
)
def test_whatever_bytes_come_are_answered(
    open_house: House, name: str, body: bytes, content_type: str
) -> None:
    fresh(open_house)
    assert_harmless(open_house, send(open_house, name, body, content_type))


def fresh(house: House) -> None:
    house.context.redis.flushdb()
    house.context.journal.forget(10**9)


def urlencoded(said: dict[str, str]) -> bytes:
    return urlencode(said, errors="surrogatepass").encode()


def assert_harmless(house: House, answer: TestResponse) -> None:
    assert answer.status_code in (303, 400, 413, 422)
    for field, value in answer.headers:
        assert len(f"{field}: {value}".splitlines()) == 1
    for entry in recorded(house):
        json.loads(entry.to_json())["person"]["email"].encode("ascii")
        for field, value in entry.person.items():
            lines = str(value).splitlines()
            assert len(lines) <= 1 or field == "message"


@settings(STRANGE, max_examples=12)
@given(names=st.lists(ANYTHING, min_size=1, max_size=5))
def test_whatever_name_comes_the_mail_is_whole_and_goes_to_its_reader_alone(
    open_house: House, names: list[str]
) -> None:
    fresh(open_house)
    box = open_house.postbox
    box.mails.clear()
    box.recipients.clear()
    open_house.clock.advance(days=2)
    said = {**PERSON, "name": " ".join(names), "company": names[0]}
    send(open_house, "gate", urlencoded(said), "application/x-www-form-urlencoded")
    accepted = len(recorded(open_house))
    open_house.work()
    assert box.recipients == [PERSON["email"]] * accepted
    for mail in box.mails:
        assert mail.defects == []
        assert mail["Bcc"] is None
        assert "はじめてのガイド" in str(make_header(decode_header(mail["Subject"])))
        assert text_of(mail)
