"""The mailbox that bounces come back to: a Maildir on this machine, or a folder by IMAP."""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

TIMEOUT_SECONDS = 30


class MailboxAwayError(Exception):
    """The mailbox cannot be read just now; the message says why."""


class Mailbox(Protocol):
    """Mails nobody has read yet. What is done with goes; what is left stays, marked as read."""

    def unread(self, most: int, largest: int) -> Iterator[tuple[str, bytes]]:
        """Up to ``most`` unread mails, each cut to its first ``largest`` bytes, by a key."""

    def remove(self, key: str) -> None: ...

    def leave(self, key: str) -> None: ...


@contextmanager
def open_mailbox(url: str) -> Iterator[Mailbox]:
    """The mailbox of ``maildir:///path`` or ``imaps://user:pass@host/FOLDER``. Raises
    ``MailboxAwayError``, also for what happens within."""
    parts = urlsplit(url)
    try:
        if parts.scheme == "maildir":
            yield _Maildir(Path(unquote(parts.path)))
            return
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "imaps":
            context = ssl.create_default_context()
            server: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                host, port or 993, ssl_context=context, timeout=TIMEOUT_SECONDS
            )
        else:
            server = imaplib.IMAP4(host, port or 143, timeout=TIMEOUT_SECONDS)
        with server:
            server.login(unquote(parts.username or ""), unquote(parts.password or ""))
            folder = unquote(parts.path.strip("/")) or "INBOX"
            if server.select(f'"{folder}"')[0] != "OK":
                raise MailboxAwayError(f"{host}: {folder} というフォルダーを開けません")
            yield _Imap(server)
    except (OSError, imaplib.IMAP4.error) as error:
        where = parts.hostname or parts.path
        raise MailboxAwayError(f"{where}: {error or type(error).__name__}") from error


class _Maildir:
    def __init__(self, path: Path) -> None:
        self._new, self._cur = path / "new", path / "cur"
        if not self._new.is_dir() or not self._cur.is_dir():
            raise OSError("Maildir ではありません（new と cur がない）")

    def unread(self, most: int, largest: int) -> Iterator[tuple[str, bytes]]:
        waiting = [p for p in self._cur.iterdir() if "S" not in p.name.partition(":2,")[2]]
        found = sorted([*self._new.iterdir(), *waiting], key=lambda path: path.name)
        for path in found[:most]:
            with suppress(FileNotFoundError), path.open("rb") as file:
                yield str(path), file.read(largest)

    def remove(self, key: str) -> None:
        Path(key).unlink(missing_ok=True)

    def leave(self, key: str) -> None:
        name, _, flags = Path(key).name.partition(":2,")
        with suppress(FileNotFoundError):
            Path(key).rename(self._cur / f"{name}:2,{''.join(sorted({*flags, 'S'}))}")


class _Imap:
    def __init__(self, server: imaplib.IMAP4) -> None:
        self._server = server

    def unread(self, most: int, largest: int) -> Iterator[tuple[str, bytes]]:
        _, found = self._server.uid("SEARCH", "UNSEEN", "UNDELETED")
        for uid in (found[0] or b"").decode("ascii").split()[:most]:
            _, answer = self._server.uid("FETCH", uid, f"(BODY.PEEK[]<0.{largest}>)")
            raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
            if raw is not None:
                yield uid, raw

    def remove(self, key: str) -> None:
        self._server.uid("STORE", key, "+FLAGS.SILENT", r"(\Seen \Deleted)")
        if "UIDPLUS" in self._server.capabilities:  # else it would take others' mails with it
            self._server.uid("EXPUNGE", key)

    def leave(self, key: str) -> None:
        self._server.uid("STORE", key, "+FLAGS.SILENT", r"(\Seen)")
