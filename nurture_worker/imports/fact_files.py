"""Facts from a file of the exchange format ``lead-events/1``: JSON Lines, plain or gzipped."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

_LONGEST_LINE = 1_000_000
_MOST_TOLD = 20


@dataclass
class Lines:
    """What became of the lines of an events file. ``bad`` are (line number, what is wrong), the
    first few; ``bad_count`` is how many there were."""

    read: int = 0
    bad_count: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)
    unknown_kinds: int = 0
    out_of_period: int = 0
    unknown_pages: dict[str, int] = field(default_factory=dict)
    cut_short: bool = False

    def spoilt(self, number: int, why: str) -> None:
        self.bad_count += 1
        if len(self.bad) < _MOST_TOLD:
            self.bad.append((number, why))

    def told(self) -> list[str]:
        """Sentences for the person who made the file; none where all was well."""
        said = [f"{number}行目: {why}" for number, why in self.bad]
        if self.bad_count > len(self.bad):
            said.append(f"ほかに{self.bad_count - len(self.bad):,}行を読めませんでした")
        if self.bad_count:
            said.append(f"読めない{self.bad_count:,}行を除いて、{self.read:,}行を数えました")
        if self.cut_short:
            said.append("ファイルが途中で切れています。そこまでの行を使いました")
        if self.unknown_pages:
            views = sum(self.unknown_pages.values())
            most = sorted(self.unknown_pages, key=lambda page: (-self.unknown_pages[page], page))
            named = "、".join(most[:3]) + ("など" if len(most) > 3 else "")
            said.append(
                f"サイトのファイルにないページの閲覧が{views:,}回あり、除きました（{named}）"
            )
        if self.out_of_period:
            said.append(f"期間の外の出来事が{self.out_of_period:,}件あり、除きました")
        return said


def facts(path: Path, lines: Lines) -> Iterator[tuple[int, dict[str, Any]]]:
    """The facts of the file at ``path`` with their line numbers. A line that cannot be read is
    remembered in ``lines`` and passed over. Raises ``OSError``."""
    decode = json.JSONDecoder(parse_constant=_no_constant).decode
    for number, line in _numbered(path, lines):
        try:
            fact = decode(line.decode())
        except UnicodeDecodeError:
            lines.spoilt(number, "UTF-8 ではない文字があります")
        except (ValueError, RecursionError):
            lines.spoilt(number, "JSON として読めません")
        else:
            if type(fact) is dict:
                yield number, fact
            else:
                lines.spoilt(number, "JSON の {…} ではありません")


def _numbered(path: Path, lines: Lines) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        number = 0
        while True:
            try:
                line = stream.readline(_LONGEST_LINE)
            except (EOFError, zlib.error, gzip.BadGzipFile):
                lines.cut_short = True
                return
            if not line:
                return
            number += 1
            if len(line) >= _LONGEST_LINE and not line.endswith(b"\n"):
                lines.spoilt(number, "1行が長すぎます")
                while line and not line.endswith(b"\n"):
                    line = stream.readline(_LONGEST_LINE)
                continue
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield number, line


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
