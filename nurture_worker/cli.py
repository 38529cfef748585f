"""``sodate …``: everything an operator or an editor does from a shell."""

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click

from tracker.catalogue import CatalogueUnreadableError
from tracker.settings import Settings, SettingsError, read_settings

INVITATION_LIFETIME = timedelta(days=7)


def _told(command: Callable[..., Any]) -> Callable[..., Any]:
    """A mistake that its reader can mend is one sentence, never a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (SettingsError, CatalogueUnreadableError, OSError) as error:
            raise click.ClickException(str(error)) from None
        except Exception as error:
            # The store takes a second to import, which most commands of editors do without.
            store = sys.modules.get("tracker.store.engine")
            if store is None or not isinstance(error, store.StoreError):
                raise
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
@click.option("--against", metavar="REV", help="git のこの版と比べて、シナリオの変更を言う")
@click.option("--json", "as_json", is_flag=True, help="ほかの道具のために JSON で出す")
@_told
def check(against: str | None, as_json: bool) -> None:
    """site/ の内容をすべて調べる。

    問題があれば失敗する。ヒントは公開を止めない。最後のビルドから変わったシナリオが、途中の読者に
    何をするかも言う。
    """
    from nurture_worker import check as checking
    from nurture_worker.earlier import RevisionUnknownError

    settings = read_settings()
    try:
        found = checking.check(settings, datetime.now(settings.zone).date(), against)
    except RevisionUnknownError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(checking.as_json(found), ensure_ascii=False, indent=1))
        sys.exit(1 if found.problems else 0)
    for hint in found.hints:
        click.echo(f"ヒント: {hint}")
    for line in checking.effect_lines(found):
        click.echo(line)
    _report(found.problems)
    assert found.catalogue is not None
    hints = f"、ヒント{len(found.hints)}件" if found.hints else ""
    click.echo(
        f"問題はありません（{len(found.catalogue.pages)}ページ、"
        f"{len(found.catalogue.scenarios)}シナリオ{hints}）"
    )


@main.command()
@click.argument("kind", metavar="種類")
@click.argument("name", metavar="名前")
@click.option("--title", help="題（シナリオなら件名、persona ならどういう人か）")
@click.option("--stage", help="段階（awareness, interest, understanding, trust）")
@click.option("--persona", "personas", multiple=True, help="誰に向けたか。いくつでも書ける")
@click.option("--day", type=click.IntRange(1, 365), help="何日目に送るか（シナリオだけ）")
@_told
def new(
    kind: str,
    name: str,
    title: str | None,
    stage: str | None,
    personas: tuple[str, ...],
    day: int | None,
) -> None:
    """新しいファイルのひな形を作る。

    種類は article, case, voice, resource, seminar, video, diagnosis, page, scenario, persona。
    下書きとして作るので、書き終わるまで公開されない。同じ名前のファイルは上書きしない。
    """
    from tracker.catalogue.load import read
    from tracker.catalogue.problems import unknown
    from tracker.catalogue.scaffolds import ScaffoldError, scaffold
    from tracker.words import Stage

    settings = read_settings()
    if stage is not None and stage not in list(Stage):
        raise click.ClickException(unknown("stage", stage, Stage))
    catalogue = read(settings.root).catalogue
    if catalogue is None:
        raise click.ClickException(
            "site/firm.yml か site/scoring.yml を読めません（sodate check で確かめます）"
        )
    today = datetime.now(settings.zone).date()
    try:
        path = scaffold(
            settings.root,
            catalogue,
            kind,
            name,
            today,
            title=title,
            stage=Stage(stage) if stage else None,
            personas=personas,
            day=day,
        )
    except ScaffoldError as error:
        raise click.ClickException(str(error)) from None
    click.echo(path)
    after = read(settings.root)
    for problem in after.problems + after.draft_problems:
        if problem.path == str(path):
            click.echo(str(problem), err=True)
    if str(path) in after.drafts:
        click.echo("書き終えたら draft: true の行を消すと公開されます", err=True)


@main.command()
@click.argument("folder", type=click.Path(file_okay=False), required=False, metavar="[フォルダー]")
@_told
def schema(folder: str | None) -> None:
    """テキストエディターの補完と検査のための JSON Schema を書き出す（既定 site/schemas）。"""
    from tracker.catalogue.schemas import write_schemas

    site = read_settings().root / "site"
    personas = [path.stem for path in site.glob("personas/*.md")]
    files = [path.name for path in site.glob("whitepapers/*") if path.suffix != ".md"]
    target = Path(folder) if folder else site / "schemas"
    for path in write_schemas(target, personas, files):
        click.echo(path)


@main.command()
@_told
def serve() -> None:
    """書きながら見る: ページとステップメールを、下書きも含めて、保存のたびに作り直す。

    SODATE_PORT で開く。フォームは送れない（送るところまで試すなら ./run）。
    """
    from nurture_worker.serving import serve as serve_until_told

    serve_until_told(read_settings(), click.echo)


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


@main.group(invoke_without_command=True)
@click.pass_context
def bench(context: click.Context) -> None:
    """速さを測る。語がなければ、すべて。"""
    if context.invoked_subcommand is None:
        for name in bench.list_commands(context):
            context.invoke(bench.commands[name])


@bench.command("site")
@click.option("--pages", default="200,1000,3000", help="足す記事の数（カンマ区切り）")
@click.option("--runs", default=3, type=click.IntRange(1), help="何回ずつ測るか")
@_told
def bench_site(pages: str, runs: int) -> None:
    """生成と check の速さを、素の MkDocs-Material と比べる。"""
    from nurture_worker.benchmarks import site

    counts = [int(count) for count in pages.split(",") if count.strip().isdigit()]
    try:
        site.bench_site(read_settings().root.resolve(), counts, runs, click.echo)
    except site.BenchError as error:
        raise click.ClickException(str(error)) from None


@bench.command("site-quality")
@click.option("--runs", default=3, type=click.IntRange(1), help="Lighthouse で何回ずつ見るか")
@click.option("--chromium", default="chromium", envvar="CHROMIUM", help="使うブラウザー")
@_told
def bench_site_quality(runs: int, chromium: str) -> None:
    """ページの品質を測る: Lighthouse と Nu HTML checker（npm と Java が要る）。"""
    from nurture_worker.benchmarks import quality, site

    settings = read_settings()
    tools = settings.data / "bench"
    try:
        right = quality.bench_quality(settings.root.resolve(), tools, chromium, runs, click.echo)
    except site.BenchError as error:
        raise click.ClickException(str(error)) from None
    if not right:
        raise click.ClickException("目標に届かないものがあります")


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


@main.group()
def reader() -> None:
    """一人の読者について残っているもの。"""


@reader.command("export")
@click.argument("email")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@_told
def reader_export(email: str, folder: Path) -> None:
    """その人の記録をすべて、JSON と CSV で FOLDER に書き出す。"""
    from nurture_worker.dossiers import write
    from nurture_worker.tools import tools

    for path in write(tools(), email, folder):
        click.echo(path)


@reader.command("erase")
@click.argument("email")
@click.confirmation_option(prompt="元には戻せません。消去しますか")
@_told
def reader_erase(email: str) -> None:
    """その人が誰か分かるものをすべて消す（件数は変わらない）。"""
    from nurture_worker.dossiers import erase
    from nurture_worker.tools import tools

    erase(tools(), email)
    click.echo("消去しました")


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
