"""A scenario: the step mails that answer to a stage or an occasion, one Markdown file a step."""

from datetime import timedelta

from pydantic import ConfigDict, Field, model_validator

from tracker.catalogue.conditions import Condition
from tracker.catalogue.sendings import StepWindow
from tracker.catalogue.values import Gap, Value, refuse
from tracker.words import Channel, Entry, Late, Stage, Topic

_STEP_NAME = r"^[a-z0-9][a-z0-9-]*$"


class StepFront(Value):
    """The front matter of ``site/scenarios/<scenario>/<day>-<step>.md``.

    ``day`` counts days from the enrolment and agrees with the file's name. When the step's time has
    come and ``when`` holds, it is sent, and ``then`` names the step after it; if ``when`` does not
    hold, it is not sent, and ``else`` (``otherwise``) names the step to go to. Without a name it is
    the next on the way.
    """

    model_config = ConfigDict(populate_by_name=True)

    day: int = Field(
        ge=1, le=365, description="シナリオに入って何日目に送るか。ファイル名の数字とそろえる"
    )
    subject: str = Field(
        min_length=1, max_length=80, description="件名。{{ name }} と {{ company }} が使える"
    )
    preview: str = Field(
        "", max_length=120, description="受信箱の一覧で、件名の次に見える一文（プリヘッダー）"
    )
    when: Condition | None = Field(
        None, description="送る条件。書いたものがすべて成り立つ人にだけ送る（送る時に確かめる）"
    )
    then: str | None = Field(
        None, pattern=_STEP_NAME, description="送ったあとに進むステップの名前（書かなければ次の日）"
    )
    otherwise: str | None = Field(
        None,
        alias="else",
        pattern=_STEP_NAME,
        description="when に合わない人が進むステップの名前（書かなければ次の日）",
    )
    window: StepWindow | None = Field(
        None, description="このメールだけの送る時間帯。書かない項目は firm.yml の sending のとおり"
    )
    late: Late = Field(
        Late.SEND,
        description="2日より遅れたとき: send 送る / shift 送って、残りの日程も後ろへずらす / skip 送らない",
    )
    channel: Channel = Field(
        Channel.MAIL,
        description="送り方: mail メール / line LINE をつないだ人には LINE、ほかの人にはメール",
    )
    draft: bool = Field(False, description="true なら下書き。sodate serve でだけ見え、送られない")

    @model_validator(mode="after")
    def _else_of_something(self) -> "StepFront":
        if self.otherwise and not self.when:
            refuse(
                [Gap(("else",), "else は when と一緒に書きます（条件に合わない人の行き先です）")]
            )
        return self


class Step(StepFront):
    """One message of a scenario. ``id`` is the file's name without the day, so that a step moved
    to another day is still the same step; ``body`` is its Markdown."""

    id: str
    path: str
    body: str
    line: int


class ScenarioFront(Value):
    """``site/scenarios/<scenario>/scenario.yml``; a stage's scenario does without it."""

    name: str = Field("", max_length=40, description="呼び名（書かなければ段階の名前）")
    enter: Entry = Field(
        Entry.STAGE,
        description="だれが入るか: stage その段階の人 / dormant 休眠した人 / seminar セミナーに申し込んだ人 / newsletter メールマガジンだけの人",
    )
    idle_days: int = Field(
        90, ge=14, le=730, description="何日動きがなければ入るか（enter: dormant だけ）"
    )
    sunset_days: int = Field(
        14,
        ge=1,
        le=365,
        description="最後のメールから何日動きがなければ、配信を終えるか（enter: dormant だけ）",
    )
    hold_out: int = Field(
        20,
        ge=0,
        le=90,
        description="効果を測るために送らずにおく人の割合（%）。0 なら全員に送る",
    )
    hold_out_after: int = Field(
        20, ge=0, le=100_000, description="はじめの何人までは、くじを引かずに全員に送るか"
    )
    draw: str = Field("", max_length=40, description="くじの名前。変えると、引き直す")


class Scenario(ScenarioFront):
    """The steps, in order of day. ``id`` is the folder's name; ``stage`` is whose scenario it is,
    ``None`` for one of an occasion."""

    id: str
    stage: Stage | None = None
    steps: tuple[Step, ...]

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name or (self.stage.label if self.stage else self.id)

    @property
    def rank(self) -> int:
        """Its place in lists: the stages in their order, then the rest."""
        return self.stage.rank if self.stage else len(Stage) + list(Entry).index(self.enter)

    @property
    def topic(self) -> Topic:
        """The kind of mail that its reader must want."""
        return Topic.NEWSLETTER if self.enter is Entry.NEWSLETTER else Topic.STEP

    @property
    def idle(self) -> timedelta:
        """Of real days; see ``idle_days``."""
        return timedelta(days=self.idle_days)

    def step(self, step_id: str | None) -> Step | None:
        return next((step for step in self.steps if step.id == step_id), None)
