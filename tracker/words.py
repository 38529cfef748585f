"""The words of the field, spelt once: code, tables, URLs, files and screens all take them from here."""

from enum import StrEnum


class Stage(StrEnum):
    """How far a reader has come towards buying. Ordered: a later member is a later stage."""

    AWARENESS = "awareness"
    INTEREST = "interest"
    UNDERSTANDING = "understanding"
    TRUST = "trust"

    @property
    def label(self) -> str:
        """The word readers and marketing see, in Japanese."""
        return {"awareness": "認知", "interest": "関心", "understanding": "理解", "trust": "信頼"}[
            self.value
        ]

    @property
    def rank(self) -> int:
        """0 for awareness to 3 for trust."""
        return list(Stage).index(self)


class PageKind(StrEnum):
    """What a page is to its reader."""

    ARTICLE = "article"
    CASE = "case"
    VOICE = "voice"
    RESOURCE = "resource"
    SEMINAR = "seminar"
    VIDEO = "video"
    DIAGNOSIS = "diagnosis"
    NEWSLETTER = "newsletter"
    INQUIRY = "inquiry"
    PAGE = "page"

    @property
    def label(self) -> str:
        return {
            "article": "記事",
            "case": "事例",
            "voice": "お客様の声",
            "resource": "資料",
            "seminar": "セミナー",
            "video": "動画",
            "diagnosis": "診断",
            "newsletter": "メールマガジン",
            "inquiry": "問い合わせ",
            "page": "ページ",
        }[self.value]


class EventKind(StrEnum):
    """One recorded fact. The names follow the exchange format ``lead-events/1``."""

    PAGE_VIEW = "page_view"
    SECTION = "section"
    CTA_SEEN = "cta_seen"
    CTA_CLICK = "cta_click"
    PAGE_END = "page_end"
    GATE_OPEN = "gate_open"
    GATE_FIELD = "gate_field"
    GATE_SUBMIT = "gate_submit"
    GATE_DOWNLOAD = "gate_download"
    CONFIRM = "confirm"
    MAIL_CLICK = "mail_click"
    MAIL_UNSUB = "mail_unsub"
    DIAGNOSIS = "diagnosis"
    INQUIRY = "inquiry"
    SEMINAR_REGISTER = "seminar_register"
    VIDEO_PROGRESS = "video_progress"
    PREFERENCES = "preferences"

    @property
    def label(self) -> str:
        return {
            "page_view": "ページを開いた",
            "section": "見出しまで読んだ",
            "cta_seen": "CTAを見た",
            "cta_click": "CTAを押した",
            "page_end": "ページを読み終えた",
            "gate_open": "フォームを見た",
            "gate_field": "フォームの項目に入力した",
            "gate_submit": "資料を申し込んだ",
            "gate_download": "資料を受け取った",
            "confirm": "アドレスを確認した",
            "mail_click": "メールのリンクを押した",
            "mail_unsub": "配信を停止した",
            "diagnosis": "3分診断に答えた",
            "inquiry": "問い合わせた",
            "seminar_register": "セミナーの席をとった",
            "video_progress": "動画を見た",
            "preferences": "メールの設定を変えた",
        }[self.value]


class DeliveryState(StrEnum):
    """Where one mail stands. Only ``planned`` may be claimed; the last six are final.

    ``uncertain`` says that the server may have taken the mail and we cannot know: it is shown to
    a person and never sent again by itself.
    """

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"

    @property
    def label(self) -> str:
        return {
            "planned": "予定",
            "claimed": "準備中",
            "sending": "送信中",
            "sent": "送信済み",
            "failed": "失敗",
            "bounced": "不達",
            "skipped": "見送り",
            "cancelled": "取り消し",
            "uncertain": "不明",
        }[self.value]


class MailKind(StrEnum):
    """Why a mail is sent; it decides whether an opt-out stops it."""

    STEP = "step"
    DELIVERY = "delivery"
    REPORT = "report"
    REMINDER = "reminder"


class Topic(StrEnum):
    """What a reader may switch on and off at ``/preferences/``."""

    STEP = "step"
    SEMINAR = "seminar"
    NEWSLETTER = "newsletter"

    @property
    def label(self) -> str:
        return {
            "step": "読み物のご案内",
            "seminar": "勉強会のお知らせ",
            "newsletter": "メールマガジン",
        }[self.value]

    @property
    def about(self) -> str:
        return {
            "step": "段階に合わせてお送りする、数通の読み物です。",
            "seminar": "お申し込みになった勉強会の、前日と1時間前のお知らせです。",
            "newsletter": "ひと月に1回ほどお送りします。",
        }[self.value]


class FormOf(StrEnum):
    """Whose form an event's ``gate`` names where it is not a resource's: ``diagnosis:<id>``,
    ``seminar:<id>``, or ``newsletter`` or ``inquiry`` alone."""

    DIAGNOSIS = "diagnosis"
    SEMINAR = "seminar"
    NEWSLETTER = "newsletter"
    INQUIRY = "inquiry"

    def gate(self, own_id: str) -> str:
        return f"{self.value}:{own_id}"

    def id_in(self, gate: str | None) -> str | None:
        """The id after ``<this>:``; ``None`` for the gate of anything else."""
        owner, _, own_id = (gate or "").partition(":")
        return own_id if owner == self.value and own_id else None


class EndReason(StrEnum):
    """Why a reader left a scenario; also the reason of the mails cancelled by it."""

    FINISHED = "finished"
    STAGE = "stage"
    UNSUBSCRIBED = "unsubscribed"
    INQUIRY = "inquiry"
    REMOVED = "removed"
    PREFERENCES = "preferences"

    @property
    def label(self) -> str:
        return {
            "finished": "最後まで送った",
            "stage": "次の段階へ進んだ",
            "unsubscribed": "配信を停止した",
            "inquiry": "問い合わせがあった",
            "removed": "シナリオかメールがなくなった",
            "preferences": "メールの設定で止めた",
        }[self.value]


class Verdict(StrEnum):
    """What a hit on a mail's link is held to be. Only ``human`` scores, branches and counts."""

    HUMAN = "human"
    MACHINE = "machine"
    UNSURE = "unsure"

    @property
    def label(self) -> str:
        return {"human": "人", "machine": "機械", "unsure": "不明"}[self.value]
