"""The store's backup: a file with all of it, made while everybody works, and brought back."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from tracker.settings import Settings
from tracker.store import holds
from tracker.store.engine import StoreError, check_version, open_store, upgrade, writing

_POSTGRESQL = ("postgresql", "postgresql+psycopg")


def backup(settings: Settings, to: Path) -> None:
    """Write the whole store to ``to``, as it is at one moment. Raises ``StoreError``; then ``to``
    is as it was."""
    check_version(settings.store_url)
    to.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{to.name}.", dir=to.parent)  # for its owner only
    os.close(handle)
    part = Path(name)
    try:
        url = make_url(settings.store_url)
        if url.drivername in _POSTGRESQL:
            _run("pg_dump", settings, "--format=custom", "--no-owner", f"--file={part}")
        else:
            _copy(Path(url.database or ""), part)
        os.replace(part, to)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"バックアップ {to} を書けません: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def restore(settings: Settings, source: Path) -> None:
    """Bring the store back to what ``source`` holds, and hold all mails until they are reconciled.
    Nothing else may be using the store. Raises ``StoreError``; a file that is no backup changes
    nothing."""
    if not source.is_file():
        raise StoreError(f"バックアップ {source} がありません")
    url = make_url(settings.store_url)
    if url.drivername in _POSTGRESQL:
        _run(
            *("pg_restore", settings, "--clean", "--if-exists", "--no-owner"),
            *("--single-transaction", "--exit-on-error", f"--dbname={_plain(settings)}"),
            str(source),
        )
    else:
        check_version(f"sqlite:///{source.resolve()}", or_older=True)
        try:
            _copy(source, Path(url.database or ""))
        except sqlite3.Error as error:
            raise StoreError(f"{source} から戻せません: {error}") from error
    upgrade(settings.store_url)
    engine = open_store(settings.store_url)
    with writing(engine) as connection:
        holds.hold(connection)
    engine.dispose()


def _copy(source: Path, to: Path) -> None:
    if not source.is_file():
        raise StoreError(f"データベース {source} がありません")
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(to)) as new,
    ):
        if old.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise StoreError(f"{source} は壊れています")
        old.backup(new)


def _plain(settings: Settings) -> str:
    """The URL as PostgreSQL's own programs read it."""
    url = make_url(settings.store_url).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def _run(program: str, settings: Settings, *more: str) -> None:
    path = shutil.which(program) or _installed(program)
    if path is None:
        raise StoreError(
            f"{program} がありません。PostgreSQL のクライアント（Debian なら postgresql-client）を"
            "入れてから、もう一度実行してください"
        )
    command = [path, *more]
    if program == "pg_dump":
        command.append(f"--dbname={_plain(settings)}")
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        said = (ended.stderr.strip() or "?").splitlines()[0]
        raise StoreError(f"{program} が失敗しました: {said}")


def _installed(program: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    return str(found[-1]) if found else None
