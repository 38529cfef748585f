"""On what a step depends: what a reader did, as an editor writes it under ``when``."""

from pydantic import Field, model_validator

from tracker.catalogue.values import Gap, Value, refuse
from tracker.words import Stage

THIS = "this"
"""The seminar that a seminar's scenario is about."""

ANY = "any"
"""Any seminar at all."""

_CLICK = r"^[a-z0-9][a-z0-9-]*( (/[^\s:]*\.md(#\S+)?|https?://\S+))?$"
_GATE = r"^[a-z0-9][a-z0-9-]{0,60}$"


class Condition(Value):
    """All that is named must hold. Clicks are those of people, on the mails of the same scenario;
    ``clicked`` names a step, or a step and one link of it: ``thanks /cases/foo.md``."""

    clicked: str | None = Field(
        None,
        pattern=_CLICK,
        description="このステップのリンクを人が押した。ステップの名前、または「名前 /cases/foo.md」",
    )
    not_clicked: str | None = Field(
        None, pattern=_CLICK, description="このステップのリンクをまだ押していない"
    )
    downloaded: str | None = Field(None, pattern=_GATE, description="この資料（gate）を受け取った")
    not_downloaded: str | None = Field(
        None, pattern=_GATE, description="この資料（gate）をまだ受け取っていない"
    )
    score: int | None = Field(None, ge=1, le=10_000, description="点数がこれ以上")
    persona: str | None = Field(
        None, description="読んだページから見て、いちばん近い persona がこれ"
    )
    stages: tuple[Stage, ...] = Field((), description="いまの段階がこのどれか")
    attended: str | None = Field(
        None,
        pattern=_GATE,
        description="セミナーに参加した。id、any（どれか）、this（セミナーのシナリオで、その回）",
    )
    not_attended: str | None = Field(
        None, pattern=_GATE, description="そのセミナーに参加した記録がない"
    )

    @model_validator(mode="after")
    def _says_something(self) -> "Condition":
        if not self.model_dump(exclude_defaults=True):
            refuse(
                [
                    Gap(
                        (),
                        f"条件を1つは書きます（使えるキー: {', '.join(type(self).model_fields)}）",
                    )
                ]
            )
        return self

    @property
    def clicks(self) -> tuple[tuple[str, str], ...]:
        """What ``clicked`` and ``not_clicked`` say: the key and its words."""
        told = (("clicked", self.clicked), ("not_clicked", self.not_clicked))
        return tuple((key, words) for key, words in told if words)

    @property
    def label(self) -> str:
        """The condition in a few words, for the diagram."""
        parts = []
        if self.clicked:
            parts.append(f"{self.clicked} を押した")
        if self.not_clicked:
            parts.append(f"{self.not_clicked} を押していない")
        if self.downloaded:
            parts.append(f"資料 {self.downloaded} を受け取った")
        if self.not_downloaded:
            parts.append(f"資料 {self.not_downloaded} をまだ受け取っていない")
        if self.score:
            parts.append(f"{self.score}点以上になった")
        if self.persona:
            parts.append(f"{self.persona} に近い")
        if self.stages:
            parts.append("・".join(stage.label for stage in self.stages) + "の段階にいる")
        if self.attended:
            parts.append(f"{_seminar(self.attended)}に参加した")
        if self.not_attended:
            parts.append(f"{_seminar(self.not_attended)}に参加していない")
        return "、".join(parts)


def _seminar(name: str) -> str:
    return {THIS: "その回", ANY: "どれかの回"}.get(name, name)


def split_click(words: str) -> tuple[str, str | None]:
    """The step that ``clicked`` names, and the link of it, if one is named."""
    step, _, link = words.partition(" ")
    return step, link or None
