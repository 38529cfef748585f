"""One person's data, handed out or erased at an operator's word."""

from pathlib import Path
from typing import Any

from nurture_worker.tools import Tools
from tracker import handout
from tracker.inputs import InputError, read_address
from tracker.journal import Journal
from tracker.store import audit, dossier
from tracker.store.dossier import NoSuchReaderError
from tracker.store.engine import writing
from tracker.words import Act

__all__ = ["NoSuchReaderError", "erase", "write"]


def write(tools: Tools, email: str, folder: Path) -> list[Path]:
    """All that is kept about the person with this address, as ``reader.json`` and a CSV a table.

    Raises ``NoSuchReaderError``.
    """
    with writing(tools.engine) as connection:
        reader_id = _id(connection, email)
        found = dossier.export(connection, reader_id)
        _record(tools, connection, Act.READER_EXPORTED, reader_id)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in handout.files(found):
        path = folder / name
        path.write_text(text, encoding="utf-8", newline="")
        paths.append(path)
    return paths


def erase(tools: Tools, email: str) -> None:
    """Erase the person with this address from the store, and from this host's journal what was
    set aside there; other hosts' folds follow. Raises ``NoSuchReaderError``."""
    address = _normalised(email)
    with writing(tools.engine) as connection:
        reader_id = _id(connection, email)
        dossier.erase(connection, reader_id, tools.now())
        _record(tools, connection, Act.READER_ERASED, reader_id)
    dossier.scrub(tools.engine)
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


def _record(tools: Tools, connection: Any, act: Act, reader_id: str) -> None:
    audit.record(connection, tools.now(), audit.shell(), act, about=f"reader:{reader_id}")
