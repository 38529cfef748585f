"""A letter rendered once and filled is the letter that would have been made for its reader alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

import css_inline
import pytest
from jinja2 import Environment, PackageLoader
from markupsafe import escape

from nurture_worker.letters import bodies, template
from nurture_worker.letters.message import Envelope, Written, as_bytes
from nurture_worker.letters.template import Frame
from tests.conftest import NOW
from tests.content import FIRM
from tests.servers import html_of, text_of
from tracker.catalogue import Catalogue
from tracker.catalogue.load import load
from tracker.catalogue.scenarios import Step
from tracker.slots import Slotted, slot, without_slots

UNSUBSCRIBE = "https://a.example/unsubscribe/WzUsImEiXQ.s-i_g"
PREFERENCES = "https://a.example/preferences/WzUsImEiXQ.s-i_g"
ENVELOPE = Envelope(
    recipient="hanako@example.jp",
    message_id="<s.abc@example.jp>",
    list_name="step-interest",
    feedback="interest:thanks:step:sodate",
    at=NOW,
    unsubscribe=UNSUBSCRIBE,
)


@dataclass(frozen=True)
class Somebody:
    name: str | None = "山田 花子"
    company: str | None = "A&B <製作所>"


@pytest.fixture(scope="module")
def site() -> Catalogue:
    found, problems = load(Path(__file__).parents[2])
    assert found is not None
    assert problems == []
    return found


def link(place: int, target: str) -> str:
    return f"https://a.example/c/{place}.{target}?a=1&b=2"


def filled(site: Catalogue, step: Step, diagnosis: str | None, reader: Somebody) -> Written:
    made = template.template_of(
        bodies.drafted(step.subject, step.preview, step.body, site),
        Frame(site.firm, unsubscribe=True, preferences=True),
    )
    ways = {"unsubscribe": UNSUBSCRIBE, "preferences": PREFERENCES}
    fill = template.fill_of(made, reader, link, diagnosis, site, **ways)
    return template.written(made, fill)


def for_one(site: Catalogue, step: Step, diagnosis: str, reader: Somebody) -> Written:
    """The same letter by one way through Markdown and the styles, the reader's own in it."""

    def named(text: str, *, html: bool = False) -> str:
        for name in ("name", "company"):
            value = getattr(reader, name)
            text = text.replace(f"{{{{ {name} }}}}", str(escape(value)) if html else value)
        return text

    markdown = bodies.with_links(
        step.body.replace("{{ diagnosis }}", diagnosis), site, lambda n, to: link(n, to)
    )
    environment = Environment(
        loader=PackageLoader("nurture_worker"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    frame = {"firm": site.firm, "unsubscribe": UNSUBSCRIBE, "preferences": PREFERENCES}
    page = environment.get_template("mail.html").render(
        subject=named(step.subject),
        preview=named(step.preview),
        body=named(bodies.as_html(markdown), html=True),
        **frame,
    )
    inliner = css_inline.CSSInliner(keep_at_rules=True, keep_style_tags=False)
    text = named(bodies.as_text(markdown))
    return Written(
        subject=named(step.subject),
        text=environment.get_template("mail.txt").render(body=text, **frame),
        html=inliner.inline(page),
    )


def steps(site: Catalogue) -> Iterator[Step]:
    for scenario in site.scenarios:
        yield from scenario.steps


def test_every_step_of_the_site_says_what_it_said_when_made_for_one_reader(site: Catalogue) -> None:
    page = site.diagnosis_page()
    assert page is not None
    assert page.diagnosis is not None
    answers = {question.id: 0 for question in page.diagnosis.questions}
    shown = 0
    for result in (None, page.diagnosis.result(answers)):
        own = template.diagnosis_of(site, result)
        assert own is not None
        for step in steps(site):
            shown += "{{ diagnosis }}" in step.body
            assert filled(site, step, own, Somebody()) == for_one(site, step, own, Somebody())
    assert shown > 2


def test_one_template_serves_all_readers(site: Catalogue) -> None:
    step = next(steps(site))
    draft = bodies.drafted(step.subject, step.preview, step.body, site)
    frame = Frame(site.firm, unsubscribe=True)
    assert template.template_of(draft, frame) is template.template_of(draft, frame)
    other = replace(draft, markdown=draft.markdown + "。")
    assert template.template_of(other, frame) is not template.template_of(draft, frame)


@pytest.mark.parametrize("name", ['"><img src=x onerror=1>', "\ufdd0link0\ufdd1", "{{ company }}"])
def test_a_readers_name_opens_no_place_and_no_tag(site: Catalogue, name: str) -> None:
    step = next(step for step in steps(site) if "{{ name }}" in step.body)
    made = filled(site, step, template.diagnosis_of(site, None), Somebody(name))
    assert f"{name} 様" in made.text
    assert f"{escape(name)} 様" in made.html


def test_an_editors_non_characters_are_no_place() -> None:
    assert without_slots(f"a{slot('name')}b") == "anameb"
    assert Slotted.of(f"a{slot('name')}b{slot('link0')}").filled({"name": "N", "link0": "L"}) == "aNbL"  # fmt: skip


def the_old_way(written: Written, envelope: Envelope) -> EmailMessage:
    domain = FIRM.sender_address.partition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(FIRM.sender_name, addr_spec=FIRM.sender_address)
    message["To"] = Address(addr_spec=envelope.recipient)
    message["Reply-To"] = Address(addr_spec=FIRM.reply_to)
    message["Subject"] = written.subject
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = envelope.message_id
    message["List-Id"] = f"<{envelope.list_name}.{domain}>"
    message["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Feedback-ID"] = envelope.feedback
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(written.text, cte="base64")
    message.add_alternative(written.html, subtype="html", cte="base64")
    return message


@pytest.mark.parametrize(
    ("subject", "recipient"),
    [
        ("はじめての方へ、とても長い件名なので一行には収まらず、二行目からもう一度始まります🙂", "a@b.jp"),
        ("plain words", '"a..b"@docomo.ne.jp'),
        ("山田 花子 様", "a.b+c@b.example.jp"),
    ],
)  # fmt: skip
def test_the_bytes_are_the_message_that_python_itself_makes(subject: str, recipient: str) -> None:
    written = Written(subject, "一行目\n二行目\n", "<p>本文</p>\n")
    envelope = replace(ENVELOPE, recipient=recipient)
    content = as_bytes(written, envelope, FIRM)
    assert max(map(len, content.split(b"\r\n"))) < 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    content.decode("ascii")
    made = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    old = message_from_bytes(
        the_old_way(written, envelope).as_bytes(), _class=EmailMessage, policy=policy.default
    )
    assert made["Subject"] == subject
    leaving = {"Content-Type"}
    assert {k: str(v) for k, v in made.items() if k not in leaving} == {
        k: str(v) for k, v in old.items() if k not in leaving
    }
    assert (text_of(made), html_of(made)) == (text_of(old), html_of(old))
    assert [p["Content-Type"] for p in made.walk()][1:] == [p["Content-Type"] for p in old.walk()][
        1:
    ]
    assert made.defects == []


def test_a_name_that_looks_like_an_encoded_word_is_no_such_word() -> None:
    content = as_bytes(Written("=?utf-8?b?5bGx?= 様", "t", "h"), ENVELOPE, FIRM)
    assert message_from_bytes(content, policy=policy.default)["Subject"] == "=?utf-8?b?5bGx?= 様"


def test_no_blank_between_japanese_words_is_lost_where_a_line_breaks() -> None:
    """Python's own folding loses it: two encoded words side by side are read as one."""
    subject = "【引き渡し】東都精機株式会社 佐々木 健一 様：温まった読者です"
    content = as_bytes(Written(subject, "t", "h"), ENVELOPE, FIRM)
    assert message_from_bytes(content, policy=policy.default)["Subject"] == subject


def test_a_long_address_of_the_way_out_stays_on_one_line() -> None:
    long = "https://t.example.co.jp/unsubscribe/" + "Ab0_-" * 60
    content = as_bytes(Written("s", "t", "h"), replace(ENVELOPE, unsubscribe=long), FIRM)
    assert f"\r\nList-Unsubscribe: <{long}>\r\n".encode() in content
