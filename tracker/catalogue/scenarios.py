"""A scenario: the step mails that answer to a stage, one Markdown file a step."""

from pydantic import Field

from tracker.catalogue.values import Value
from tracker.words import Stage


class StepFront(Value):
    """The front matter of ``site/scenarios/<scenario>/<day>-<step>.md``.

    ``day`` counts scenario days from the enrolment and agrees with the file's name.
    """

    day: int = Field(
        ge=1, le=365, description="シナリオに入って何日目に送るか。ファイル名の数字とそろえる"
    )
    subject: str = Field(
        min_length=1, max_length=80, description="件名。{{ name }} と {{ company }} が使える"
    )
    preview: str = Field(
        "", max_length=120, description="受信箱の一覧で、件名の次に見える一文（プリヘッダー）"
    )
    draft: bool = Field(False, description="true なら下書き。sodate serve でだけ見え、送られない")


class Step(StepFront):
    """One message of a scenario. ``id`` is the file's name without the day, so that a step moved
    to another day is still the same step; ``body`` is its Markdown."""

    id: str
    path: str
    body: str
    line: int


class Scenario(Value):
    """The steps a reader of ``stage`` gets, in order of day. ``id`` is the folder's name."""

    id: str
    stage: Stage
    steps: tuple[Step, ...]
