"""An SMTP server on loopback that takes every mail and keeps none, and offers PIPELINING as nearly
every server does: ``python -m nurture_worker.benchmarks.sink`` tells its port on the first line,
and runs until its input ends."""

import asyncio
import sys
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class _Taking:
    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, told: list[str]
    ) -> list[str]:
        session.host_name = name
        return [told[0], "250-PIPELINING", *told[1:]]

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:
        return "250 2.0.0 OK"


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    handler: Any = _Taking()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="localhost", loop=loop), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
