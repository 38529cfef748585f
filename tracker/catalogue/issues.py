"""An issue of the newsletter: one Markdown file, sent once to who signed up and is meant."""

import re
from datetime import UTC, date, datetime, tzinfo

from pydantic import Field, field_validator

from tracker.catalogue.values import Value
from tracker.words import Stage

FOLDER = "newsletters"
"""Below ``site/`` where they are written, and below the site's root where they can be read."""

READERS = "読者"
"""What ``{{ name }}`` is where an issue stands for everybody."""

_HOW = (
    "send_at は日付と時刻で書きます（例: 2026-12-01T10:00。時差は付けません。会社の時計の時刻です）"
)
_GREETING = re.compile(r"^\{\{\s*name\s*\}\}[ 　]*(?:様|さま|さん)[ 　]*$", re.MULTILINE)
_NAME = re.compile(r"\{\{\s*name\s*\}\}")
_COMPANY = re.compile(r"\{\{\s*company\s*\}\}")


class Audience(Value):
    """Whom an issue is meant for, of those who signed up. All that is said must hold."""

    stages: tuple[Stage, ...] = Field((), description="いまの段階。書かなければ、どの段階の人にも")
    personas: tuple[str, ...] = Field(
        (),
        description="読んだページの多くが向けられた persona。書かなければ、だれにでも",
    )
    engaged_since: int | None = Field(
        None, ge=1, le=730, description="この日数のうちに動きのあった人にだけ送る"
    )

    @property
    def label(self) -> str:
        """For people: ``登録した人のうち、関心・理解の段階にいる人``."""
        told = []
        if self.stages:
            told.append("・".join(stage.label for stage in self.stages) + "の段階にいる")
        if self.personas:
            told.append("・".join(self.personas) + "向けのページをよく読む")
        if self.engaged_since:
            told.append(f"{self.engaged_since}日のうちに動きのあった")
        return f"登録した人のうち、{'、'.join(told)}人" if told else "登録した人すべて"


class IssueFront(Value):
    """The front matter of ``site/newsletters/<date>-<name>.md``.

    ``send_at`` is the local time of the firm, and its date agrees with the file's name. The issue
    goes out then, or when the firm's window opens next, within what one reader gets at most.
    """

    send_at: datetime = Field(
        description="送る日時。会社の時計の時刻（例: 2026-12-01T10:00）。ファイル名の日付とそろえる"
    )
    subject: str = Field(
        min_length=1, max_length=80, description="件名。{{ name }} と {{ company }} が使える"
    )
    preview: str = Field(
        "", max_length=120, description="受信箱の一覧で、件名の次に見える一文（プリヘッダー）"
    )
    audience: Audience = Field(
        default_factory=Audience, description="だれに送るか。書かなければ、登録した人すべて"
    )
    draft: bool = Field(False, description="true なら下書き。sodate serve でだけ見え、送られない")

    @field_validator("send_at", mode="before")
    @classmethod
    def _with_a_time(cls, value: object) -> object:
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value.strip()) if ":" in value else None
            except ValueError:
                value = None
        if not isinstance(value, datetime) or value.tzinfo is not None:
            raise ValueError(_HOW)
        return value


class Issue(IssueFront):
    """``id`` is the file's name without the date, so that an issue put off is still the same;
    ``body`` is its Markdown."""

    id: str
    path: str
    body: str
    line: int

    def at(self, zone: tzinfo) -> datetime:
        """When it goes out at the earliest (UTC), in a firm whose clock is that of ``zone``."""
        return self.send_at.replace(tzinfo=zone).astimezone(UTC)

    @property
    def day(self) -> date:
        return self.send_at.date()

    @property
    def url(self) -> str:
        """Where it can be read in a browser, below the site's root."""
        return f"{FOLDER}/{self.id}/"

    @property
    def title(self) -> str:
        """The subject as it stands for everybody."""
        return for_everybody(self.subject)

    @property
    def public(self) -> str:
        """The Markdown as it stands for everybody."""
        return for_everybody(self.body)


def for_everybody(text: str) -> str:
    """``text`` with nobody's name in it."""
    text = _GREETING.sub(f"{READERS}のみなさま", text)
    return _COMPANY.sub("御社", _NAME.sub(READERS, text))
