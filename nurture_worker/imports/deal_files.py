"""A file of deals as deals: each row judged by itself, what is wrong told by its line. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from hashlib import sha256

from nurture_worker.imports.spreadsheets import Column, Row
from tracker.deal_terms import key_of, lost_reason, yen
from tracker.inputs import InputError, read_address
from tracker.words import DealOutcome, LostReason

COLUMNS = (
    Column("id", "取引の番号", ("取引ID", "商談ID", "案件ID", "取引番号", "商談番号", "案件番号", "deal_id", "dealid", "opportunity id", "id")),
    Column("email", "メールアドレス", ("メールアドレス", "メール", "eメール", "email", "e-mail", "mail", "email address"), needed=True),
    Column("outcome", "結果", ("結果", "商談結果", "状況", "ステータス", "フェーズ", "outcome", "status", "stage"), needed=True),
    Column("amount", "金額", ("金額", "受注金額", "受注額", "売上", "売上金額", "amount", "value")),
    Column("date", "日付", ("日付", "完了日", "受注日", "失注日", "決定日", "完了予定日", "closed_at", "close date", "closed", "date"), needed=True),
    Column("reason", "失注の理由", ("失注理由", "失注の理由", "理由", "reason", "lost reason")),
    Column("note", "メモ", ("メモ", "備考", "note", "notes")),
)  # fmt: skip

_WON = ("受注", "成約", "契約", "獲得", "won", "closedwon", "win")
_LOST = ("失注", "不成立", "見送り", "lost", "closedlost", "lose")
_OPEN = ("商談中", "進行中", "提案中", "見積中", "交渉中", "未定", "保留", "open", "inprogress", "")


@dataclass(frozen=True)
class Told:
    """One deal of a file; ``address`` is normalised."""

    line: int
    key: str
    address: str
    outcome: DealOutcome
    closed_at: datetime
    amount: int | None
    reason: LostReason | None
    note: str


@dataclass(frozen=True)
class Bad:
    """A row that cannot be taken, and why."""

    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.line}行目: {self.why}"


def judge(rows: Sequence[Row], zone: tzinfo, now: datetime) -> tuple[list[Told], list[Bad], int]:
    """The deals, the bad rows, and how many deals are still open. A day begins at midnight in
    ``zone``. Of two rows with one number the last holds."""
    found: dict[str, Told] = {}
    bad, still_open = [], 0
    for row in rows:
        word = _plain(row.cells.get("outcome", ""))
        if word in _OPEN:
            still_open += 1
            continue
        try:
            told = _told(row, word, zone, now)
        except (InputError, ValueError) as error:
            bad.append(Bad(row.line, str(error)))
            continue
        found[told.key] = told
    return list(found.values()), bad, still_open


def _told(row: Row, word: str, zone: tzinfo, now: datetime) -> Told:
    cells = row.cells
    if word in _WON:
        outcome = DealOutcome.WON
    elif word in _LOST:
        outcome = DealOutcome.LOST
    else:
        raise ValueError(
            f"結果「{cells.get('outcome', '')}」が分かりません（受注 か 失注 と書きます）"
        )
    address = read_address(cells.get("email", "")).normalised
    amount = yen(cells.get("amount"))
    if outcome is DealOutcome.WON and amount is None:
        raise ValueError("受注の金額がありません")
    closed_at = read_day(cells.get("date", ""), zone)
    if closed_at > now:
        raise ValueError(f"日付「{cells.get('date')}」が先の日です")
    said = cells.get("reason", "")
    reason = lost_reason(said) if outcome is DealOutcome.LOST else None
    note = cells.get("note", "")
    if reason is LostReason.OTHER and said:
        note = f"{said}\n{note}".strip()
    own = cells.get("id", "").strip()
    if not own:
        whole = repr((address, outcome.value, amount, closed_at.isoformat()))
        own = f"row-{sha256(whole.encode()).hexdigest()[:40]}"
    return Told(row.line, key_of(own), address, outcome, closed_at, amount, reason, note)


def read_day(told: str, zone: tzinfo) -> datetime:
    """The beginning of a day as firms write it: 2026-11-02, 2026/11/2, 2026年11月2日, with or
    without a time, which is left out. Raises ``ValueError``."""
    text = unicodedata.normalize("NFKC", told).strip()
    found = re.match(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)", text)
    found = found or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    if not found:
        raise ValueError(f"日付「{told}」を読めません（例: 2026-11-02）")
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise ValueError(f"「{told}」という日はありません") from None
    if not 1990 <= day.year <= 2100:
        raise ValueError(f"日付「{told}」が遠すぎます")
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c.isalnum())
