"""A report's tables as files for a spreadsheet. A text never becomes a formula in either."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from tracker import spreadsheet
from tracker.desk.language import say
from tracker.desk.reports.cells import Cells
from tracker.reports.sheets import Column, Look, Sheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMATS = {
    Look.NUMBER: "#,##0",
    Look.DECIMAL: "#,##0.0",
    Look.SHARE: "0.0%",
    Look.POINTS: "+0.0%;-0.0%",
    Look.YEN: "#,##0",
    Look.DAYS: "0.0",
    Look.HOURS: "0.0",
}
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "・"))


def csv(sheet: Sheet, cells: Cells) -> str:
    columns = _written(sheet)
    heads = [[say(column.label) for _, column in columns]]
    return spreadsheet.BOM + spreadsheet.lines([*heads, *_rows(sheet, columns, cells)])


def xlsx(sheets: Iterable[Sheet], cells: Cells) -> bytes:
    import xlsxwriter  # here: few ask for it, and each process would carry it

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold = book.add_format({"bold": True, "bottom": 1})
    formats = {look: book.add_format({"num_format": code}) for look, code in _FORMATS.items()}
    taken: set[str] = set()
    for sheet in sheets:
        page = book.add_worksheet(_name(say(sheet.title), taken))
        columns = _written(sheet)
        for number, (_, column) in enumerate(columns):
            page.write_string(0, number, say(column.label), bold)
            page.set_column(number, number, 14 if column.look.is_number else 34)
        for line, row in enumerate(_rows(sheet, columns, cells), start=1):
            for number, value in enumerate(row):
                if isinstance(value, int | float):
                    page.write_number(line, number, value, formats.get(columns[number][1].look))
                elif value != "":
                    page.write_string(line, number, str(value))
        page.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def _written(sheet: Sheet) -> list[tuple[int, Column]]:
    return [(n, column) for n, column in enumerate(sheet.columns) if not column.look.is_picture]


def _rows(sheet: Sheet, columns: Sequence[tuple[int, Column]], cells: Cells) -> Iterable[list[Any]]:
    for row in sheet.rows:
        yield [cells.plain(row[number], column.look) for number, column in columns]


def _name(title: str, taken: set[str]) -> str:
    """A name that a sheet may have: 31 characters, no two alike whatever their case."""
    name = title.translate(_FORBIDDEN)[:31]
    number = 2
    while name.lower() in taken:
        name = f"{name[:28]} {number}"
        number += 1
    taken.add(name.lower())
    return name
