"""What an operator says to keep the house running: up, work, tick, rebuild, import-events, db."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from nurture_worker.commands.content import build_now
from nurture_worker.commands.telling import report_problems, told
from tracker.settings import Settings, read_settings
from tracker.words import Role


@click.command()
@click.option(
    "--after-restore",
    is_flag=True,
    help="バックアップのファイルを手で戻したあとに。sodate deliveries reconcile --release まで送らない",
)
@told
def up(after_restore: bool) -> None:
    """サイト、トラッカー、ワーカーをまとめて動かす（./run と同じ）。"""
    from nurture_worker.house import processes

    settings = read_settings()

    def prepare() -> str:
        click.echo("サイトを作っています…")
        build_now(settings)
        upgrade(settings)
        return "\n".join(filter(None, (_held(settings, after_restore), invitation(settings))))

    sys.exit(processes.up(settings, prepare))


def _held(settings: Settings, after_restore: bool) -> str:
    """Hold the mails of a restored store, and say so while they are."""
    from tracker.store import holds
    from tracker.store.engine import open_store, writing

    with writing(open_store(settings.store_url)) as connection:
        if after_restore:
            holds.hold(connection)
        if not holds.is_held(connection):
            return ""
    return (
        "復元のあとの確認が済むまで、メールは送りません。"
        "sodate deliveries reconcile で確かめ、--release で始めてください"
    )


def invitation(settings: Settings) -> str:
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
    from nurture_worker.house.working import work_until_told

    work_until_told()


@click.command()
@told
def tick() -> None:
    """決まった間隔でワーカーを起こす。"""
    from nurture_worker.house.ticking import tick_until_told
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
    from nurture_worker.readers.rebuild import rebuild as from_log
    from nurture_worker.tools import tools

    if dry_run:
        _compare()
        return
    click.echo(f"{from_log(tools())}人の得点と段階を計算し直しました")


def _compare() -> None:
    from nurture_worker.rehearsal.comparing import compare, lines
    from nurture_worker.tools import tools
    from tracker.catalogue.load import load

    own = tools()
    catalogue, problems = load(own.settings.root)
    report_problems(problems)
    assert catalogue is not None
    for line in lines(compare(own, catalogue), catalogue.scoring):
        click.echo(line)


@click.command("import-events")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="ファイル"
)
@told
def import_events(file: Path) -> None:
    """ほかの仕組みで記録した読まれ方（lead-events/1、.gz も可）を、記録に加える。

    サイトにあるページの閲覧、CTA、フォーム、問い合わせの数だけを取り込む。だれかは取り込まず、
    だれにもメールを送らない。2度取り込んでも1件のまま。
    """
    from nurture_worker.imports.events import import_facts
    from nurture_worker.imports.events import told as what_came
    from nurture_worker.tools import tools
    from tracker.wake import Job, wake

    own = tools()

    def progress(count: int) -> None:
        if count % 100_000 == 0:
            click.echo(f"{count:,}件まで…", err=True)

    done = import_facts(own.engine, own.catalogue, file, own.now(), progress)
    wake(own.redis, Job.DIGEST)
    for line in what_came(done):
        click.echo(line)


@click.group()
def db() -> None:
    """ストア（データベース）。"""


@db.command("upgrade")
@told
def dbupgrade() -> None:
    """表をこの版に合わせる。"""
    upgrade(read_settings())


@db.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@told
def db_backup(file: Path) -> None:
    """データベースを、動かしたまま、ファイルに写す。"""
    from nurture_worker.upkeep.backups import backup

    backup(read_settings(), file)
    click.echo(f"{file} に写しました（{file.stat().st_size / 1e6:.1f} MB）")


@db.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="いまのデータベースを置き換えることを確かめない")
@told
def db_restore(file: Path, yes: bool) -> None:
    """データベースを、ファイルの時点に戻す（./run を止めてから）。メールは確かめるまで止める。"""
    from nurture_worker.house.processes import locked
    from nurture_worker.house.supervisor import CannotStart
    from nurture_worker.upkeep.backups import restore

    settings = read_settings()
    if not yes:
        click.confirm("いまのデータベースを置き換えます。よいですか", abort=True)
    try:
        with locked(settings.data):
            restore(settings, file)
    except CannotStart as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(
        f"{file} の時点に戻しました。メールは止めてあります。\n"
        "1. バックアップのあとにした消去を、もう一度してください（sodate reader erase）\n"
        "2. sodate deliveries reconcile [--log 送信サーバーのログ] で、送ったものを台帳に戻します\n"
        "3. sodate deliveries reconcile --release で、送信を始めます"
    )


def upgrade(settings: Settings) -> None:
    from tracker.store.engine import upgrade

    settings.data.mkdir(parents=True, exist_ok=True)
    upgrade(settings.store_url)
