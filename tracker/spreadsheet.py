"""Rows as a CSV file that a spreadsheet opens right and runs nothing of."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

BOM = "\ufeff"
"""Stands first, so that Excel reads the file as UTF-8."""

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(value: Any) -> Any:
    """``value`` as no spreadsheet takes it for a formula (CWE-1236): a text that would start one,
    in full width too, gets a leading ``'``."""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_STARTS_A_FORMULA) else value


def lines(rows: Iterable[Iterable[Any]]) -> str:
    """``rows`` as lines of CSV."""
    text = io.StringIO()
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()
