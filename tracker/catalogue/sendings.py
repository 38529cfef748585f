"""When mails nobody ordered may go out, and how many: ``sending`` in ``site/firm.yml``."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from tracker.catalogue.values import Gap, Value, refuse

_TIME = re.compile(r"(\d{1,2}):([0-5]\d)")
_HOW = '時刻は "9:00" の形で、"0:00" から "24:00" までで書きます'


class Weekday(StrEnum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"

    @property
    def label(self) -> str:
        return "月火水木金土日"[list(Weekday).index(self)]


def _minutes(value: object) -> object:
    """``"9:00"`` as minutes. YAML reads an unquoted ``9:00`` as the number 540, which is the same."""
    if isinstance(value, str) and (found := _TIME.fullmatch(value.strip())):
        value = int(found[1]) * 60 + int(found[2])
    elif not isinstance(value, int) or isinstance(value, bool) or 0 < value < 60:
        raise ValueError(_HOW)
    if not 0 <= int(value) <= 24 * 60:
        raise ValueError(_HOW)
    return value


Time = Annotated[
    int,
    BeforeValidator(_minutes),
    PlainSerializer(lambda minutes: f"{minutes // 60}:{minutes % 60:02}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^([01]?\d|2[0-3]):[0-5]\d$|^24:00$"}),
]
"""A time of the day, in minutes from midnight."""

WEEKDAYS = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)


class Window(Value):
    """The hours of the firm's zone in which mails go out: ``opens`` up to ``closes``, not at it."""

    days: tuple[Weekday, ...] = Field(WEEKDAYS, min_length=1, description="送る曜日")
    opens: Time = Field(9 * 60, description='送り始める時刻（例: "9:00"）')
    closes: Time = Field(18 * 60, description='送り終える時刻（例: "18:00"）')
    holidays: bool = Field(False, description="true なら日本の祝日にも送る")

    @model_validator(mode="after")
    def _open_at_all(self) -> "Window":
        if self.opens >= self.closes:
            refuse([Gap(("closes",), "closes は opens より後の時刻にします")])
        return self

    @property
    def label(self) -> str:
        """``月〜金 9:00〜18:00（祝日を除く）``, for people."""
        week = list(Weekday)
        first = week.index(self.days[0])
        in_a_row = len(self.days) > 2 and self.days == tuple(week[first : first + len(self.days)])
        told = (self.days[0], self.days[-1]) if in_a_row else self.days
        days = ("〜" if in_a_row else "・").join(day.label for day in told)
        hours = "〜".join(f"{at // 60}:{at % 60:02}" for at in (self.opens, self.closes))
        return f"{days} {hours}" + ("" if self.holidays else "（祝日を除く）")


class StepWindow(Value):
    """A step's own window: what it does not say, the firm's window says."""

    days: tuple[Weekday, ...] | None = Field(None, min_length=1, description="送る曜日")
    opens: Time | None = Field(None, description='送り始める時刻（例: "12:00"）')
    closes: Time | None = Field(None, description='送り終える時刻（例: "13:00"）')
    holidays: bool | None = Field(None, description="true なら日本の祝日にも送る")

    def within(self, window: Window) -> Window:
        """The window meant, in a firm whose own is ``window``. Raises ``ValidationError`` where
        it would never be open."""
        firms = {key: getattr(window, key) for key in Window.model_fields}
        own = {key: value for key, value in self if value is not None}
        return Window.model_validate({**firms, **own})


class Sending(Window):
    """The window, and the most that one reader gets, of all scenarios and newsletters together."""

    per_day: int = Field(1, ge=1, le=10, description="一人に1日に送る上限（通）")
    per_week: int = Field(3, ge=1, le=30, description="一人に続く7日間に送る上限（通）")
    quiet_days: int = Field(
        60, ge=0, le=365, description="問い合わせのあと、新しいシナリオを始めない日数"
    )

    @property
    def window(self) -> Window:
        return Window.model_construct(
            days=self.days, opens=self.opens, closes=self.closes, holidays=self.holidays
        )
