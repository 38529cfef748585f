"""The rules by which readers are scored and staged: ``site/scoring.yml``."""

from pydantic import Field, model_validator

from tracker.catalogue.values import Gap, Value, refuse
from tracker.words import EventKind, Stage


class PointRule(Value):
    """Points for one kind of event on content of one of ``stages`` (empty: any, or none).

    ``cap_per_day`` bounds what the rule gives one reader in a day of the firm's zone.
    """

    id: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,40}$", description="規則の名前。得点の理由として記録に残る"
    )
    event: EventKind = Field(description="何をしたときの点か")
    points: int = Field(ge=-100, le=100, description="足す点（引くときは負の数）")
    stages: tuple[Stage, ...] = Field(
        (), description="どの段階のページでの出来事か。書かなければ、どの段階でも"
    )
    cap_per_day: int | None = Field(None, ge=1, description="この規則が1人に1日で足す点の上限")


class StageRules(Value):
    """How much evidence moves a reader: ``weights`` an event of a kind on content of a stage
    carries, and the sum (``needed``) at which that stage counts as reached."""

    needed: int = Field(ge=1, description="重みの合計がここに届くと、その段階に進んだとみなす")
    weights: dict[EventKind, int] = Field(
        description="出来事の種類ごとの重み。その段階のページでの出来事に掛かる"
    )


class Scoring(Value):
    """All rules. Points halve every ``half_life_days`` days."""

    half_life_days: float = Field(gt=0, description="得点が半分に減るまでの日数")
    hot_at: int = Field(ge=1, description="この得点から「温まった」読者とみなす")
    points: tuple[PointRule, ...] = Field(min_length=1, description="得点の規則")
    stages: StageRules = Field(description="段階の進み方")

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
