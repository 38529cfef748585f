"""What a job needs at hand, made once in each worker process."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path

from redis import Redis
from sqlalchemy import Engine

from nurture_worker.channels.dkim import Signer
from tracker.catalogue import Catalogue
from tracker.catalogue.live import LiveCatalogue
from tracker.links import Links
from tracker.settings import Settings, read_settings
from tracker.store.engine import check_version, open_store
from tracker.verp import Verp
from tracker.wake import connect


@dataclass(frozen=True)
class Tools:
    """The parts of one worker process. ``clock`` tells the time."""

    settings: Settings
    live: LiveCatalogue
    links: Links
    engine: Engine
    redis: Redis
    clock: Callable[[], datetime]
    stop: threading.Event = field(default_factory=threading.Event)
    """Set when this process is told to end: begin nothing new."""

    @property
    def catalogue(self) -> Catalogue:
        return self.live.now()

    @property
    def day(self) -> timedelta:
        """How long a scenario's day lasts."""
        return timedelta(seconds=self.settings.day_seconds)

    @property
    def mail_domain(self) -> str:
        """The domain of Message-IDs and List-Ids: that of the sender's address."""
        return self.catalogue.firm.sender_address.partition("@")[2]

    @cached_property
    def verp(self) -> Verp:
        """The return addresses of mails."""
        return Verp(self.settings.keys)

    @cached_property
    def signer(self) -> Signer | None:
        """What signs mails by DKIM, where the operator wants it. Raises ``SettingsError``."""
        told = self.settings
        if not told.dkim_domain:
            return None
        return Signer(told.dkim_domain, told.dkim_selector, Path(told.dkim_key))

    def now(self) -> datetime:
        return self.clock().astimezone(UTC)


def make_tools(
    settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Tools:
    """Raises ``SettingsError``, ``CatalogueUnreadableError`` or ``StoreError``."""
    check_version(settings.store_url)
    return Tools(
        settings=settings,
        live=LiveCatalogue(settings.catalogue_path),
        links=Links(settings.keys),
        engine=open_store(settings.store_url),
        redis=connect(settings.redis_url or "redis://127.0.0.1:6379/0"),
        clock=clock,
    )


@cache
def tools() -> Tools:
    """The tools of this process, made from its environment when first asked for."""
    return make_tools(read_settings())
