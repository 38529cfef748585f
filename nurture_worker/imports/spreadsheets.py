"""CSV files as firms have them: in whatever encoding and with whatever headings. Pure."""

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tracker.inputs import clean

ENCODINGS = ("utf-8-sig", "cp932")
LARGEST_CELL = 100_000


class TableError(Exception):
    """A file that cannot be read at all; the message says why and what to do, in Japanese."""


@dataclass(frozen=True)
class Column:
    """What a column is called here (``name``), and the headings by which it is known."""

    name: str
    label: str
    headings: tuple[str, ...]
    needed: bool = False


@dataclass(frozen=True)
class Row:
    """One line: the number of the line it begins on, and its cells by the columns' names."""

    line: int
    cells: Mapping[str, str]


@dataclass
class Table:
    """``rows`` in their order; ``found`` says which heading each column was read from."""

    rows: list[Row] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)
    encoding: str = ""


def read_table(raw: bytes, columns: Sequence[Column], mapping: Mapping[str, str]) -> Table:
    """The rows of a file (UTF-8 with or without a mark, else CP932; comma, tab or semicolon).

    ``mapping`` names the heading of a column where it is none of those known. Empty lines are
    passed over. Raises ``TableError``.
    """
    text, encoding = _decoded(raw)
    if "\x00" in text:
        raise TableError("CSV ではないようです（文字でないデータがあります）")
    csv.field_size_limit(LARGEST_CELL)
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    table = Table(encoding="UTF-8" if encoding == "utf-8-sig" else "CP932（Shift_JIS）")
    try:
        head = [clean(cell) for cell in next(reader, [])]
        places = _places(head, columns, mapping)
        table.found = {name: head[place] for name, place in places.items()}
        before = reader.line_num
        for cells in reader:
            line, before = before + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                told = {
                    name: clean(cells[place], lines=True) if place < len(cells) else ""
                    for name, place in places.items()
                }
                table.rows.append(Row(line, told))
    except csv.Error as error:
        raise TableError(f"{reader.line_num}行目を CSV として読めません（{error}）") from None
    return table


def read_mapping(told: Sequence[str], columns: Sequence[Column]) -> dict[str, str]:
    """``email=メール,name=氏名`` as a mapping. Raises ``TableError``."""
    known = {column.name for column in columns}
    found = {}
    for part in (part for text in told for part in text.split(",") if part.strip()):
        name, equals, heading = part.partition("=")
        if not equals or name.strip() not in known or not heading.strip():
            raise TableError(
                f"--map の「{part.strip()}」を読めません。"
                f"列の名前=見出し の形で書きます（使える列: {', '.join(sorted(known))}）"
            )
        found[name.strip()] = heading.strip()
    return found


def _decoded(raw: bytes) -> tuple[str, str]:
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise TableError("文字コードが分かりません。UTF-8 か Shift_JIS（CP932）で保存してください")


def _places(
    head: Sequence[str], columns: Sequence[Column], mapping: Mapping[str, str]
) -> dict[str, int]:
    plain = [_plain(cell) for cell in head]
    places: dict[str, int] = {}
    for column in columns:
        wanted = [mapping[column.name]] if column.name in mapping else column.headings
        place = next((plain.index(_plain(w)) for w in wanted if _plain(w) in plain), None)
        if place is not None:
            places[column.name] = place
        elif column.name in mapping:
            raise TableError(
                f"見出し「{mapping[column.name]}」の列がありません"
                f"（ある見出し: {'、'.join(c for c in head if c) or 'なし'}）"
            )
        elif column.needed:
            raise TableError(
                f"{column.label}の列が見つかりません。--map {column.name}=見出し で教えてください"
                f"（ある見出し: {'、'.join(c for c in head if c) or 'なし'}）"
            )
    return places


def _plain(heading: str) -> str:
    folded = unicodedata.normalize("NFKC", heading).casefold()
    return "".join(c for c in folded if c.isalnum())
