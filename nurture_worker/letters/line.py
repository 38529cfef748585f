"""A letter as LINE shows it, and the letter that leads a reader there. Pure."""

import re
from collections.abc import Mapping
from datetime import timedelta

from nurture_worker.letters import bodies, template
from nurture_worker.letters.bodies import Draft, Letter, LinkFor, as_text
from nurture_worker.letters.template import Addressee, Frame
from tracker.catalogue import Catalogue
from tracker.catalogue.diagnoses import Result
from tracker.catalogue.firm import Firm
from tracker.catalogue.line import LONGEST, MOST, parts
from tracker.catalogue.scenarios import Step
from tracker.slots import Slotted

TOKEN_LIVES = timedelta(minutes=10)
"""LINE's token for linking an account."""

_BLANKS = re.compile(r"\n{3,}")


class TooLongError(Exception):
    """A message that LINE would refuse."""


def of_step(
    step: Step,
    reader: Addressee,
    catalogue: Catalogue,
    link_for: LinkFor,
    result: Result | None,
    unsubscribe: str,
    preferences: str,
) -> list[str]:
    """The texts of a step for ``reader``, with their own ``result`` of the 3-minute diagnosis where
    the step shows it. Raises ``KeyError`` for a link to a page that is not in the catalogue, and as
    ``messages``."""
    draft = bodies.of_step(step, catalogue)
    made = template.template_of(draft, Frame(catalogue.firm))
    diagnosis = template.diagnosis_of(catalogue, result) if made.has_diagnosis else None
    fill = template.fill_of(made, reader, link_for, diagnosis, catalogue)
    parts = {name: text for name, (text, _) in fill.parts.items()}
    return messages(draft, {**fill.values, **parts}, catalogue.firm, unsubscribe, preferences)


def messages(
    draft: Draft, values: Mapping[str, str], firm: Firm, unsubscribe: str, preferences: str
) -> list[str]:
    """The texts of one push, in their order: the letter with ``values`` in its open places, cut
    where its editor drew a line (``---``), and below the last who writes, and the ways out.

    Raises ``TooLongError`` for more than LINE takes: 5 messages of 5,000 UTF-16 code units.
    """
    texts = [Slotted.of(as_text(part)).filled(values) for part in parts(draft.markdown)]
    texts[-1] += (
        f"\n\n――――\n{firm.sender_name}（{firm.name}）\n{firm.postal_address}\n{firm.contact}"
        f"\n\n配信を停止する\n{unsubscribe}\nメールに戻す・受け取る種類を選ぶ\n{preferences}"
    )
    texts = [_BLANKS.sub("\n\n", text).strip() for text in texts]
    if len(texts) > MOST or any(units(text) > LONGEST for text in texts):
        raise TooLongError("LINE takes 5 messages of 5,000 characters")
    return texts


def units(text: str) -> int:
    """The length as LINE counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "replace")) // 2


def asked(link: str) -> Letter:
    """The mail to who asked in LINE to be linked."""
    return Letter(
        subject="【LINEの連携】つなぐためのリンク",
        preview="10分以内に、LINEをお使いの端末で開いてください。",
        markdown=_ASKED.format(link=link),
    )


def invitation(link: str, firm: str) -> str:
    """What the firm answers in LINE to who followed it, or asked."""
    return (
        f"{firm}です。友だち追加をありがとうございます。\n\n"
        "読み物のご案内をメールの代わりにLINEで受け取るときは、10分以内に次のページを開いてください。"
        f"\n{link}\n\nあとでつなぐときは「連携」と送ってください。"
    )


_ASKED = """{{{{ name }}}} 様

LINEで「連携」のお申し込みがありました。LINEをお使いの端末で下のボタンを開き、開いたページのボタンを押すと、これからの読み物のご案内がLINEに届きます。

[LINEとつなぐ]({link}){{ .button }}

このリンクは10分間使えます。お心当たりがないときは、このメールを削除してください。ボタンを押さないかぎり、何も変わりません。
"""
