"""The mails a reader asked for by a form: each with the button that confirms the address. Pure."""

from datetime import datetime

from nurture_worker.letters import bodies
from nurture_worker.letters.bodies import Letter
from tracker.catalogue import Catalogue
from tracker.catalogue.diagnoses import Result
from tracker.catalogue.firm import Firm


def file(title: str, confirm: str, days: int) -> Letter:
    """The way to a resource, which is good for ``days`` days."""
    return Letter(
        subject=f"【資料のお届け】{title}",
        preview="ボタンを押すと、アドレスの確認が済み、資料を受け取れます。",
        markdown=_FILE.format(title=title, confirm=confirm, days=days),
    )


def newsletter(title: str, confirm: str) -> Letter:
    """The button without which nobody is signed up."""
    return Letter(
        subject=f"【登録の確認】{title}",
        preview="ボタンを押すと、登録が済みます。",
        markdown=_NEWSLETTER.format(title=title, confirm=confirm),
    )


def report(result: Result, confirm: str, catalogue: Catalogue, site_url: str) -> Letter:
    """A diagnosis' result, its link leading to a page of the site."""
    told = bodies.with_diagnosis("{{ diagnosis }}", result, "")
    return Letter(
        subject="【3分診断】あなたのサイトの結果と、まず変えること",
        preview="弱いところと、直す順番をまとめました。",
        markdown=bodies.with_links(
            _REPORT.format(confirm=confirm, report=told),
            catalogue,
            lambda _n, target: target if target.startswith("http") else f"{site_url}/{target}",
        ),
    )


def receipt(firm: Firm, at: datetime, confirm: str | None) -> Letter:
    """That an inquiry came in at ``at`` (the firm's clock): neither its words nor a promise of more
    mails. Who ticked the box gets the button ``confirm``."""
    told = _RECEIPT.format(firm=firm.name, at=f"{at:%Y年%m月%d日 %H:%M}", contact=firm.contact)
    return Letter(
        subject="お問い合わせを受け付けました",
        preview="担当者が内容を読み、お返事します。",
        markdown=told + (_RECEIPT_TICKED.format(confirm=confirm) if confirm else ""),
    )


_FILE = """{{{{ name }}}} 様

資料「{title}」をお申し込みくださり、ありがとうございます。

下のボタンを開き、開いたページのボタンを押すと、アドレスの確認が済み、PDFを受け取れます。

[資料を受け取る]({confirm}){{ .button }}

このリンクは{days}日間使えます。お申し込みにお心当たりがないときは、このメールを削除してください。ボタンを押さないかぎり、これからのご案内はお送りしません。
"""

_RECEIPT = """{{{{ name }}}} 様

お問い合わせをいただき、ありがとうございます。{firm}です。

{at} に、たしかに受け付けました。担当者が内容を読み、このアドレスへお返事します。

お書きいただいた内容は、このメールには載せていません。付け足したいことがあるときや、お心当たりがないときは、次の宛先へお知らせください。

{contact}
"""

_RECEIPT_TICKED = """
## メールでのご案内について

「メールでのご案内」に印を付けてくださいました。下のボタンを開き、開いたページのボタンを押すと、アドレスの確認が済みます。押さないかぎり、ご案内はお送りしません。

[アドレスを確認する]({confirm}){{ .button }}
"""

_NEWSLETTER = """{{{{ name }}}} 様

「{title}」へのご登録、ありがとうございます。

下のボタンを開き、開いたページのボタンを押すと、アドレスの確認が済み、登録が終わります。

[登録を確認する]({confirm}){{ .button }}

お心当たりがないときは、このメールを削除してください。ボタンを押さないかぎり、登録されません。
"""

_REPORT = """{{{{ name }}}} 様

3分診断にお答えくださり、ありがとうございます。結果をお届けします。

{report}

## アドレスの確認のお願い

下のボタンを開き、開いたページのボタンを押すと、アドレスの確認が済みます。これからのご案内に同意くださった方には、段階に合わせた内容をお送りします。

[アドレスを確認する]({confirm}){{ .button }}
"""
