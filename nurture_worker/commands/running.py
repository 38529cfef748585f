"""What an operator says to keep the house running: up, work, tick, rebuild, db."""

import sys
from datetime import UTC, datetime

import click

from nurture_worker.commands.content import build_now
from nurture_worker.commands.telling import report_problems, told
from tracker.settings import Settings, read_settings
from tracker.words import Role


@click.command()
@told
def up() -> None:
    """サイト、トラッカー、ワーカーをまとめて動かす（./run と同じ）。"""
    from nurture_worker import processes

    settings = read_settings()

    def prepare() -> str:
        click.echo("サイトを作っています…")
        build_now(settings)
        _upgrade(settings)
        return _invitation(settings)

    sys.exit(processes.up(settings, prepare))


def _invitation(settings: Settings) -> str:
    """The one-time link that makes the first account; nothing once there is one."""
    from tracker.store import accounts
    from tracker.store.engine import open_store, writing

    with writing(open_store(settings.store_url)) as connection:
        if accounts.any_account(connection):
            return ""
        token = accounts.invite(connection, Role.ADMIN, datetime.now(UTC))
    return f"はじめに、このリンク（一度きり）でデスクのアカウントを作ってください:\n  {settings.site_url}/desk/join/{token}"


@click.command()
@told
def work() -> None:
    """ワーカーを動かす。"""
    from nurture_worker.working import work_until_told

    work_until_told()


@click.command()
@told
def tick() -> None:
    """決まった間隔でワーカーを起こす。"""
    from nurture_worker.ticking import tick_until_told
    from nurture_worker.tools import tools

    tick_until_told(tools())


@click.command()
@click.option("--dry-run", is_flag=True, help="書きかけの site/ の決まりなら何が変わるかを言うだけ")
@told
def rebuild(dry_run: bool) -> None:
    """得点と段階を、出来事の記録から計算し直す。

    --dry-run なら、書きかけの site/ の決まりで計算し直したときに、だれの段階が変わり、だれが温まった
    読者になるかを言い、何も書き換えない。
    """
    from nurture_worker.rebuild import rebuild as from_log
    from nurture_worker.tools import tools

    if dry_run:
        _compare()
        return
    click.echo(f"{from_log(tools())}人の得点と段階を計算し直しました")


def _compare() -> None:
    from nurture_worker.comparing import compare, lines
    from nurture_worker.tools import tools
    from tracker.catalogue.load import load

    own = tools()
    catalogue, problems = load(own.settings.root)
    report_problems(problems)
    assert catalogue is not None
    for line in lines(compare(own, catalogue), catalogue.scoring):
        click.echo(line)


@click.group()
def db() -> None:
    """ストア（データベース）。"""


@db.command("upgrade")
@told
def db_upgrade() -> None:
    """表をこの版に合わせる。"""
    _upgrade(read_settings())


def _upgrade(settings: Settings) -> None:
    from tracker.store.engine import upgrade

    settings.data.mkdir(parents=True, exist_ok=True)
    upgrade(settings.store_url)
