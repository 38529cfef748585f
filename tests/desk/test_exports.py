"""What is taken along from the desk, and what is taken away."""

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest

from tests.conftest import NOW, House
from tests.desk.conftest import Browser, words_of
from tests.desk.story import Story
from tracker.spreadsheet import cell, lines
from tracker.store import dossier, readers
from tracker.store.engine import reading, writing
from tracker.words import DeliveryState, Stage

only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+81 3 0000 0000",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝HYPERLINK(1)",
    "＋1",
    "－1",
    "＠SUM(1)",
]


@pytest.mark.parametrize("value", FORMULAS)
def test_no_spreadsheet_takes_a_cell_for_a_formula(value: str) -> None:
    assert cell(value) == f"'{value}"


@pytest.mark.parametrize("value", ["山田 太郎", "'quoted", "a=b", "", 12.5, -3, None, "1,2"])
def test_other_cells_stay_as_they_are(value: object) -> None:
    assert cell(value) == value


def test_quotes_commas_and_breaks_come_back_as_they_went() -> None:
    rows = [['He said "いい", twice', "a,b", "two\nlines"], ["x", "", "😀"]]
    assert list(csv.reader(io.StringIO(lines(rows), newline=""))) == rows
    assert lines([["a", "b"]]) == "a,b\r\n"


def table(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff"), "Excel takes it for UTF-8 by this"
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@only_sqlite
def test_the_list_is_written_as_it_is_filtered_and_ordered(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        for n in range(120):
            story.reader(
                f"r{n:03}",
                name=f"読者{n:03}",
                score=float(n),
                stage=Stage.TRUST if n % 2 else Stage.AWARENESS,
                stage_since=NOW - timedelta(days=1),
            )
    answer = browser.get("/desk/readers.csv")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="readers-2026-11-02.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    head, *rows = table(answer.data.decode())
    assert head[:5] == ["ID", "名前", "会社", "アドレス", "段階"]
    assert [row[0] for row in rows] == [f"r{n:03}" for n in reversed(range(120))]
    assert rows[0][:7] == [
        "r119", "読者119", "", "r119@example.jp", "信頼", "2026-11-01 10:00", "119",
    ]  # fmt: skip
    page = browser.get("/desk/readers?stage=trust&q=%E8%AA%AD%E8%80%8511").text
    link = page.partition('href="/desk/readers.csv')[2].partition('"')[0].replace("&amp;", "&")
    _, *rows = table(browser.get(f"/desk/readers.csv{link}").data.decode())
    assert [row[1] for row in rows] == [f"読者{n}" for n in (119, 117, 115, 113, 111)]


@only_sqlite
def test_a_filter_that_is_not_on_the_list_is_the_usual_one(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        Story(connection).reader("low", score=1.0)
        Story(connection).reader("high", score=9.0)
    for query in [
        "order=score;drop%20table%20readers",
        "stage=%27--",
        "order=email",
        "stage[]=trust",
    ]:
        rows = table(browser.get(f"/desk/readers.csv?{query}").data.decode())
        assert [row[0] for row in rows[1:]] == ["high", "low"], query


@only_sqlite
def test_what_readers_typed_is_no_formula_in_the_file(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        for n, value in enumerate(FORMULAS):
            Story(connection).reader(f"r{n:02}", name=value, company=value, score=float(-n))
    rows = table(browser.get("/desk/readers.csv").data.decode())[1:]
    assert [row[1] for row in rows] == [f"'{value}" for value in FORMULAS]
    assert [row[2] for row in rows] == [f"'{value}" for value in FORMULAS]


def test_a_file_of_many_readers_is_sent_piece_by_piece(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        for n in range(1300):
            Story(connection).reader(f"r{n:04}")
    answer = browser.client.get("/desk/readers.csv", buffered=False)
    assert answer.content_length is None
    pieces = list(answer.iter_encoded())
    assert len(pieces) == 4
    assert len(table(b"".join(pieces).decode())) == 1301


@only_sqlite
def test_one_readers_record_is_a_zip_of_json_and_csv(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        story.reader("taro", name="=1+1", company="見本製作所")
        story.reader("jiro", name="鈴木 次郎")
        story.inquiry("taro", "図面を見てほしいです。")
    answer = browser.post("/desk/readers/taro/record.zip", seen="/desk/readers/taro")
    assert answer.mimetype == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        found = {name: archive.read(name).decode() for name in archive.namelist()}
    assert {"reader.json", "readers.csv", "events.csv", "inquiries.csv"} <= found.keys()
    assert json.loads(found["reader.json"])["readers"][0]["name"] == "=1+1"
    assert "'=1+1" in found["readers.csv"]
    assert "図面を見てほしいです。" in found["inquiries.csv"]
    assert "鈴木" not in str(found)
    assert browser.client.get("/desk/readers/taro/record.zip").status_code == 404
    nobody = browser.post("/desk/readers/nobody/record.zip", seen="/desk/readers/taro")
    assert nobody.status_code == 404


def name_of(house: House, reader_id: str) -> str | None:
    with reading(house.context.engine) as connection:
        found = readers.get(connection, reader_id)
    assert found
    return found.name


@only_sqlite
@pytest.mark.parametrize("typed", ["", "jiro@example.jp", "taro", "taro@example.jp.evil.example"])
def test_nobody_is_erased_by_a_slip(house: House, browser: Browser, typed: str) -> None:
    with writing(house.context.engine) as connection:
        Story(connection).reader("taro", name="山田 太郎")
        Story(connection).reader("jiro", name="鈴木 次郎")
    answer = browser.post("/desk/readers/taro/erasure", address=typed)
    assert answer.status_code == 422
    assert "アドレスと違います" in answer.text
    assert name_of(house, "taro") == "山田 太郎"


@only_sqlite
def test_an_erasure_is_at_once_and_says_what_is_left(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        story.reader("taro", name="山田 太郎", company="見本製作所")
        story.inquiry("taro", "図面を見てほしいです。")
        refused = "550 <taro@example.jp>: no such user"
        story.mail("m1", "taro", DeliveryState.FAILED, reason=refused, smtp_code=550)
    answer = browser.post("/desk/readers/taro/erasure", address=" ＴＡＲＯ@Example.jp ")
    assert (answer.status_code, answer.location) == (303, "/desk/readers/taro")
    page = browser.get("/desk/readers/taro").text
    assert "この読者は消去済みです" in page
    for secret in ("太郎", "見本製作所", "taro@example.jp", "図面を"):
        assert secret not in page
    with reading(house.context.engine) as connection:
        left = json.dumps(dossier.export(connection, "taro"), ensure_ascii=False)
    assert "taro@" not in left
    assert "すべて書き出す" not in page
    again = browser.client.get("/desk/readers/taro/erasure")
    assert "この読者は消去済みです" in words_of(again.text)
    assert browser.client.get("/desk/readers/nobody/erasure").status_code == 404


@only_sqlite
def test_erasing_twice_changes_nothing_more(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        Story(connection).reader("taro", name="山田 太郎")
    path = "/desk/readers/taro/erasure"
    assert browser.post(path, address="taro@example.jp").status_code == 303
    assert browser.post(path, seen="/desk/account", address="taro@example.jp").status_code == 409
