"""The local SMTP server: files every mail in a Maildir, sends none."""

import argparse
import asyncio
import contextlib
import errno
import mailbox
import os
import signal
import sys
import threading
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST = 10 * 1024 * 1024


class FilingHandler:
    """Files a mail with its envelope, on disk before it is accepted."""

    def __init__(self, maildir: Path) -> None:
        """Opens the Maildir, made where missing. Raises ``OSError`` where it can't be."""
        self._maildir = maildir
        self._box = mailbox.Maildir(maildir, create=True)
        self._one_at_a_time = threading.Lock()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        head = (
            f"X-Envelope-From: <{(envelope.mail_from or '').strip('<>')}>\r\n"
            f"X-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
        )
        try:
            key = await asyncio.to_thread(self._file, head.encode("ascii") + envelope.content)
        except OSError as error:
            print(f"メールを保存できません: {error.strerror}", file=sys.stderr)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return "452 4.3.1 Insufficient system storage"
            return "451 4.3.0 Mailbox unavailable"
        return f"250 2.0.0 Filed as {key}"

    def _file(self, content: bytes) -> str:
        with self._one_at_a_time:
            key = self._box.add(content)  # syncs the file
            folder = os.open(self._maildir / "new", os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return key


async def serve(maildir: Path, port: int) -> None:
    """Take mail on a loopback port until SIGTERM or SIGINT.

    A mail over 10 MB is refused. Raises ``OSError`` where the port is taken or the Maildir can't
    be written.
    """
    handler = FilingHandler(maildir)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="localhost", data_size_limit=LARGEST, loop=loop),
        host="127.0.0.1",
        port=port,
    )
    await stop.wait()
    server.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--maildir", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(given.maildir, given.port))
    except OSError as error:
        print(
            f"受信箱のサーバーを 127.0.0.1:{given.port} で起動できません（{error.strerror}）",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
