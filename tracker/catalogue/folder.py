"""The editors' folder: its files, their text and front matter, and the mistakes met so far."""

import re
from pathlib import Path
from typing import TypeVar

from tracker.catalogue.documents import Document, parse, split_front, validate
from tracker.catalogue.problems import Problem, shown
from tracker.catalogue.values import Value

V = TypeVar("V", bound=Value)

TO_WRITE = "［ここに"
"""What begins a place that ``sodate new`` leaves to be written: never published."""

TO_BE_WRITTEN = "書きかけの"
"""What begins the problem that tells of such a place."""

_TO_WRITE = re.compile(rf"{TO_WRITE}[^］\n]*］?")


class Folder:
    """``root`` holds ``mkdocs.yml`` and ``site/``; ``problems`` grows as files are read, and
    ``drafts`` are the files whose front matter says so."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.drafts: set[str] = set()

    def tell(self, path: str, line: int, column: int | None, message: str) -> None:
        self.problems.append(Problem(path, line, column, message))

    def files(self, folder: str, pattern: str) -> list[Path]:
        """The files below ``folder``, sorted; hidden ones are not content."""
        base = self.root / folder
        return sorted(
            path
            for path in base.glob(pattern)
            if path.is_file()
            and not any(part.startswith(".") for part in path.relative_to(base).parts)
        )

    def text(self, file: str) -> str | None:
        """The text of ``file``, its line ends made ``\\n`` and a BOM taken off."""
        try:
            content = (self.root / file).read_bytes()
        except OSError as error:
            self.tell(file, 1, None, f"読めません（{error.strerror}）")
            return None
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self.tell(
                file,
                line,
                None,
                "UTF-8ではない文字があります（Shift_JISなどで保存されていたら、UTF-8で保存し直します）",
            )
            return None
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def settings(self, file: str, model: type[V]) -> V | None:
        """One of the YAML files a site has exactly one of."""
        if not (self.root / file).exists():
            keys = ", ".join(model.model_fields)
            self.tell(file, 1, None, f"ファイルがありません（必要なキー: {keys}）")
            return None
        return self.valid(model, self.mapping(file))

    def mapping(self, file: str) -> Document | None:
        """A file of YAML alone."""
        text = self.text(file)
        if text is None:
            return None
        document, problems = parse(file, text)
        self.problems += problems
        return document

    def valid(self, model: type[V], document: Document | None) -> V | None:
        if document is None:
            return None
        value, problems = validate(model, document)
        self.problems += problems
        return value

    def front(self, file: str) -> tuple[Document | None, str, int]:
        """Front matter and body of ``file``, and the body's first line."""
        text = self.text(file)
        if text is None:
            return None, "", 1
        for found in _TO_WRITE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            column = found.start() - text.rfind("\n", 0, found.start())
            self.tell(file, line, column, f"{TO_BE_WRITTEN}「{shown(found[0])}」が残っています")
        parts = split_front(text)
        if isinstance(parts, str):
            self.tell(file, 1, None, parts)
            return None, text, 1
        front, body, line = parts
        document, problems = parse(file, front, first_line=2)
        self.problems += problems
        if not body.strip():
            self.tell(file, line, None, "本文がありません")
        return document, body, line
