"""A call to action on a page: where it stands, what it aims at, where it leads."""

from pydantic import Field

from tracker.catalogue.values import Value
from tracker.words import Stage


class CtaOptions(Value):
    """What an editor writes under ``/// cta | id``: the target page and the stage aimed at.

    ``to`` is a page from the root of ``site/pages`` (``/resources/foo.md``); ``aim`` is the stage
    the CTA wants its reader to reach (default: the stage of the target page); ``label`` is the
    text on the button.
    """

    to: str = Field(
        pattern=r"^/[^:]*\.md(#.+)?$", description="押した先のページ（例: /resources/foo.md）"
    )
    label: str = Field(min_length=1, description="ボタンの言葉")
    aim: Stage | None = Field(
        None, description="読者をどの段階へ進めたいか。書かなければ、押した先のページの段階"
    )


class Cta(Value):
    """A CTA in its place. ``section`` is the index of the section it stands in (0: above all)."""

    id: str
    page: str
    section: int
    line: int
    to: str
    aim: Stage | None
    label: str
