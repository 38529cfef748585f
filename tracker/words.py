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
    GATE_SHARED = "gate_shared"
    CONFIRM = "confirm"
    MAIL_CLICK = "mail_click"
    MAIL_UNSUB = "mail_unsub"
    MAIL_DELIVERED = "mail_delivered"
    MAIL_BOUNCE = "mail_bounce"
    MAIL_COMPLAINT = "mail_complaint"
    DIAGNOSIS = "diagnosis"
    INQUIRY = "inquiry"
    SEMINAR_REGISTER = "seminar_register"
    SEMINAR_ATTEND = "seminar_attend"
    VIDEO_PROGRESS = "video_progress"
    PREFERENCES = "preferences"
    LINE_FOLLOW = "line_follow"
    LINE_UNFOLLOW = "line_unfollow"
    DEAL_WON = "deal_won"
    DEAL_LOST = "deal_lost"
    IMPORTED = "imported"
    LINE_ASK = "line_ask"
    LINE_LINK = "line_link"
    LINE_UNLINK = "line_unlink"
    STAGE_SET = "stage_set"

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
            "gate_shared": "資料のリンクが何百回も使われた",
            "confirm": "アドレスを確認した",
            "mail_click": "メールのリンクを押した",
            "mail_unsub": "配信を停止した",
            "mail_delivered": "メールが届いたと知らされた",
            "mail_bounce": "メールが届かなかった",
            "mail_complaint": "迷惑メールとして報告した",
            "diagnosis": "3分診断に答えた",
            "inquiry": "問い合わせた",
            "seminar_register": "セミナーの席をとった",
            "seminar_attend": "セミナーに参加した",
            "video_progress": "動画を見た",
            "preferences": "メールの設定を変えた",
            "line_follow": "LINEで友だちになった",
            "line_unfollow": "LINEの友だちをやめた",
            "deal_won": "受注した",
            "deal_lost": "失注した",
            "imported": "名簿から取り込んだ",
            "line_ask": "LINEとの連携を申し込んだ",
            "line_link": "LINEで受け取ることにした",
            "line_unlink": "LINEで受け取るのをやめた",
            "stage_set": "デスクで段階を決めた",
        }[self.value]


ELSEWHERE = "elsewhere"
"""The key in an event's data that says: another system recorded this; answer nobody for it."""


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


class Channel(StrEnum):
    """By which way a delivery goes out."""

    MAIL = "mail"
    LINE = "line"

    @property
    def label(self) -> str:
        return {"mail": "メール", "line": "LINE"}[self.value]


class Choice(StrEnum):
    """What a person makes of a mail of which nobody knows whether it was taken."""

    ARRIVED = "arrived"
    AGAIN = "again"
    NEVER = "never"

    @property
    def label(self) -> str:
        return {"arrived": "届いていた", "again": "送り直す", "never": "送らない"}[self.value]


class MailKind(StrEnum):
    """Why a mail is sent; it decides whether an opt-out stops it."""

    STEP = "step"
    DELIVERY = "delivery"
    REPORT = "report"
    REMINDER = "reminder"
    HANDOFF = "handoff"
    NEWSLETTER = "newsletter"

    @property
    def label(self) -> str:
        return {
            "step": "ステップメール",
            "delivery": "申し込みへの返信",
            "report": "担当者への知らせ",
            "reminder": "セミナーのお知らせ",
            "handoff": "引き渡しの知らせ",
            "newsletter": "メールマガジン",
        }[self.value]


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


class Entry(StrEnum):
    """Who enters a scenario."""

    STAGE = "stage"
    NEWSLETTER = "newsletter"
    SEMINAR = "seminar"
    DORMANT = "dormant"

    @property
    def label(self) -> str:
        return {
            "stage": "その段階に来た人",
            "newsletter": "メールマガジンだけに登録した人",
            "seminar": "セミナーに申し込んだ人（終わったあと）",
            "dormant": "長いあいだ動きのない人",
        }[self.value]


class Late(StrEnum):
    """What becomes of a step that is much too late: after a downtime, a pause of the server."""

    SEND = "send"
    SHIFT = "shift"
    SKIP = "skip"


class Arm(StrEnum):
    """What the draw of a scenario's hold-out said of an enrolment."""

    MAILED = "mailed"
    HELD_OUT = "held_out"


class SetFor(StrEnum):
    """Why somebody at the desk set a reader's stage. No free text: it would tell of people."""

    TALKED = "talked"
    DEAL = "deal"
    TOO_FAR = "too_far"
    MISTAKEN = "mistaken"

    @property
    def label(self) -> str:
        return {
            "talked": "話をして分かった",
            "deal": "商談が進んだ",
            "too_far": "まだそこまで来ていない",
            "mistaken": "前の変更の間違いを直す",
        }[self.value]


class SkipReason(StrEnum):
    """Why a step was passed over that might have been sent."""

    CONDITION = "condition"
    LATE = "late"

    @property
    def label(self) -> str:
        return {"condition": "送る条件に合わなかった", "late": "遅れたので見送った"}[self.value]


class LeftOut(StrEnum):
    """Why a reader does not get an issue of the newsletter."""

    NOT_SIGNED_UP = "not_signed_up"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    SUNSET = "sunset"
    PAUSED = "paused"
    INQUIRED = "inquired"
    DEAL = "deal"
    STAGE = "stage"
    PERSONA = "persona"
    NOT_ENGAGED = "not_engaged"
    CAPPED = "capped"

    @property
    def label(self) -> str:
        return {
            "not_signed_up": "メールマガジンに登録していない（または確認がまだ）",
            "unsubscribed": "配信を停止した",
            "suppressed": "メールの届かないアドレス、または苦情",
            "sunset": "動きがないまま、配信を終えた",
            "paused": "しばらく休んでいる",
            "inquired": "問い合わせから間もない",
            "deal": "商談の結果から間もない",
            "stage": "段階が違う",
            "persona": "読んでいるページの向きが違う",
            "not_engaged": "近ごろ動きがない",
            "capped": "送れる数の上限にかかり、3日のうちに送れない",
        }[self.value]


class FormOf(StrEnum):
    """Whose form an event's ``gate`` names where it is not a resource's: ``diagnosis:<id>``,
    ``seminar:<id>``, ``line:<link token>``, or ``newsletter`` or ``inquiry`` alone."""

    DIAGNOSIS = "diagnosis"
    SEMINAR = "seminar"
    NEWSLETTER = "newsletter"
    INQUIRY = "inquiry"
    LINE = "line"

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
    UNDELIVERABLE = "undeliverable"
    COMPLAINT = "complaint"
    RETURNED = "returned"
    SUNSET = "sunset"
    DEAL = "deal"

    @property
    def label(self) -> str:
        return {
            "finished": "最後まで送った",
            "stage": "次の段階へ進んだ",
            "unsubscribed": "配信を停止した",
            "inquiry": "問い合わせがあった",
            "removed": "シナリオかメールがなくなった",
            "preferences": "メールの設定で止めた",
            "undeliverable": "メールの届かないアドレス",
            "complaint": "迷惑メールとして報告された",
            "returned": "また動きがあった",
            "sunset": "動きがないまま、配信を終えた",
            "deal": "商談の結果が出た",
        }[self.value]


class BounceReason(StrEnum):
    """Why a mail did not arrive."""

    NO_RECIPIENT = "no_recipient"
    NO_DOMAIN = "no_domain"
    DISABLED = "disabled"
    FULL = "full"
    TEMPORARY = "temporary"
    REFUSED = "refused"
    POLICY = "policy"

    @property
    def label(self) -> str:
        return {
            "no_recipient": "宛先がありません",
            "no_domain": "宛先のドメインがありません",
            "disabled": "使われていないアドレスです",
            "full": "受信箱がいっぱいです",
            "temporary": "相手のサーバーが一時的に受け取れませんでした",
            "refused": "相手のサーバーが受け取りませんでした",
            "policy": "相手のサーバーの方針で断られました",
        }[self.value]

    @property
    def is_hard(self) -> bool:
        """Whether no mail will ever arrive at that address."""
        return self in (BounceReason.NO_RECIPIENT, BounceReason.NO_DOMAIN, BounceReason.DISABLED)

    @property
    def is_soft(self) -> bool:
        """Whether it may pass. What a policy refused is neither: it is not about the address."""
        return not self.is_hard and self is not BounceReason.POLICY


class SuppressedFor(StrEnum):
    """Why an address gets no mail, whatever its reader had agreed to."""

    BOUNCE = "bounce"
    SOFT_BOUNCES = "soft_bounces"
    COMPLAINT = "complaint"
    UNSUBSCRIBED = "unsubscribed"

    @property
    def label(self) -> str:
        return {
            "bounce": "メールの届かないアドレス",
            "soft_bounces": "何日も続けて届かなかったアドレス",
            "complaint": "迷惑メールとして報告された",
            "unsubscribed": "配信を停止した",
        }[self.value]

    @property
    def end_reason(self) -> EndReason:
        """Why the reader's scenario and planned mails end by it."""
        return {
            SuppressedFor.COMPLAINT: EndReason.COMPLAINT,
            SuppressedFor.UNSUBSCRIBED: EndReason.UNSUBSCRIBED,
        }.get(self, EndReason.UNDELIVERABLE)


class HandoffCause(StrEnum):
    """Why a reader was given to sales."""

    HOT = "hot"
    INQUIRY = "inquiry"
    BY_HAND = "by_hand"

    @property
    def label(self) -> str:
        return {"hot": "温まった読者", "inquiry": "問い合わせ", "by_hand": "手で引き渡し"}[
            self.value
        ]


class HandoffMail(StrEnum):
    """Which mail about hand-offs a delivery is; stands in its ``step``."""

    NEW = "new"
    OVERDUE = "overdue"


class Touch(StrEnum):
    """What is written into the record of a hand-off."""

    MAILED = "mailed"
    CALLED = "called"
    MEETING = "meeting"
    NOTE = "note"
    OWNER = "owner"
    INQUIRY = "inquiry"
    WON = "won"
    LOST = "lost"

    @property
    def label(self) -> str:
        return {
            "mailed": "メールした",
            "called": "電話した",
            "meeting": "商談した",
            "note": "メモ",
            "owner": "担当を決めた",
            "inquiry": "問い合わせがあった",
            "won": "受注",
            "lost": "失注",
        }[self.value]

    @property
    def is_contact(self) -> bool:
        """Whether somebody of the firm reached out to the reader."""
        return self in (Touch.MAILED, Touch.CALLED, Touch.MEETING)


class DealOutcome(StrEnum):
    """How a deal ended."""

    WON = "won"
    LOST = "lost"

    @property
    def label(self) -> str:
        return {"won": "受注", "lost": "失注"}[self.value]

    @property
    def event(self) -> EventKind:
        return EventKind.DEAL_WON if self is DealOutcome.WON else EventKind.DEAL_LOST


class DealSource(StrEnum):
    """By which way a deal's outcome came back."""

    DESK = "desk"
    FILE = "file"
    WEBHOOK = "webhook"

    @property
    def label(self) -> str:
        return {"desk": "デスク", "file": "CSV", "webhook": "連携"}[self.value]


class LostReason(StrEnum):
    """Why a deal was lost."""

    PRICE = "price"
    TIMING = "timing"
    RIVAL = "rival"
    FIT = "fit"
    NO_ANSWER = "no_answer"
    NO_LEAD = "no_lead"
    OTHER = "other"

    @property
    def label(self) -> str:
        return {
            "price": "価格",
            "timing": "時期が合わない",
            "rival": "他社に決めた",
            "fit": "要望に合わない",
            "no_answer": "連絡がとれない",
            "no_lead": "見込み客ではなかった",
            "other": "そのほか",
        }[self.value]


class Verdict(StrEnum):
    """What a hit on a mail's link is held to be. Only ``human`` scores, branches and counts."""

    HUMAN = "human"
    MACHINE = "machine"
    UNSURE = "unsure"

    @property
    def label(self) -> str:
        return {"human": "人", "machine": "機械", "unsure": "不明"}[self.value]


class Role(StrEnum):
    """What an account may do at the desk. Ordered: a later member may all that an earlier may."""

    VIEWER = "viewer"
    MARKETER = "marketer"
    ADMIN = "admin"

    @property
    def label(self) -> str:
        return {"viewer": "閲覧者", "marketer": "担当者", "admin": "管理者"}[self.value]

    @property
    def about(self) -> str:
        return {
            "viewer": "レポートと診断を見る。読者の名前とアドレスは伏せて見せる",
            "marketer": "読者の名前とアドレスを見る。書き出す。診断を作り直す。引き渡し、記録する。"
            "段階を変える。「不明のメール」を決める",
            "admin": "利用者の招待と変更、読者の消去、操作の記録",
        }[self.value]

    def covers(self, demanded: "Role") -> bool:
        """Whether this role may do what ``demanded`` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(demanded)


class Act(StrEnum):
    """One thing done at the desk or by an operator that the audit log keeps."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    SIGN_OUT_EVERYWHERE = "sign_out_everywhere"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    ACCOUNT_INVITED = "account_invited"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    ACCOUNT_MADE = "account_made"
    ROLE_CHANGED = "role_changed"
    SESSIONS_ENDED = "sessions_ended"
    ACCOUNT_REMOVED = "account_removed"
    READERS_EXPORTED = "readers_exported"
    READER_EXPORTED = "reader_exported"
    READER_ERASED = "reader_erased"
    REPORT_EXPORTED = "report_exported"
    COST_TOLD = "cost_told"
    HANDOFF_CHANGED = "handoff_changed"
    DEALS_IMPORTED = "deals_imported"
    READERS_IMPORTED = "readers_imported"
    STAGE_SET = "stage_set"
    MAIL_DECIDED = "mail_decided"

    @property
    def label(self) -> str:
        return {
            "sign_in": "サインイン",
            "sign_in_failed": "サインインの失敗",
            "sign_out": "サインアウト",
            "sign_out_everywhere": "すべての端末でサインアウト",
            "password_changed": "パスワードの変更",
            "account_invited": "招待",
            "invitation_withdrawn": "招待の取り消し",
            "account_made": "アカウントの作成",
            "role_changed": "権限の変更",
            "sessions_ended": "ほかの人のセッションの終了",
            "account_removed": "利用者の削除",
            "readers_exported": "読者一覧の書き出し",
            "reader_exported": "読者の記録の書き出し",
            "reader_erased": "読者の消去",
            "report_exported": "レポートの書き出し",
            "cost_told": "費用の記録",
            "handoff_changed": "引き渡しの記録",
            "deals_imported": "商談の結果の取り込み",
            "readers_imported": "名簿の取り込み",
            "stage_set": "読者の段階の変更",
            "mail_decided": "「不明」のメールの決定",
        }[self.value]
