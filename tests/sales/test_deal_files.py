"""A file of deals: read in whatever shape firms have it, judged row by row."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from nurture_worker.imports.deal_files import COLUMNS, judge, read_day
from nurture_worker.imports.spreadsheets import TableError, read_mapping, read_table
from tracker.deal_terms import key_of, lost_reason, yen
from tracker.words import DealOutcome, LostReason

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)

FILE = """取引ID,メールアドレス,結果,金額（円）,完了日,失注理由
D-1,taro@example.jp,受注,"1,200,000円",2026/10/30,
D-2,HANA@example.jp,失注,,2026年10月1日,価格
D-3,jiro@example.jp,失注,,2026-09-01,社長が代わった
D-4,sabu@example.jp,商談中,,,
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_headings_encodings_and_delimiters_are_seen(encoding: str, delimiter: str) -> None:
    text = FILE.replace('"1,200,000円"', "1200000").replace(",", delimiter)
    table = read_table(text.encode(encoding), COLUMNS, {"amount": "金額（円）"})
    told, bad, still_open = judge(table.rows, TOKYO, NOW)
    assert (bad, still_open) == ([], 1)
    assert [(t.address, t.outcome, t.amount, t.reason, t.note) for t in told] == [
        ("taro@example.jp", DealOutcome.WON, 1_200_000, None, ""),
        ("hana@example.jp", DealOutcome.LOST, None, LostReason.PRICE, ""),
        ("jiro@example.jp", DealOutcome.LOST, None, LostReason.OTHER, "社長が代わった"),
    ]
    assert told[0].closed_at == datetime(2026, 10, 30, tzinfo=TOKYO)


def test_each_bad_row_is_told_by_its_line_and_the_others_are_taken() -> None:
    raw = """email,outcome,amount,date,メモ
taro@example.jp,受注,abc,2026-10-01,"二行の
メモ"
taro@example.jp,受注,,2026-10-01,
nonsense,受注,1,2026-10-01,
taro@example.jp,勝ち,1,2026-10-01,
taro@example.jp,受注,1,2026-02-30,
taro@example.jp,受注,1,2027-01-01,

taro@example.jp,受注,500,2026-10-01,よい
"""
    table = read_table(raw.encode(), COLUMNS, {})
    told, bad, _ = judge(table.rows, TOKYO, NOW)
    assert [(t.line, t.amount, t.note) for t in told] == [(10, 500, "よい")]
    assert [str(b) for b in bad] == [
        "2行目: 金額「abc」は、円の整数で書いてください",
        "4行目: 受注の金額がありません",
        "5行目: メールアドレスは1つだけ、「@」を入れて入力してください（例: taro@example.jp）",
        "6行目: 結果「勝ち」が分かりません（受注 か 失注 と書きます）",
        "7行目: 「2026-02-30」という日はありません",
        "8行目: 日付「2027-01-01」が先の日です",
    ]


def test_a_deal_told_twice_in_a_file_is_what_was_told_last() -> None:
    raw = "id,email,outcome,amount,date\n1,a@example.jp,won,5,2026-10-01\n1,a@example.jp,won,7,2026-10-01\n"
    told, _, _ = judge(read_table(raw.encode(), COLUMNS, {}).rows, TOKYO, NOW)
    assert [t.amount for t in told] == [7]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\x81\xff\xff", "文字コードが分かりません"),
        (b"a\x00b", "CSV ではない"),
        ("email,金額\n".encode(), "結果の列が見つかりません"),
        (b"", "メールアドレスの列が見つかりません"),
    ],
)
def test_a_file_that_is_none_is_one_sentence(raw: bytes, why: str) -> None:
    with pytest.raises(TableError, match=why):
        read_table(raw, COLUMNS, {})


def test_a_mapping_names_columns_that_there_are() -> None:
    assert read_mapping(["email=メール,amount=受注額"], COLUMNS) == {
        "email": "メール",
        "amount": "受注額",
    }
    with pytest.raises(TableError, match="使える列: amount, date, email"):
        read_mapping(["mail=メール"], COLUMNS)
    with pytest.raises(TableError, match="見出し「受注額」の列がありません"):
        read_table(FILE.encode(), COLUMNS, {"amount": "受注額"})


@pytest.mark.parametrize(
    ("told", "amount"),
    [("１，２００，０００円", 1_200_000), ("¥5000", 5000), ("1200.00", 1200), ("", None), (0, 0)],
)
def test_yen_are_understood_as_people_write_them(told: str | int, amount: int | None) -> None:
    assert yen(told) == amount


@pytest.mark.parametrize("told", ["-5", "1.5", "五万", "1e9", "99999999999999", "٣"])
def test_what_is_no_whole_yen_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match="円の整数"):
        yen(told)


def test_days_and_reasons_and_keys() -> None:
    assert read_day("20261102", TOKYO) == datetime(2026, 11, 2, tzinfo=TOKYO)
    assert read_day("2026/11/2 15:30", TOKYO) == datetime(2026, 11, 2, tzinfo=TOKYO)
    assert lost_reason(" ") is None
    assert lost_reason("他社に決めた") is LostReason.RIVAL
    assert key_of(" D-1 ") == "deal:D-1"
    assert len(key_of("x" * 500)) < 140
