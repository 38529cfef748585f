"""Lines of Japanese end where they may."""

from itertools import pairwise
from random import Random

import pytest

from tracker.desk.kinsoku import NEVER_FIRST, NEVER_LAST, wrapped


def lines(text: str, width: int) -> list[str]:
    return wrapped(text, width, len).split("\n")


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("問い合わせが来ない。", 9, ["問い合わせが来な", "い。"]),
        ("記事「育て方」を読む", 3, ["記事", "「育て", "方」を", "読む"]),
        ("きょうはメールをした", 3, ["きょう", "はメー", "ルをし", "た"]),
        ("閲覧は1,234回です", 6, ["閲覧は", "1,234回", "です"]),
        ("見込みは12%（年）", 7, ["見込みは12%", "（年）"]),
        ("二行\nある", 9, ["二行", "ある"]),
        ("", 9, [""]),
    ],
)
def test_closing_marks_small_kana_and_figures_stay_with_what_they_belong_to(
    text: str, width: int, expected: list[str]
) -> None:
    assert lines(text, width) == expected


def test_a_word_wider_than_the_line_is_parted_and_nothing_is_lost() -> None:
    found = lines("https://example.jp/articles/why を見る", 10)
    assert "".join(found).replace(" ", "") == "https://example.jp/articles/whyを見る"
    assert max(map(len, found)) <= 10


def test_no_line_begins_or_ends_where_it_may_not() -> None:
    dice = Random(1)
    for _ in range(300):
        text = "".join(dice.choices("あ育て、。「」（）ーっ12A%・", k=60))
        found = lines(text, 30)
        assert "".join(found) == text
        assert max(map(len, found)) <= 30
        for line, after in pairwise(found):
            assert after[0] not in NEVER_FIRST
            assert line[-1] not in NEVER_LAST
