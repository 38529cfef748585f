"""A seminar: when and where it is held, for how many, and the form for a place."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from tracker.catalogue.gates import Form
from tracker.catalogue.values import Gap, refuse

_WEEKDAYS = "月火水木金土日"
_IN_WORDS = {"Asia/Tokyo": "日本時間"}
_HOW = "starts は日付と時刻で書きます（例: 2026-12-10T14:00。時差は付けず、土地は zone に書きます）"


class Seminar(Form):
    """What an editor declares in the front matter of a ``kind: seminar`` page.

    ``starts`` is the local time of ``zone``. ``place`` is for everybody, ``join`` for who
    registered only.
    """

    starts: datetime = Field(description="始まる日時。zone の土地の時刻（例: 2026-12-10T14:00）")
    minutes: int = Field(ge=1, le=1440, description="長さ（分）")
    zone: str = Field("Asia/Tokyo", description="どの土地の時刻か（IANA名）")
    capacity: int = Field(ge=1, le=100_000, description="定員（人）")
    place: str = Field(min_length=1, description="会場。ページに出る（例: オンライン）")
    join: str = Field("", description="申し込んだ人にだけ見せる参加のしかた（ビデオ会議のURLなど）")
    recording: str | None = Field(
        None, pattern=r"^/[^:]*\.md$", description="終わったあとに見せる録画のページ"
    )
    button: str = Field("この回に申し込む", description="ボタンの言葉")

    @field_validator("starts", mode="before")
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

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(
                f"「{name}」というタイムゾーンはありません（例: Asia/Tokyo）"
            ) from None
        return name

    @model_validator(mode="after")
    def _at_a_time_there_is(self) -> "Seminar":
        there = self.begins.astimezone(UTC).astimezone(ZoneInfo(self.zone))
        if there.replace(tzinfo=None) != self.starts:
            refuse([Gap(("starts",), f"{self.zone} にこの時刻はありません（夏時間への切り替え）")])
        return self

    @property
    def begins(self) -> datetime:
        """The start, in the seminar's own zone."""
        return self.starts.replace(tzinfo=ZoneInfo(self.zone))

    @property
    def ends(self) -> datetime:
        """The end, in the seminar's own zone."""
        end = self.begins.astimezone(UTC) + timedelta(minutes=self.minutes)
        return end.astimezone(ZoneInfo(self.zone))

    @property
    def when(self) -> str:
        """``2026年12月10日（木）14:00〜15:30（日本時間）``."""
        begin, end = self.begins, self.ends
        offset = begin.isoformat()[-6:]
        zone = _IN_WORDS.get(self.zone) or f"{self.zone}、UTC{offset}"
        last = "" if end.date() == begin.date() else _day(end)
        return f"{begin.year}年{_day(begin)}{begin:%H:%M}〜{last}{end:%H:%M}（{zone}）"

    @property
    def day(self) -> str:
        """``12月10日（木）``."""
        return _day(self.begins)

    def has_begun(self, now: datetime) -> bool:
        """Whether it is too late for a place at ``now``."""
        return now >= self.begins

    def is_over(self, now: datetime) -> bool:
        return now >= self.ends


def _day(at: datetime) -> str:
    return f"{at.month}月{at.day}日（{_WEEKDAYS[at.weekday()]}）"
