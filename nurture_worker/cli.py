"""``sodate …``: everything an operator or an editor does from a shell."""

import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

import click

from tracker.catalogue import CatalogueUnreadableError
from tracker.settings import Settings, SettingsError, read_settings
from tracker.store.engine import StoreError

INVITATION_LIFETIME = timedelta(days=7)


def _told(command: Callable[..., Any]) -> Callable[..., Any]:
    """A mistake that its reader can mend is one sentence, never a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (SettingsError, StoreError, CatalogueUnreadableError, OSError) as error:
            raise click.ClickException(str(error)) from None

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """育て: Markdown のオウンドメディアで、読者を問い合わせまで育てる。"""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("rq", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


@main.command()
@_told
def check() -> None:
    """site/ の内容をすべて調べる。"""
    from tracker.catalogue.load import load

    catalogue, problems = load(read_settings().root)
    _report(problems)
    assert catalogue is not None
    click.echo(
        f"問題はありません（{len(catalogue.pages)}ページ、{len(catalogue.scenarios)}シナリオ）"
    )


@main.command()
@_told
def build() -> None:
    """サイトとカタログを作る。"""
    _build(read_settings())


def _build(settings: Settings) -> None:
    from tracker.publishing.build import build_site

    _report(build_site(settings))


def _report(problems: list[Any]) -> None:
    if not problems:
        return
    for problem in problems:
        click.echo(str(problem), err=True)
    raise click.ClickException(
        f"{len(problems)}件の問題があります。直してから、もう一度実行してください"
    )


@main.command()
@_told
def up() -> None:
    """サイト、トラッカー、ワーカーをまとめて動かす（./run と同じ）。"""
    from nurture_worker import processes

    settings = read_settings()

    def prepare() -> str:
        click.echo("サイトを作っています…")
        _build(settings)
        _upgrade(settings)
        return _invitation(settings)

    sys.exit(processes.up(settings, prepare))


def _upgrade(settings: Settings) -> None:
    from tracker.store.engine import upgrade

    settings.data.mkdir(parents=True, exist_ok=True)
    upgrade(settings.store_url)


def _invitation(settings: Settings) -> str:
    """The one-time link that makes the first account; nothing once there is one."""
    from tracker.store import accounts
    from tracker.store.engine import open_store, writing

    with writing(open_store(settings.store_url)) as connection:
        if accounts.any_account(connection):
            return ""
        token = accounts.invite(connection, "admin", datetime.now(UTC), INVITATION_LIFETIME)
    return f"はじめに、このリンク（一度きり）でデスクのアカウントを作ってください:\n  {settings.site_url}/desk/join/{token}"


@main.command()
@_told
def work() -> None:
    """ワーカーを動かす。"""
    from rq import SimpleWorker
    from rq.serializers import JSONSerializer

    from nurture_worker.tools import tools
    from tracker.wake import queue

    redis = tools().redis
    SimpleWorker([queue(redis)], connection=redis, serializer=JSONSerializer).work(
        logging_level="WARNING"
    )


@main.command()
@_told
def tick() -> None:
    """決まった間隔でワーカーを起こす。"""
    from nurture_worker.ticking import tick_until_told
    from nurture_worker.tools import tools

    tick_until_told(tools())


@main.group()
def db() -> None:
    """ストア（データベース）。"""


@db.command("upgrade")
@_told
def db_upgrade() -> None:
    """表をこの版に合わせる。"""
    _upgrade(read_settings())


@main.group()
def user() -> None:
    """デスクの利用者。"""


@user.command("invite")
@click.option("--role", type=click.Choice(["viewer", "marketer", "admin"]), default="marketer")
@_told
def user_invite(role: str) -> None:
    """アカウントを作る一度きりのリンクを出す。"""
    from tracker.store import accounts
    from tracker.store.engine import check_version, open_store, writing

    settings = read_settings()
    check_version(settings.store_url)
    with writing(open_store(settings.store_url)) as connection:
        token = accounts.invite(connection, role, datetime.now(UTC), INVITATION_LIFETIME)
    click.echo(f"{settings.site_url}/desk/join/{token}")


@user.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(["viewer", "marketer", "admin"]), default="marketer")
@click.password_option()
@_told
def user_add(email: str, role: str, password: str) -> None:
    """アカウントを作る。"""
    from tracker.store import accounts
    from tracker.store.engine import check_version, open_store, writing

    settings = read_settings()
    check_version(settings.store_url)
    with writing(open_store(settings.store_url)) as connection:
        accounts.add(connection, email, password, role, datetime.now(UTC))


@main.command()
@_told
def rebuild() -> None:
    """得点と段階を、出来事の記録から計算し直す。"""
    from nurture_worker.rebuild import rebuild as from_log
    from nurture_worker.tools import tools

    click.echo(f"{from_log(tools())}人の得点と段階を計算し直しました")


@main.command("print-whitepapers")
@click.option("--chromium", default="chromium", envvar="CHROMIUM", help="印刷に使うブラウザー")
@_told
def print_whitepapers(chromium: str) -> None:
    """site/whitepapers の Markdown を PDF にする（変わったものだけ）。"""
    from tracker.publishing.whitepapers import WhitepaperUnprintableError, print_all

    try:
        for path in print_all(read_settings().whitepapers, chromium):
            click.echo(path)
    except WhitepaperUnprintableError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
