"""A store, an SMTP server and mails that are due: what a storm rages over, and the three ledgers
that are compared when it is over: the plan, the database's and the mail server's."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from nurture_worker.tools import Tools, make_tools
from tests import content, servers
from tracker.settings import Settings
from tracker.store import deliveries, enrolments, events, readers
from tracker.store.engine import reading, upgrade, writing
from tracker.store.tables import deliveries as mails
from tracker.store.tables import readers as readers_table
from tracker.words import DeliveryState, EventKind, MailKind, Stage


@dataclass(frozen=True)
class Ledgers:
    """What the three say when they are laid side by side."""

    planned: int
    sent: int
    uncertain: int
    duplicates: int
    """Mails that the mail server got more than once, counted each time but the first."""
    missing: list[str]
    """Mails that neither went out nor are shown to a person as uncertain."""
    unknown: int
    """Mails that the mail server got and no ledger knows."""

    def keeps(self, uncertain: int = 0) -> bool:
        """Whether the promises are kept, with at most so many uncertain."""
        return (
            not self.duplicates
            and not self.missing
            and not self.unknown
            and self.uncertain <= uncertain
        )


@dataclass
class Hall:
    """``settings`` can be handed to another process."""

    settings: Settings
    postbox: servers.Postbox

    def tools(self, offset: float = 0.0) -> Tools:
        """The worker's tools, on a clock that is ``offset`` seconds ahead."""
        return make_tools(self.settings, lambda: datetime.now(UTC) + timedelta(seconds=offset))

    def order(self, tools: Tools, count: int) -> None:
        """``count`` readers order the guide: a mail to each is due."""
        now = tools.now()
        with writing(tools.engine) as connection:
            for n in range(count):
                deliveries.plan(
                    connection,
                    key=f"order:{n}",
                    kind=MailKind.DELIVERY,
                    domain="example.jp",
                    now=now,
                    due_at=now,
                    reader_id=_reader(connection, f"order{n}@example.jp", now),
                    gate="guide",
                )

    def enrol(self, tools: Tools, count: int, ago: timedelta) -> None:
        """``count`` readers began the scenario of their stage that long ago."""
        at = tools.now() - ago
        with writing(tools.engine) as connection:
            events.alone(connection)
            for n in range(count):
                reader = _reader(connection, f"step{n}@example.jp", at)
                connection.execute(
                    readers_table.update()
                    .where(readers_table.c.id == reader)
                    .values(confirmed_at=at, opted_in_at=at, stage="interest", stage_since=at)
                )
                enrolments.enrol(connection, reader, "interest", at)
                came = {"at": at, "reader_id": reader}
                events.append(
                    connection,
                    [
                        {**came, "id": f"in:{reader}", "kind": EventKind.CONFIRM, "data": {}},
                        {
                            **came,
                            "id": f"on:{reader}",
                            "kind": EventKind.STAGE_SET,
                            "data": {"stage": Stage.INTEREST},
                        },
                    ],
                )

    def open_mails(self, tools: Tools) -> int:
        """Mails that have not come to an end."""
        with reading(tools.engine) as connection:
            counted = deliveries.count_by_state(connection)
        return sum(counted.get(state, 0) for state in deliveries.OPEN)

    def ledgers(self, tools: Tools) -> Ledgers:
        posted = Counter(str(mail["Message-ID"]) for mail in self.postbox.mails)
        with reading(tools.engine) as connection:
            rows = connection.execute(select(mails.c.key, mails.c.message_id, mails.c.state)).all()
        missing = [
            f"{row.key} ({row.state})"
            for row in rows
            if row.state != DeliveryState.UNCERTAIN
            and not (row.state == DeliveryState.SENT and posted[row.message_id])
        ]
        return Ledgers(
            planned=len(rows),
            sent=sum(row.state == DeliveryState.SENT for row in rows),
            uncertain=sum(row.state == DeliveryState.UNCERTAIN for row in rows),
            duplicates=sum(posted.values()) - len(posted),
            missing=missing,
            unknown=len(posted.keys() - {row.message_id for row in rows}),
        )


@contextmanager
def hall(
    store_url: str, redis_url: str = "redis://127.0.0.1:1/0", connections: int = 2
) -> Iterator[Hall]:
    """A hall over a store that is empty, or gets its tables now; as many mails are in the air at
    once as there are ``connections``."""
    postbox = servers.Postbox()
    with tempfile.TemporaryDirectory(prefix="sodate-storm-") as folder:
        settings = Settings(
            data=Path(folder),
            root=Path(folder),
            base_url="http://localhost",
            database_url=store_url.format(folder=folder),
            redis_url=redis_url,
            smtp_url=postbox.url,
            smtp_connections=connections,
            secret_keys="a-key-for-storms-only",
        )
        upgrade(settings.store_url)
        content.catalogue().write(settings.catalogue_path)
        try:
            yield Hall(settings, postbox)
        finally:
            postbox.stop()


def _reader(connection: object, email: str, at: datetime) -> str:
    person = {"email": email, "email_normalised": email, "name": "山田 太郎"}
    return readers.identify(connection, person, at)  # type: ignore[arg-type]
