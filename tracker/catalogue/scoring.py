"""The rules by which readers are scored and staged: ``site/scoring.yml``."""

from pydantic import Field, model_validator

from tracker.catalogue.values import Gap, Value, refuse
from tracker.words import EventKind, Stage


class PointRule(Value):
    """Points for one kind of event on content of one of ``stages`` (empty: any, or none).

    ``cap_per_day`` bounds what the rule gives one reader in a day of the firm's zone.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")
    event: EventKind
    points: int = Field(ge=-100, le=100)
    stages: tuple[Stage, ...] = ()
    cap_per_day: int | None = Field(default=None, ge=1)


class StageRules(Value):
    """How much evidence moves a reader: ``weights`` an event of a kind on content of a stage
    carries, and the sum (``needed``) at which that stage counts as reached."""

    needed: int = Field(ge=1)
    weights: dict[EventKind, int]


class Scoring(Value):
    """All rules. Points halve every ``half_life_days`` days."""

    half_life_days: float = Field(gt=0)
    hot_at: int = Field(ge=1)
    points: tuple[PointRule, ...] = Field(min_length=1)
    stages: StageRules

    @model_validator(mode="after")
    def _distinct(self) -> "Scoring":
        ids = [rule.id for rule in self.points]
        refuse(
            [
                Gap(("points", n, "id"), f"同じ id「{rule}」の規則が2つあります")
                for n, rule in enumerate(ids)
                if rule in ids[:n]
            ]
        )
        return self
