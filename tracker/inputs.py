"""What a reader typed, made safe and checked; the answers are for the reader, in Japanese."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from tracker.catalogue.gates import FormField

_BIDI = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = frozenset("\u2028\u2029")
_UNREADABLE = "\ufffd"  # what bytes that are not UTF-8 are read as


class InputError(Exception):
    """What is wrong with a field; the message is shown beside it."""


@dataclass(frozen=True)
class Address:
    """A mail address: ``sendable`` is ASCII, ``normalised`` tells two spellings of one apart from
    two addresses."""

    given: str
    sendable: str
    normalised: str


def clean(value: str, *, lines: bool = False) -> str:
    """``value`` without control characters, bidi controls, lone surrogates and outer blanks.

    ``lines`` keeps line breaks (as ``\\n``); else they become blanks, so that nothing typed can
    start a new line of a mail header.
    """
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    for mark in _BREAKS:
        text = text.replace(mark, "\n")
    text = text if lines else " ".join(text.splitlines())
    return "".join(
        c
        for c in text
        if (c == "\n" and lines) or (unicodedata.category(c) not in ("Cc", "Cs") and c not in _BIDI)
    ).strip()


def read_address(value: str) -> Address:
    """The address in ``value``; full-width letters are understood. Raises ``InputError``."""
    given = clean(value)
    folded = unicodedata.normalize("NFKC", given).replace(" ", "")
    if not folded:
        raise InputError("メールアドレスを入力してください")
    if any(mark in value.strip() for mark in "\r\n\x00"):
        raise InputError("メールアドレスに改行は使えません")
    if folded.count("@") != 1 or "," in folded:
        raise InputError(
            "メールアドレスは1つだけ、「@」を入れて入力してください（例: taro@example.jp）"
        )
    try:
        found = validate_email(folded, check_deliverability=False, strict=True)
    except EmailNotValidError:
        local = folded.partition("@")[0]
        if ".." in local or local.startswith(".") or local.endswith("."):
            raise InputError(
                "「.」が続くアドレスや「.」で始まる・終わるアドレスには届けられません。"
                "別のアドレスを入力してください"
            ) from None
        raise InputError("メールアドレスの形が正しくないようです（例: taro@example.jp）") from None
    if found.ascii_email is None:
        raise InputError("「@」の前に日本語などの文字があるアドレスには届けられません")
    return Address(given=given, sendable=found.ascii_email, normalised=found.ascii_email.casefold())


def shown_address(sendable: str) -> str:
    """A stored address as people read it: the domain in its own letters."""
    try:
        return validate_email(sendable, check_deliverability=False).normalized
    except EmailNotValidError:
        return sendable


def read_form(
    fields: Sequence[FormField], posted: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The cleaned words and the errors, both by field name. Fields not declared are ignored."""
    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    for field in fields:
        value = clean(posted.get(field.name, ""), lines=field.type == "textarea")
        values[field.name] = value
        if _UNREADABLE in value:
            errors[field.name] = f"{field.label}に読み取れない文字があります。入力し直してください"
        elif not value:
            if field.required:
                asked = "選んで" if field.type == "select" else "入力して"
                errors[field.name] = f"{field.label}を{asked}ください"
        elif len(value) > field.max_length:
            errors[field.name] = f"{field.label}は{field.max_length}文字までで入力してください"
        elif field.type == "select" and value not in field.options:
            errors[field.name] = f"{field.label}を選んでください"
        elif field.type == "email":
            try:
                read_address(posted.get(field.name, ""))
            except InputError as error:
                errors[field.name] = str(error)
    return values, errors
