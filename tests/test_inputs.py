"""What a reader types is understood, or told to them in Japanese."""

import pytest

from tracker.catalogue.gates import KNOWN_FIELDS, FormField
from tracker.inputs import InputError, clean, read_address, read_form, shown_address


@pytest.mark.parametrize(
    ("typed", "sendable"),
    [
        ("taro@example.jp", "taro@example.jp"),
        (" taro@example.jp ", "taro@example.jp"),
        ("taro＠example.jp", "taro@example.jp"),
        ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ", "taro@example.jp"),
        ("Taro@EXAMPLE.jp", "Taro@example.jp"),
        ("taro@例え.jp", "taro@xn--r8jz45g.jp"),
    ],
)
def test_an_address_is_understood(typed: str, sendable: str) -> None:
    assert read_address(typed).sendable == sendable


def test_two_spellings_of_one_address_are_one() -> None:
    assert read_address("TARO@example.jp").normalised == read_address("taro＠EXAMPLE.jp").normalised


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("taro@xn--r8jz45g.jp", "taro@例え.jp"),
        ("taro@example.jp", "taro@example.jp"),
        ("nobody", "nobody"),
        ("taro@xn--.jp", "taro@xn--.jp"),
    ],
)
def test_an_address_is_shown_in_the_letters_of_its_domain(kept: str, shown: str) -> None:
    assert shown_address(kept) == shown


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "入力してください"),
        ("taro", "「@」を入れて"),
        ("a@b.jp,c@d.jp", "1つだけ"),
        ("a@b.jp\r\nBcc: c@d.jp", "改行"),
        ("太郎@example.jp", "日本語などの文字"),
        ("a..b@docomo.ne.jp", "「.」が続く"),
        (".a@docomo.ne.jp", "「.」が続く"),
        ("a.@ezweb.ne.jp", "「.」が続く"),
        ("a" * 65 + "@example.jp", "形が正しくない"),
        ("a@" + "b" * 250 + ".jp", "形が正しくない"),
        ("taro@", "形が正しくない"),
    ],
)
def test_an_address_that_cannot_be_sent_to_is_told_why(typed: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_address(typed)


def test_nothing_typed_can_start_a_new_line_or_turn_the_text_around() -> None:
    assert clean("山田\r\nBcc: x\u2028y\x00\x85z\u202e太郎\ud800") == "山田 Bcc: x y z太郎"


def test_a_message_keeps_its_lines() -> None:
    assert clean("一行目\r\n二行目\x07", lines=True) == "一行目\n二行目"


def test_all_errors_of_a_form_come_at_once_and_the_words_stay() -> None:
    fields = [
        KNOWN_FIELDS["name"],
        KNOWN_FIELDS["email"],
        FormField(name="size", label="人数", type="select", options=("10人まで", "11人から")),
    ]
    values, errors = read_form(
        fields, {"name": "山" * 101, "email": "x", "size": "99", "evil": "1"}
    )
    assert values == {"name": "山" * 101, "email": "x", "size": "99"}
    assert list(errors) == ["name", "email", "size"]
    assert "100文字まで" in errors["name"]


def test_bytes_that_were_no_utf8_are_told_and_not_kept() -> None:
    _, errors = read_form([KNOWN_FIELDS["name"]], {"name": "山\ufffd"})
    assert "読み取れない文字" in errors["name"]
