"""The rules by which readers are scored and staged: ``site/scoring.yml``."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import translate
from functools import cache, cached_property, lru_cache
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from tracker.catalogue.problems import unknown
from tracker.catalogue.scoring_templates import TEMPLATES, template
from tracker.catalogue.values import Gap, Value, refuse
from tracker.words import EventKind, Stage

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
PagePattern = Annotated[str, StringConstraints(pattern=r"^/\S*$")]
CtaPattern = Annotated[str, StringConstraints(pattern=r"^[a-z0-9*?\[\]-]+$")]
Domain = Annotated[str, StringConstraints(pattern=r"^[^\s@/.]+(\.[^\s@/.]+)+$", to_lower=True)]
Company = Annotated[str, StringConstraints(min_length=2)]


BY_SCORE = "score"
"""The reason of who is hot by points; no act bears this name."""


class Where(Value):
    """What an event must have been about: everything that is named here."""

    stages: tuple[Stage, ...] = Field(
        (), description="どの段階のページでの出来事か。書かなければ、どの段階でも"
    )
    pages: tuple[PagePattern, ...] = Field(
        (),
        description="どのページでの出来事か（例: /pricing/、/careers/*）。書かなければ、どこでも",
    )
    ctas: tuple[CtaPattern, ...] = Field(
        (), description="どの CTA か（例: consult-*）。書かなければ、どれでも"
    )

    def covers(self, page: str | None, cta: str | None, stage: Stage | None) -> bool:
        """Whether an event on ``page`` (an address below the site's root), of ``cta``, on content
        of ``stage`` is meant."""
        if self.stages and stage not in self.stages:
            return False
        if self.pages and not (page is not None and any(on_page(p, page) for p in self.pages)):
            return False
        return not self.ctas or (cta is not None and any(_glob(p).match(cta) for p in self.ctas))


class PointRule(Where):
    """Points for one kind of event, where ``Where`` says.

    ``cap_per_day`` bounds what the rule gives one reader in a day of the firm's zone.
    """

    id: RuleId = Field(description="規則の名前。得点の理由として記録に残る")
    event: EventKind = Field(description="何をしたときの点か")
    points: int = Field(ge=-100, le=100, description="足す点（引くときは負の数）")
    cap_per_day: int | None = Field(None, ge=1, description="この規則が1人に1日で足す点の上限")


class FitRule(Value):
    """Points for who a reader is and not for what they did: given once, with the confirmation of
    the address, and never halved. One of ``domains``, ``companies`` or ``personas`` is enough."""

    id: RuleId = Field(description="規則の名前。得点の理由として記録に残る")
    points: int = Field(ge=-100, le=100, description="足す点（引くときは負の数）")
    domains: tuple[Domain, ...] = Field(
        (), description="メールアドレスのドメイン。その下のドメインも含む"
    )
    companies: tuple[Company, ...] = Field(
        (), description="会社名に含まれる言葉。全角と半角、大文字と小文字は区別しない"
    )
    personas: tuple[str, ...] = Field(
        (), description="読んだページから見て、どの読み手か（site/personas のファイル名）"
    )

    @model_validator(mode="after")
    def _names_somebody(self) -> "FitRule":
        if not (self.domains or self.companies or self.personas):
            refuse([Gap((), "domains、companies、personas のどれかが必要です")])
        return self


class Happening(Where):
    """Something a reader did ``times`` times, on ``days`` different days of the firm's zone."""

    event: EventKind = Field(description="何をしたか")
    times: int = Field(1, ge=1, le=100, description="何回したら")
    days: int = Field(1, ge=1, le=100, description="何日に分けてしたら（同じ日に何回しても1日）")


class HotAct(Happening):
    """An act that makes a reader hot, whatever their score; with all of ``also``."""

    id: RuleId = Field(description="規則の名前。営業に渡す理由として記録に残る")
    within_days: int = Field(30, ge=1, le=365, description="過去何日のうちにしたら")
    also: tuple[Happening, ...] = Field((), description="同じ期間に、これもすべてしていること")


class Hot(Value):
    """When a reader is given to sales."""

    at: int = Field(ge=1, description="この得点から「温まった」読者とみなす")
    idle_days: int | None = Field(
        None, ge=1, description="この日数なにもしなければ、温まったとみなすのをやめる"
    )
    acts: tuple[HotAct, ...] = Field((), description="得点によらず、温まったとみなす行動")

    @model_validator(mode="after")
    def _distinct(self) -> "Hot":
        ids = [act.id for act in self.acts]
        taken = [
            Gap(("acts", n, "id"), "id「score」は点数のための名前です")
            for n, i in enumerate(ids)
            if i == BY_SCORE
        ]
        refuse(_twice("acts", ids) + taken)
        return self

    @property
    def kinds(self) -> frozenset[EventKind]:
        """The kinds of events that the acts ask for."""
        return frozenset(part.event for act in self.acts for part in (act, *act.also))


class StageRules(Value):
    """How much evidence moves a reader: ``weights`` an event of a kind on content of a stage
    carries, and the sum (``needed``) at which that stage counts as reached."""

    needed: int = Field(ge=1, description="重みの合計がここに届くと、その段階に進んだとみなす")
    weights: dict[EventKind, int] = Field(
        description="出来事の種類ごとの重み。その段階のページでの出来事に掛かる"
    )


def _ask_for_all_or_a_template(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"required": ["template"]}, {"required": schema.pop("required")}]
    schema["properties"]["template"] = {
        "enum": list(TEMPLATES),
        "description": schema["properties"]["template"]["description"],
    }


class Scoring(Value):
    """All rules. Points halve every ``half_life_days`` days.

    A file may name a ``template`` and say only what is other there. ``hot_at`` beside the keys is
    an older spelling of ``hot: {at: …}``.
    """

    model_config = ConfigDict(json_schema_extra=_ask_for_all_or_a_template)

    half_life_days: float = Field(gt=0, description="得点が半分に減るまでの日数")
    hot: Hot = Field(description="どんな読者を「温まった」とみなし、営業に渡すか")
    points: tuple[PointRule, ...] = Field(min_length=1, description="得点の規則")
    fits: tuple[FitRule, ...] = Field(
        (), description="読者その人についての点。一度だけ付き、時間がたっても減らない"
    )
    stages: StageRules = Field(description="段階の進み方")
    template: str | None = Field(
        None, description="もとにするひな型。ここに書いていないキーは、ひな型のとおりになる"
    )

    @model_validator(mode="before")
    @classmethod
    def _over_its_template(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        given = dict(data)
        if "hot_at" in given and "hot" not in given:
            given["hot"] = {"at": given.pop("hot_at")}
        name = given.get("template")
        if name is None:
            return given
        if name not in TEMPLATES:
            refuse([Gap(("template",), unknown("template", str(name), TEMPLATES))])
        base = template(name)
        if isinstance(given.get("hot"), Mapping):
            given["hot"] = {**base["hot"], **given["hot"]}
        return {**base, **given}

    @model_validator(mode="after")
    def _distinct(self) -> "Scoring":
        points, fits = [rule.id for rule in self.points], [rule.id for rule in self.fits]
        gaps = _twice("points", points)
        gaps += [gap for gap in _twice("fits", [*points, *fits], len(points)) if gap not in gaps]
        refuse(gaps)
        return self

    @property
    def hot_at(self) -> int:
        return self.hot.at

    @cached_property
    def rules_of(self) -> Mapping[EventKind, tuple[PointRule, ...]]:
        """The rules for each kind of event there is one for, in their order."""
        kinds = dict.fromkeys(rule.event for rule in self.points)
        return {kind: tuple(r for r in self.points if r.event is kind) for kind in kinds}

    def rules_at(self, kind: EventKind, stage: Stage | None) -> tuple[PointRule, ...]:
        """The rules for events of ``kind`` on content of ``stage``; their pages and CTAs are yet to
        be asked for."""
        held = self._rules_at.get((kind, stage))
        if held is None:
            asked = self.rules_of.get(kind, ())
            held = tuple(rule for rule in asked if not rule.stages or stage in rule.stages)
            self._rules_at[kind, stage] = held
        return held

    @cached_property
    def _rules_at(self) -> dict[tuple[EventKind, Stage | None], tuple[PointRule, ...]]:
        return {}

    def __copy__(self) -> "Scoring":
        copied = super().__copy__()  # what `model_copy` is about to change
        for made in ("rules_of", "_rules_at", "_lasting"):
            copied.__dict__.pop(made, None)
        return copied

    @cached_property
    def _lasting(self) -> frozenset[str]:
        return frozenset(rule.id for rule in self.fits)

    def left(self, rule: str, points: int, at: datetime, now: datetime) -> float:
        """What is left at ``now`` of ``points`` that ``rule`` gave ``at`` that time."""
        if rule in self._lasting:
            return points
        age = max(timedelta(0), now - at) / timedelta(days=self.half_life_days)
        return float(points * 0.5**age)


@lru_cache(maxsize=1 << 16)
def on_page(pattern: str, page: str) -> bool:
    """Whether the address ``page`` is one of those a pattern means: ``/pricing/``,
    ``/pricing.md``, or with ``*`` for anything, slashes too."""
    return _glob(address_of(pattern)).match(page.removeprefix("/")) is not None


@cache
def address_of(pattern: str) -> str:
    """The pattern of addresses below the site's root that an editor's pattern means."""
    found = pattern.removeprefix("/")
    if found.endswith(".md"):
        found = found.removesuffix(".md") + "/"
        found = re.sub(r"(^|/)index/$", r"\1", found)
    return found


def is_literal(pattern: str) -> bool:
    """Whether a pattern means one thing alone."""
    return not re.search(r"[*?\[]", pattern)


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


def _twice(key: str, ids: Sequence[str], first: int = 0) -> list[Gap]:
    """The gaps of ids that stand a second time, from place ``first`` of ``ids`` on."""
    return [
        Gap((key, n - first, "id"), f"同じ id「{rule}」の規則が2つあります")
        for n, rule in enumerate(ids)
        if n >= first and rule in ids[:n]
    ]
