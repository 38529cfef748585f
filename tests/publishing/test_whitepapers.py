"""Whitepapers: an editor's Markdown printed by a real Chromium, and the PDFs that are shipped."""

import os
from pathlib import Path
from unicodedata import normalize

import pytest
from pypdf import PdfReader

from tests import chromium
from tracker.catalogue.firm import Firm
from tracker.publishing.whitepapers import (
    WhitepaperUnprintableError,
    html,
    print_all,
    print_pdf,
    read_whitepaper,
)

SHIPPED = Path(__file__).parents[2] / "site" / "whitepapers"
A4 = (595, 842)  # points

PAPER = """---
title: 小さな資料
subtitle: 印刷の試し
---

表紙に載る文です。

## 最初の章

- [ ] 確かめること

## 次の章

終わりの文です。
"""

FIRM = """name: 見本合同会社
postal_address: 〒000-0000 架空県
contact: madoguchi@mihon.example.jp
sender_name: 見本
sender_address: tayori@mihon.example.jp
reply_to: henji@mihon.example.jp
consent: {version: "1", mail: 受け取ります}
"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = chromium.executable()
    if found is None:
        told = "no Chromium found: printing was NOT tested"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "firm.yml").write_text(FIRM, encoding="utf-8")
    made = tmp_path / "whitepapers"
    made.mkdir()
    (made / "small.md").write_text(PAPER, encoding="utf-8")
    return made


def pages(pdf: Path) -> list[str]:
    return [page.extract_text() for page in PdfReader(pdf).pages]


def plain(text: str) -> str:
    """What a font may have told as radicals (U+2F00 to U+2FD5), as the characters meant."""
    return normalize("NFKC", text)


def test_a_whitepaper_is_printed_with_cover_chapters_page_numbers_and_firm(
    folder: Path, browser: str
) -> None:
    assert print_all(folder, browser) == [folder / "small.pdf"]

    cover, first, second = map(plain, pages(folder / "small.pdf"))
    for words in ("小さな資料", "印刷の試し", "表紙に載る文です。", "見本合同会社"):
        assert words in cover
    assert "/ 3" not in cover
    assert "最初の章" in first
    assert "確かめること" in first
    assert "2 / 3" in first
    assert "次の章" in second
    assert "madoguchi@mihon.example.jp" in second

    printed = PdfReader(folder / "small.pdf")
    assert printed.metadata is not None
    assert printed.metadata.title == "小さな資料"
    for page in printed.pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == A4


def test_only_what_changed_is_printed_again(folder: Path, browser: str) -> None:
    pdf, source = folder / "small.pdf", folder / "small.md"
    print_all(folder, browser)
    assert print_all(folder, browser) == []

    printed = pdf.stat().st_mtime
    for changed in (source, folder.parent / "firm.yml"):
        os.utime(changed, (printed + 10, printed + 10))
        os.utime(pdf, (printed, printed))
        assert print_all(folder, browser) == [pdf]
        os.utime(changed, (printed - 10, printed - 10))


def test_mistakes_of_all_files_are_told_with_file_and_line_and_nothing_is_printed(
    folder: Path,
) -> None:
    (folder / "a.md").write_text("---\ntitel: 題\n---\n本文\n", encoding="utf-8")
    (folder / "b.md").write_text("front matter のない文\n", encoding="utf-8")

    with pytest.raises(WhitepaperUnprintableError) as told:
        print_all(folder, "/nowhere/chromium")

    message = str(told.value)
    assert f"{folder / 'a.md'}:2:1: キー「titel」は使えません" in message
    assert "もしかして: title" in message
    assert f"{folder / 'b.md'}:1: front matter がありません" in message
    assert not list(folder.glob("*.pdf"))


def test_without_chromium_the_operator_is_told_and_the_old_pdf_stays(folder: Path) -> None:
    target = folder / "small.pdf"
    target.write_bytes(b"the one before")
    with pytest.raises(WhitepaperUnprintableError, match="「/nowhere/chromium」を起動できません"):
        print_pdf(folder / "small.md", target, "/nowhere/chromium")
    assert target.read_bytes() == b"the one before"
    assert [p.name for p in folder.iterdir() if p.name.startswith(".")] == []


def test_a_browser_that_prints_nothing_is_told(folder: Path) -> None:
    with pytest.raises(WhitepaperUnprintableError, match="PDFを作りませんでした"):
        print_pdf(folder / "small.md", folder / "small.pdf", "true")
    with pytest.raises(WhitepaperUnprintableError, match="失敗しました"):
        print_pdf(folder / "small.md", folder / "small.pdf", "false")


def test_a_title_cannot_leave_its_place(folder: Path) -> None:
    source = folder / "small.md"
    source.write_text(
        """---\ntitle: 'a"}</style><b>\\'\n---\n\n## 章\n""",
        encoding="utf-8",
    )
    page = html(read_whitepaper(source))
    assert page.count("</style>") == 1
    assert r'content: "a\"}\3c /style>\3c b>\\"' in page
    assert "<h1>a&quot;}&lt;/style&gt;&lt;b&gt;\\</h1>" in page


def test_a_picture_beside_the_markdown_is_found(folder: Path) -> None:
    source = folder / "small.md"
    source.write_text(PAPER + "\n![図](chart.png)\n![外](https://example.jp/x.png)\n", "utf-8")
    page = html(read_whitepaper(source), folder=folder)
    assert f'src="{(folder / "chart.png").as_uri()}"' in page
    assert 'src="https://example.jp/x.png"' in page


@pytest.mark.parametrize("source", sorted(SHIPPED.glob("*.md")), ids=lambda path: path.stem)
def test_each_shipped_resource_opens_and_is_what_its_markdown_says(source: Path) -> None:
    pdf = source.with_suffix(".pdf")
    paper = read_whitepaper(source)
    firm_sheet = (SHIPPED.parent / "firm.yml").read_text(encoding="utf-8")
    texts = pages(pdf)
    assert 4 <= len(texts) <= 8
    assert paper.front.title in texts[0]
    headings = [line[3:] for line in paper.body.splitlines() if line.startswith("## ")]
    assert len(headings) >= 4
    flat = ["".join(text.split()) for text in texts[1:]]
    assert len(flat) == len(headings), "a chapter runs over its page"
    for heading, text in zip(headings, flat, strict=True):
        assert "".join(heading.split()) in text
    assert any(f"name: {name}" in firm_sheet for name in texts[0].splitlines())
    assert pdf.stat().st_size < 1_000_000


@pytest.mark.parametrize("pdf", sorted(SHIPPED.glob("*.pdf")), ids=lambda path: path.stem)
def test_a_reader_can_search_in_each_shipped_resource(pdf: Path) -> None:
    radicals = {c for text in pages(pdf) for c in text if "\u2e80" <= c <= "\u2fdf"}
    assert not radicals, "print it where BIZ UDPGothic is installed (see whitepapers.css)"


def test_three_resources_are_shipped() -> None:
    assert {path.stem for path in SHIPPED.glob("*.pdf")} == {
        "nurturing-starter",
        "step-mail-workbook",
        "cta-checklist",
    }


def test_the_firm_of_the_site_is_who_signs() -> None:
    firm = Firm.model_validate(
        {
            "name": "A & B",
            "postal_address": "x",
            "contact": "c@example.jp",
            "sender_name": "s",
            "sender_address": "s@example.jp",
            "reply_to": "r@example.jp",
            "consent": {"version": "1", "mail": "m"},
        }
    )
    page = html(read_whitepaper(SHIPPED / "cta-checklist.md"), firm)
    assert '<p class="firm">A &amp; B</p>' in page
    assert "<footer><b>A &amp; B</b>c@example.jp</footer>" in page
