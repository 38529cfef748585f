"""Who sends, and on which wording of consent: ``site/firm.yml``."""

from hashlib import sha256

from pydantic import EmailStr, Field

from tracker.catalogue.sales import Sales
from tracker.catalogue.sendings import Sending
from tracker.catalogue.values import Value


class Consent(Value):
    """The wording shown beside the box a reader ticks. What was shown is kept by its hash."""

    version: str = Field(
        min_length=1, description='文面の版。文面を変えたら必ず変える（例: "2026-11"）'
    )
    mail: str = Field(min_length=1, description="フォームのチェックの横に出る、メールの同意の文面")

    @property
    def hash(self) -> str:
        """SHA-256 of version and wording, in hex: names the wording a consent was given to."""
        return sha256(f"{self.version}\n{self.mail}".encode()).hexdigest()


class Firm(Value):
    """The sender, as 特定電子メール法 (法律第26号, 2002) 第4条 asks for it in each mail."""

    name: str = Field(
        min_length=1, description="送信者の正式な名前（会社名）。どのメールの末尾にも出る"
    )
    postal_address: str = Field(min_length=1, description="住所。どのメールの末尾にも出る")
    contact: str = Field(
        min_length=1, description="苦情や問い合わせを受ける連絡先（電話、メール、URL）"
    )
    sender_name: str = Field(min_length=1, description="差出人の名前（受信箱に出る）")
    sender_address: EmailStr = Field(description="差出人のアドレス")
    reply_to: EmailStr = Field(description="返信が届くアドレス。人が読むもの")
    consent: Consent = Field(description="メールを送る同意の文面。見せたものが記録に残る")
    sending: Sending = Field(
        default_factory=lambda: Sending.model_validate({}),
        description="シナリオとメールマガジンを送る時間帯と、一人に送る上限",
    )
    sales: Sales = Field(
        default_factory=lambda: Sales.model_validate({}),
        description="営業に引き渡した読者に、いつまでに連絡するか",
    )
