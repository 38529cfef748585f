"""One person's data, handed out or erased at an operator's word."""

import csv
import json
from pathlib import Path
from typing import Any

from nurture_worker.tools import Tools
from tracker.inputs import InputError, read_address
from tracker.journal import Journal
from tracker.store import dossier
from tracker.store.dossier import NoSuchReaderError
from tracker.store.engine import reading, writing

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(tools: Tools, email: str, folder: Path) -> list[Path]:
    """All that is kept about the person with this address, as ``reader.json`` and a CSV a table.

    Raises ``NoSuchReaderError``.
    """
    with reading(tools.engine) as connection:
        found = dossier.export(connection, _id(connection, email))
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / "reader.json"
    whole.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    paths = [whole]
    for name, rows in found.items():
        if rows:
            path = folder / f"{name}.csv"
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.DictWriter(file, fieldnames=list(rows[0]))
                writer.writeheader()
                writer.writerows({k: _cell(v) for k, v in row.items()} for row in rows)
            paths.append(path)
    return paths


def erase(tools: Tools, email: str) -> None:
    """Erase the person with this address from the store, and from this host's journal what was
    set aside there. Raises ``NoSuchReaderError``."""
    address = _normalised(email)
    with writing(tools.engine) as connection:
        dossier.erase(connection, _id(connection, email), tools.now())
    path = tools.settings.journal_path
    if path.exists():
        journal = Journal(path)
        journal.forget_person(address)
        journal.close()


def _id(connection: Any, email: str) -> str:
    found = dossier.find(connection, _normalised(email))
    if found is None:
        raise NoSuchReaderError(f"{email} という読者はいません")
    return found


def _normalised(email: str) -> str:
    try:
        return read_address(email).normalised
    except InputError as error:
        raise NoSuchReaderError(str(error)) from None


def _cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (CWE-1236)."""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
