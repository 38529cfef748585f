"""The addresses a page had before: how an editor writes one."""

import re
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, WithJsonSchema

from tracker.catalogue.problems import shown

_FORM = r"^(/[^/\s?#%\\]+)+(/|\.html)$"
_ALIAS = re.compile(_FORM)
_LONGEST = 300
_LONGEST_NAME = 255
"""Bytes; a file system takes no longer one."""
_HOW = "サイトの中の前のアドレスを / から書き、/ か .html で終えます"


def is_alias(text: str) -> bool:
    """Whether an editor may write ``text`` as an address of before."""
    parts = text.split("/")
    return (
        _ALIAS.fullmatch(text) is not None
        and text.isprintable()
        and len(text) <= _LONGEST
        and all(len(part.encode()) <= _LONGEST_NAME for part in parts)
        and not {".", "..", "index.html"}.intersection(parts)
    )


def _checked(text: str) -> str:
    if is_alias(text):
        return text
    meant = _meant(text)
    hint = f"もしかして: {meant}" if meant else "例: /articles/old-name/"
    raise ValueError(f"aliases「{shown(text)}」は使えません（{_HOW}。{hint}）")


def _meant(text: str) -> str | None:
    """The address an editor most likely meant: from a browser's, or from the file's path."""
    try:
        path = unquote(urlsplit(text.strip()).path)
    except ValueError:
        return None
    path = "/" + path.lstrip("/")
    for index in ("/index.html", "/index.md", "/README.md"):
        path = path.removesuffix(index) + "/" if path.endswith(index) else path
    path = path.removesuffix(".md")
    if not path.endswith(("/", ".html")):
        path += "/"
    return path if is_alias(path) else None


Alias = Annotated[
    str, AfterValidator(_checked), WithJsonSchema({"type": "string", "pattern": _FORM})
]
"""An address below the site's root, with its leading slash: ``/articles/old-name/``."""
