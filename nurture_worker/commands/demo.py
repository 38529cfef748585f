"""What shows the house full before anybody reads: demo."""

import logging
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from nurture_worker.commands.content import build_now
from nurture_worker.commands.running import invitation, upgrade
from nurture_worker.commands.telling import told
from tracker.settings import Settings, SettingsError, read_settings

STORE = "sodate.db"
"""The last file that comes to its place: with it the demo is whole."""


@click.command()
@click.option("--days", type=click.IntRange(7, 365), default=90, show_default=True, help="日数")
@click.option("--again", is_flag=True, help="前に作った見本を捨てて、今日までの見本を作り直す")
@told
def demo(days: int, again: bool) -> None:
    """作りものの読者の3か月を入れた見本を、まとめて動かす。

    データは <SODATE_DATA>/demo に作る（30秒ほど）。読者も数字も作りもので、メールはこの機械の
    受信箱から外に出ない。二度目からは、同じ見本の続きから始まる。
    """
    from nurture_worker.house import processes

    own = read_settings()
    if own.production or own.database_url or own.smtp_url or own.redis_url:
        raise SettingsError(
            "見本は、この機械だけで動かします。SODATE_ENV、SODATE_DATABASE_URL、SODATE_SMTP_URL、"
            "SODATE_REDIS_URL を外してください"
        )
    settings = own.model_copy(update={"data": own.data / "demo", "demo": True})

    def prepare() -> str:
        if again or not (settings.data / STORE).exists():
            _make(settings, days)
        click.echo("サイトを作っています…")
        build_now(settings)
        upgrade(settings)
        return invitation(settings)

    sys.exit(processes.up(settings, prepare))


def _make(settings: Settings, days: int) -> None:
    """The demo's data, in their place once they are whole."""
    from nurture_worker.demo.living import live

    part = settings.data.with_name("demo.part")
    shutil.rmtree(part, ignore_errors=True)
    making = settings.model_copy(update={"data": part})
    build_now(making)
    upgrade(making)
    logging.disable(logging.WARNING)  # mails that go out late, for their clock goes fast
    with click.progressbar(length=days + 1, label="見本の日々を過ごしています") as bar:
        live(making, days, datetime.now(UTC), lambda _done, _all: bar.update(1))
    logging.disable(logging.NOTSET)
    for path in _kept(settings.data):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in sorted(part.iterdir(), key=lambda path: path.name == STORE):
        path.rename(settings.data / path.name)
    part.rmdir()


def _kept(data: Path) -> list[Path]:
    """What a demo of before left in ``data``: all but the lock that is held now."""
    return [path for path in data.iterdir() if path.name != "run.lock"]
