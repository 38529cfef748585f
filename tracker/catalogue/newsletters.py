"""The newsletter: what a reader agrees to, and how they are welcomed."""

from pydantic import Field

from tracker.catalogue.firm import Consent
from tracker.catalogue.gates import KNOWN_FIELDS, FormField
from tracker.catalogue.values import Value

FIELDS: tuple[FormField, ...] = (
    KNOWN_FIELDS["email"],
    KNOWN_FIELDS["name"].model_copy(update={"required": False}),
)
"""What the sign-up asks for."""


class Newsletter(Value):
    """What an editor declares in the front matter of the ``kind: newsletter`` page."""

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,60}$",
        description="メールマガジンの名前。本文の /// newsletter | 名前 とそろえる",
    )
    button: str = Field("登録する", description="ボタンの言葉")
    consent: Consent = Field(description="このメールマガジンを受け取る同意の文面")
    welcome: str = Field(
        min_length=1, description="アドレスの確認が済んだページに出る、はじめのあいさつ"
    )
