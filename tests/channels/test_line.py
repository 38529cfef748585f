"""LINE's answers, and a step as LINE takes it. Pure."""

from datetime import UTC, datetime

import pytest

from nurture_worker.channels.line import Said, judge, next_month
from nurture_worker.letters import line as line_letters
from nurture_worker.letters.bodies import Draft, drafted
from tests.channels.line_server import BLOCKED, MONTHLY, RATE
from tests.content import FIRM, catalogue
from tracker.catalogue.line import parts, too_long


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, "", Said.TAKEN),
        (409, "already accepted", Said.TAKEN),
        (429, MONTHLY, Said.SPENT),
        (429, RATE, Said.SLOWER),
        (429, "", Said.SLOWER),
        (400, BLOCKED, Said.REFUSED),
        (404, "", Said.REFUSED),
        (401, "", Said.SHUT),
        (403, "", Said.SHUT),
        (500, "", Said.DOUBT),
        (0, "", Said.DOUBT),
    ],
)
def test_an_answer_of_line_says_what_became_of_the_push(status: int, body: str, said: Said) -> None:
    assert judge(status, body) is said


def test_line_counts_anew_at_midnight_in_tokyo() -> None:
    last = datetime(2026, 12, 31, 14, 59, tzinfo=UTC)
    assert next_month(last) == datetime(2026, 12, 31, 15, tzinfo=UTC)
    assert next_month(datetime(2026, 12, 31, 15, tzinfo=UTC)) == datetime(
        2027, 1, 31, 15, tzinfo=UTC
    )


def test_a_step_is_cut_where_its_editor_drew_a_line() -> None:
    assert parts("一\n\n---\n\n二\n\n- - -\n\n三") == ["一", "二", "三"]
    assert parts("見出し\n---\n本文") == ["見出し\n---\n本文"]


def test_what_line_would_refuse_is_told_with_its_line() -> None:
    assert too_long("短い") == []
    ((line, told),) = too_long("一\n\n---\n\n" + "あ" * 4000)
    assert line == 4
    assert "5,000文字まで" in told
    ((line, told),) = too_long("\n\n---\n\n".join("123456"))
    assert line == 20
    assert "5通まで" in told
    emoji = "😀" * 2000  # each counts twice
    assert [line for line, _ in too_long(emoji)] == [0]


def test_a_push_holds_the_letter_who_writes_and_the_ways_out() -> None:
    body = "{{ name }} 様\n\n[記事](/articles/why.md)\n\n---\n\n二通目"
    draft = drafted("件名", "", body, catalogue())
    values = {"name": "山田", "link0": "https://e.jp/c/1"}
    first, second = line_letters.messages(
        draft, values, FIRM, "https://e.jp/u/1", "https://e.jp/p/1"
    )
    assert first == "山田 様\n\n記事\nhttps://e.jp/c/1"
    assert second.startswith("二通目")
    for part in (FIRM.name, FIRM.postal_address, FIRM.contact, "https://e.jp/u/1"):
        assert part in second


def test_a_letter_that_is_too_long_for_line_is_not_cut_in_secret() -> None:
    for body in ("あ" * 5001, "\n\n---\n\n".join("123456")):
        with pytest.raises(line_letters.TooLongError):
            line_letters.messages(Draft("", "", body), {}, FIRM, "u", "p")
