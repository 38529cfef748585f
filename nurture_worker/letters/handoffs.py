"""The mails to sales: a reader was given to them, and what is overdue. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from nurture_worker.letters.bodies import Letter
from tracker.briefing import Briefing
from tracker.words import HandoffCause, Stage

_WEEKDAYS = "月火水木金土日"
_MARKS = str.maketrans({**{c: f"\\{c}" for c in "\\`*_[]#|{}"}, "<": "&lt;"})


_HEADS = {
    HandoffCause.HOT: "温まった読者です",
    HandoffCause.INQUIRY: "問い合わせがありました",
    HandoffCause.BY_HAND: "連絡をお願いします",
}


@dataclass(frozen=True)
class Who:
    """The reader, as sales must know them."""

    name: str | None
    company: str | None
    email: str
    stage: Stage | None
    score: float

    @property
    def label(self) -> str:
        """``見本製作所 山田 太郎 様``, or the address of who told no name."""
        told = " ".join(part for part in (self.company, self.name) if part)
        return f"{told} 様" if self.name else (told or self.email)


@dataclass(frozen=True)
class Task:
    """One task that is overdue."""

    who: str
    due_at: datetime
    url: str
    touched: bool


def handed_over(
    who: Who,
    cause: HandoffCause,
    why: Sequence[str],
    briefing: Briefing,
    *,
    due_at: datetime,
    url: str,
    zone: tzinfo,
) -> Letter:
    """That a reader is given to sales: who, why, what they read, what to say. ``url`` is the
    task's. The words of an inquiry are read at the desk alone."""
    stage = who.stage.label if who.stage else "まだ"
    asked = cause is HandoffCause.INQUIRY
    head = _HEADS[cause]
    parts = [
        f"**{_plain(who.label)}**（{_plain(who.email)}）",
        f"段階：{stage}　点数：{who.score:.0f}点\n連絡の期日：**{_day(due_at, zone)}**",
        f"## なぜ今か\n\n{_list(why)}",
    ]
    if briefing.say:
        parts.append(f"## 話すこと\n\n{_list(briefing.say)}")
    if briefing.read:
        lines = [
            f"{r.kind}『{r.title}』（{_day(r.last_at, zone)}"
            f"{f'、{r.times}回' if r.times > 1 else ''}{'、最後まで' if r.to_end else ''}）"
            for r in briefing.read
        ]
        parts.append(f"## 読んだもの\n\n{_list(lines)}")
    if asked:
        parts.append("問い合わせの文は、デスクで読めます。")
    parts.append(f"[担当を決めて、記録する]({url}){{ .button }}")
    return Letter(
        subject=f"【引き渡し】{who.label}：{head}",
        preview=(why[0] if why else ""),
        markdown="\n\n".join(parts) + "\n",
    )


def overdue(tasks: Sequence[Task], *, url: str, zone: tzinfo) -> Letter:
    """What should have been done by now, the longest overdue first. ``url`` is the list's."""
    lines = [
        f"- [{_plain(task.who)}]({task.url})　期日 {_day(task.due_at, zone)}"
        f"{'' if task.touched else '（まだ連絡がありません）'}"
        for task in tasks
    ]
    return Letter(
        subject=f"【期日を過ぎています】引き渡した読者 {len(tasks)}件",
        preview="連絡したら、デスクに記録してください。知らせは止まります。",
        markdown="\n\n".join(
            [
                "次の読者への連絡が、期日を過ぎています。",
                "\n".join(lines),
                "連絡の記録、次の期日、結果のどれかを書くと、この知らせは止まります。",
                f"[一覧を見る]({url}){{ .button }}",
            ]
        )
        + "\n",
    )


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines)


def _day(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local.month}月{local.day}日({_WEEKDAYS[local.weekday()]}) {local:%H:%M}"


def _plain(text: str) -> str:
    return " ".join(text.split()).translate(_MARKS)
