"""One person's data as the files that are handed out: JSON for machines, CSV to look at."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tracker import spreadsheet

Tables = Mapping[str, Sequence[Mapping[str, Any]]]
"""The rows by table, as ``tracker.store.dossier.export`` finds them."""


def files(found: Tables) -> Iterator[tuple[str, str]]:
    """The name and the text of each file: ``reader.json`` with all, and a CSV a table."""
    yield "reader.json", json.dumps(found, ensure_ascii=False, indent=1)
    for name, rows in found.items():
        if rows:
            table = [list(rows[0]), *(row.values() for row in rows)]
            yield f"{name}.csv", spreadsheet.BOM + spreadsheet.lines(table)


def packed(found: Tables) -> bytes:
    """The files as one zip."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files(found):
            archive.writestr(name, text)
    return whole.getvalue()
