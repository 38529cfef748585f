"""The fields of forms; a gate: the form in front of a resource, and the file behind it."""

from typing import Literal

from pydantic import Field, field_validator

from tracker.catalogue.values import Value
from tracker.words import FormOf

FieldType = Literal["text", "email", "tel", "select", "textarea"]


class FormField(Value):
    """One field of a form. ``label`` and ``help`` are shown; ``options`` are for ``select``."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,30}$", description="項目の名前（半角。読者には見えない）"
    )
    label: str = Field(min_length=1, description="項目の上に出る言葉")
    type: FieldType = Field("text", description="入力の種類")
    required: bool = Field(True, description="必須なら true")
    help: str = Field("", description="項目の下に出る補足")
    autocomplete: str = Field(
        "", description="ブラウザーの自動入力の種類（例: organization）。HTMLの autocomplete"
    )
    options: tuple[str, ...] = Field((), description="選ぶもの（type: select のとき）")
    max_length: int = Field(200, ge=1, le=5000, description="最大の文字数")


KNOWN_FIELDS: dict[str, FormField] = {
    "name": FormField(name="name", label="お名前", autocomplete="name", max_length=100),
    "company": FormField(name="company", label="会社名", autocomplete="organization"),
    "email": FormField(
        name="email", label="メールアドレス", type="email", autocomplete="email", max_length=254
    ),
    "message": FormField(name="message", label="ご相談の内容", type="textarea", max_length=4000),
}


class Form(Value):
    """A form that is answered by a mail. ``fields`` may name the known fields (name, company,
    email, message) or declare others in full; ``email`` is always among them."""

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,60}$",
        description="フォームの名前。サイト全体で1つだけ。本文のブロック（/// gate | 名前 など）とそろえる",
    )
    button: str = Field("申し込む", description="ボタンの言葉")
    fields: tuple[FormField, ...] = Field(
        (KNOWN_FIELDS["name"], KNOWN_FIELDS["company"], KNOWN_FIELDS["email"]),
        description="聞く項目。name, company, email, message は名前だけで書ける。email は必ず要る",
    )

    @field_validator("fields", mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        unknown = [f for f in value if isinstance(f, str) and f not in KNOWN_FIELDS]
        if unknown:
            raise ValueError(
                f"項目「{unknown[0]}」は知られていません（名前だけで書けるもの: "
                f"{', '.join(KNOWN_FIELDS)}）"
            )
        return [KNOWN_FIELDS[f] if isinstance(f, str) else f for f in value]

    @field_validator("fields")
    @classmethod
    def _usable(cls, fields: tuple[FormField, ...]) -> tuple[FormField, ...]:
        names = [f.name for f in fields]
        if "email" not in names:
            raise ValueError("fields には email が必要です")
        if len(set(names)) != len(names):
            raise ValueError("fields に同じ名前の項目が2つあります")
        return fields


class Gate(Form):
    """The form of a resource page. ``file`` is a file below ``site/whitepapers``; it is never
    published."""

    file: str = Field(
        pattern=r"^[^/\\]+$", description="site/whitepapers にある資料のファイル名（例: guide.pdf）"
    )
    button: str = Field("資料を受け取る", description="ボタンの言葉")

    @field_validator("id")
    @classmethod
    def _free(cls, own_id: str) -> str:
        if own_id in list(FormOf):
            raise ValueError(f"gate の id「{own_id}」は、ほかのフォームの名前なので使えません")
        return own_id
