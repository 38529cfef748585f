"""Letters: both parts good, the sender named, nothing a reader typed breaks out."""

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from nurture_worker.letters import bodies, template
from nurture_worker.letters.bodies import Letter
from nurture_worker.letters.message import Envelope, as_bytes
from tests.conftest import NOW
from tests.content import DIAGNOSIS, FIRM, catalogue
from tests.servers import html_of, text_of

CATALOGUE = catalogue()
LETTER = Letter(
    subject="関心 1日目のお便り",
    preview="ひとこと",
    markdown="{{ name }} 様\n\n## 見出し\n\n- 一つ\n- **二つ**\n\n"
    "[事例を読む](https://a.example/c/T){ .button }",
    name="山田 太郎",
    company="ためし製作所",
)
ENVELOPE = Envelope(
    recipient="taro@example.jp",
    message_id="<s.abc@example.jp>",
    list_name="step-interest",
    feedback="interest:thanks:step:sodate",
    at=NOW,
    unsubscribe="https://a.example/unsubscribe/T",
)


def composed(letter: Letter = LETTER, envelope: Envelope = ENVELOPE) -> EmailMessage:
    written = template.once(letter, FIRM, unsubscribe=envelope.unsubscribe)
    message = message_from_bytes(as_bytes(written, envelope, FIRM), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_the_headers_are_those_of_a_step_mail() -> None:
    message = composed()
    assert message["From"] == "ためし編集部 <tayori@example.jp>"
    assert message["To"] == "taro@example.jp"
    assert message["Reply-To"] == "henji@example.jp"
    assert message["Subject"] == "関心 1日目のお便り"
    assert message["Message-ID"] == "<s.abc@example.jp>"
    assert message["List-Id"] == "<step-interest.example.jp>"
    assert message["List-Unsubscribe"] == "<https://a.example/unsubscribe/T>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    assert all(part["Content-Transfer-Encoding"] == "base64" for part in message.iter_parts())


def test_both_parts_name_the_sender_and_the_way_out() -> None:
    message = composed()
    for body in (text_of(message), html_of(message)):
        for words in (FIRM.name, FIRM.postal_address, FIRM.contact, "配信を停止する"):
            assert words in body
        assert "https://a.example/unsubscribe/T" in body


def test_a_mail_that_was_ordered_has_no_way_out_of_a_list() -> None:
    envelope = Envelope("taro@example.jp", "<s.a@example.jp>", "delivery", "f", NOW)
    message = composed(envelope=envelope)
    assert message["List-Unsubscribe"] is None
    assert "配信を停止" not in text_of(message)


def test_the_plain_text_reads_well() -> None:
    assert text_of(composed()).startswith(
        "山田 太郎 様\n\n■ 見出し\n\n- 一つ\n- 二つ\n\n事例を読む\nhttps://a.example/c/T\n"
    )


def test_an_address_never_breaks_a_sentence_of_the_plain_text() -> None:
    told = "くわしくは[事例](https://a.example/1)と[記事](https://a.example/2)に。"
    assert bodies.as_text(told) == (
        "くわしくは事例と記事に。\n→ 事例\nhttps://a.example/1\n→ 記事\nhttps://a.example/2"
    )


def test_a_table_is_a_list_in_plain_text() -> None:
    table = "| ページ | 閲覧 |\n|---|---:|\n| **一つめ** | 3 |\n| 二つめ | 1 |"
    assert bodies.as_text(table) == "・一つめ\n　閲覧：3\n・二つめ\n　閲覧：1"


def test_the_html_has_its_styles_inline_and_fetches_nothing() -> None:
    html = html_of(composed())
    button = html.split("事例を読む</a>")[0].rsplit("<a", 1)[1]
    assert "background" in button
    assert "src=" not in html
    assert "<script" not in html


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "[x](http://evil.example)", "{{ company }}", "**太**"]
)
def test_a_readers_name_stays_a_name(name: str) -> None:
    letter = Letter("{{ name }} 様へ", "", "{{ name }} 様", name=name, company="ためし")
    message = composed(letter)
    assert "<script>alert" not in html_of(message)
    assert 'href="http://evil' not in html_of(message)
    assert f"{name} 様" in text_of(message)
    assert message["Subject"] == f"{name} 様へ"


@pytest.mark.parametrize(
    "words",
    ["{{ env }}", "{{ config }}", "{{7*7}}", "{% for x in y %}", "${HOME}", "%(name)s", "{0}"],
)
def test_an_editors_words_are_no_template_but_for_the_two_names(words: str) -> None:
    message = composed(replace(LETTER, markdown=f"{{{{ company }}}} {words}"))
    assert f"ためし製作所 {words}" in text_of(message)
    assert f"ためし製作所 {words}" in html_of(message)


def test_a_name_cannot_add_a_header() -> None:
    letter = Letter("{{ name }} 様へ", "", "x", name="山田\r\nBcc: evil@example.jp")
    message = composed(letter)
    assert message["Bcc"] is None
    assert message["Subject"] == "山田 Bcc: evil@example.jp 様へ"


def test_a_reader_without_a_name_is_addressed_politely() -> None:
    assert text_of(composed(Letter("s", "", "{{ name }} 様"))).startswith("ご担当者 様\n")


def test_every_link_is_numbered_in_order_and_resolved() -> None:
    seen: list[tuple[int, str]] = []

    def link_for(place: int, target: str) -> str:
        seen.append((place, target))
        return f"L{place}"

    markdown = "[a](/cases/metal.md#steps) ![p](/x.png) [b](https://o.example/?x=1){ .button }"
    assert bodies.with_links(markdown, CATALOGUE, link_for) == (
        "[a](L0) ![p](/x.png) [b](L1){ .button }"
    )
    assert seen == [(0, "cases/metal/#steps"), (1, "https://o.example/?x=1")]


def test_a_link_to_a_missing_page_is_not_sent() -> None:
    with pytest.raises(KeyError):
        bodies.with_links("[a](/none.md)", CATALOGUE, lambda n, t: t)


def test_the_readers_own_report_stands_where_they_took_the_diagnosis() -> None:
    own = bodies.with_diagnosis(
        "まえ\n\n{{ diagnosis }}\n\nあと", DIAGNOSIS.result({"q1": 0, "q2": 1}), "/diagnosis.md"
    )
    assert "50点" in own
    assert "**導線**：次に読むものを置く" in own
    assert "/resources/guide.md" in own
    assert "3分診断をはじめる" not in own


def test_the_reports_bars_are_coloured_cells_with_a_figure_beside_and_signs_in_plain_text() -> None:
    letter = Letter(
        "s", "", bodies.with_diagnosis("{{ diagnosis }}", DIAGNOSIS.result({"q1": 0, "q2": 1}), "")
    )
    assert "- 導線　□□□□□□□□□□　0点\n- CTA　■■■■■■■■■■　100点" in bodies.as_text(letter.markdown)
    html = bodies.as_html(letter.markdown)
    assert html.count("<tr><th scope=") == 2
    assert html.count('bgcolor="#1f5a42">■</td>') == 10
    assert html.count('bgcolor="#e8e2d2">□</td>') == 10
    assert '<th scope="row">導線</th>' in html
    assert '<td class="points">0点</td>' in html
    assert "<li>導線" not in html
    assert "background: #1f5a42" in html_of(composed(letter))


def test_others_are_invited_to_it() -> None:
    invited = bodies.with_diagnosis("{{ diagnosis }}", None, "/diagnosis.md")
    assert "[3分診断をはじめる](/diagnosis.md){ .button }" in invited


def test_a_bar_is_ten_cells_whatever_it_shows() -> None:
    assert [bodies.bar(p) for p in (0, 50, 100, 140)] == [
        "□" * 10,
        "■" * 5 + "□" * 5,
        "■" * 10,
        "■" * 10,
    ]
