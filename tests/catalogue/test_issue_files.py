"""Issues of the newsletter: read as written, and every mistake told with its place."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.catalogue.small_site import write_site
from tracker.catalogue.issues import Audience, for_everybody
from tracker.catalogue.load import load, read
from tracker.words import Stage

FILE = "site/newsletters/2026-12-01-lines.md"
ISSUE = """\
---
send_at: 2026-12-01T10:00
subject: "{{ name }} 様、終わりの2行"
preview: 10分で。
audience:
  stages: [interest]
  personas: [owner]
  engaged_since: 90
---

{{ name }} 様

{{ company }}では、いかがですか。[よい記事](/articles/good.md){ .button }
"""


def problems(tmp_path: Path, text: str = ISSUE, file: str = FILE, **more: str) -> list[str]:
    _, found = load(write_site(tmp_path, {file: text, **more}))
    return [str(problem) for problem in found]


def test_an_issue_is_read_whole(tmp_path: Path) -> None:
    catalogue, found = load(write_site(tmp_path, {FILE: ISSUE}))
    assert found == []
    assert catalogue is not None
    (issue,) = catalogue.issues
    assert issue.id == "lines"
    assert issue.at(ZoneInfo("Asia/Tokyo")) == datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    assert issue.audience == Audience(
        stages=(Stage.INTEREST,), personas=("owner",), engaged_since=90
    )
    assert issue.url == "newsletters/lines/"
    assert catalogue.issue_at("/newsletters/lines/") is issue


def test_a_draft_is_sent_to_nobody(tmp_path: Path) -> None:
    root = write_site(tmp_path, {FILE: ISSUE.replace("preview", "draft: true\npreview")})
    catalogue = read(root).catalogue
    assert catalogue is not None
    assert catalogue.issues == ()
    with_drafts = read(root, drafts=True).catalogue
    assert with_drafts is not None
    assert [issue.id for issue in with_drafts.issues] == ["lines"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("T10:00", "", ":2:10: send_at は日付と時刻で書きます（例: 2026-12-01T10:00"),
        ("T10:00", "T10:00+09:00", ":2:10: send_at は日付と時刻で書きます"),
        ("12-01T", "12-02T", ":2:10: send_at の日付 2026-12-02 とファイル名の 2026-12-01 が違い"),
        ("[interest]", "[intrest]", ":6:12: stages「intrest」は使えません（もしかして: interest"),
        ("[owner]", "[boss]", ":7:14: persona「boss」は使えません（使える値: owner）"),
        ("since: 90", "since: 0", ":8:18: engaged_since「0」は範囲の外です"),
        ("preview", "previw", ":4:1: キー「previw」は使えません（もしかして: preview"),
        ("good.md", "gone.md", "ページ「/articles/gone.md」がありません"),
        ("{{ company }}", "{{ diagnosis }}", "差し込み「diagnosis」は使えません（使える値: name, c"),
        ("いかがですか。", "\n\n/// cta | x\n///\n\n", "/// cta はメールには書けません"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_stands(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert ISSUE.count(old) == 1
    found = problems(tmp_path, ISSUE.replace(old, new))
    assert any(one.startswith(FILE) and told in one for one in found), found


def test_a_file_of_another_name_is_told(tmp_path: Path) -> None:
    told = problems(tmp_path, file="site/newsletters/december.md")
    assert told == [
        "site/newsletters/december.md:1: ファイル名は「日付-名前.md」にします"
        "（例: 2026-12-01-year-end.md。半角の小文字・数字・ハイフン）"
    ]


def test_two_issues_of_one_name_would_be_one(tmp_path: Path) -> None:
    again = {"site/newsletters/2026-12-08-lines.md": ISSUE.replace("12-01T", "12-08T")}
    assert problems(tmp_path, **again) == [
        f"site/newsletters/2026-12-08-lines.md:1: 名前「lines」の号は{FILE}にもあります"
    ]


def test_the_place_of_the_archive_is_no_page(tmp_path: Path) -> None:
    page = "---\ntitle: 一覧\nkind: page\n---\n\n# 一覧\n"
    (told,) = problems(tmp_path, **{"site/pages/newsletters/index.md": page})
    assert told.startswith("site/pages/newsletters/index.md:1: /newsletters/ は")


def test_for_everybody_nobody_is_named() -> None:
    assert for_everybody("{{ name }} 様\n\n{{company}}の{{ name }}様へ") == (
        "読者のみなさま\n\n御社の読者様へ"
    )


def test_an_audience_says_whom_it_means() -> None:
    assert Audience().label == "登録した人すべて"
    assert (
        Audience(stages=(Stage.INTEREST, Stage.TRUST), engaged_since=90).label
        == "登録した人のうち、関心・信頼の段階にいる、90日のうちに動きのあった人"
    )
