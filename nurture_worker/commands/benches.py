"""What the makers measure: bench."""

from pathlib import Path

import click

from nurture_worker.commands.telling import told
from tracker.settings import read_settings


@click.group(invoke_without_command=True)
@click.pass_context
def bench(context: click.Context) -> None:
    """速さを測る。語がなければ、すべて。"""
    if context.invoked_subcommand is None:
        for name in bench.list_commands(context):
            context.invoke(bench.commands[name])


@bench.command("site")
@click.option("--pages", default="200,1000,3000", help="足す記事の数（カンマ区切り）")
@click.option("--runs", default=3, type=click.IntRange(1), help="何回ずつ測るか")
@told
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
@told
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


@bench.command("tracker")
@click.option("--rounds", default=7, type=click.IntRange(1), help="何回ずつ測るか")
@click.option("--seconds", default=3, type=click.IntRange(1), help="1回の長さ（秒）")
@told
def bench_tracker(rounds: int, seconds: int) -> None:
    """トラッカーの速さを、何もしない Flask と比べる（wrk が要る）。"""
    from nurture_worker.benchmarks import site, tracker

    try:
        good = tracker.bench_tracker(read_settings().root.resolve(), rounds, seconds, click.echo)
    except site.BenchError as error:
        raise click.ClickException(str(error)) from None
    if not good:
        raise click.ClickException("目標に届かないものがあります")


@bench.command("diagnosis")
@click.option("--sites", default=30, type=click.IntRange(1), help="健全・欠陥ありを何件ずつ作るか")
@told
def bench_diagnosis(sites: int) -> None:
    """診断の正しさと速さを、答えの分かっているサイトを作って測る。"""
    from nurture_worker.benchmarks import diagnosis, site

    try:
        diagnosis.bench_diagnosis(sites, click.echo)
    except site.BenchError as error:
        raise click.ClickException(str(error)) from None


@bench.command("engine")
@click.option("--readers", default=100_000, type=click.IntRange(1), help="読者の数")
@click.option("--events", default=5_000_000, type=click.IntRange(1), help="記録の件数")
@click.option(
    "--fresh", default=10_000, type=click.IntRange(1), help="そのうち、まだ取り込んでいない分"
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="作った記録を置いておくフォルダー（次からはそれを使う）",
)
@told
def bench_engine(readers: int, events: int, fresh: int, keep: Path | None) -> None:
    """採点、取り込み、次のメールを決める速さを、作りものの読者で測る。"""
    from nurture_worker.benchmarks import engine, site

    try:
        good = engine.bench_engine(
            read_settings().root.resolve(), readers, events, fresh, click.echo, keep
        )
    except site.BenchError as error:
        raise click.ClickException(str(error)) from None
    if not good:
        raise click.ClickException("目標に届かないものがあります")


@bench.command("reports")
@click.option("--events", default=1_000_000, type=click.IntRange(1000), help="出来事の数")
@click.option(
    "--engine",
    "engines",
    multiple=True,
    default=("sqlite", "postgresql"),
    type=click.Choice(["sqlite", "postgresql"]),
    help="どのデータベースで（既定は両方。PostgreSQL は initdb が要る）",
)
@click.option(
    "--days",
    multiple=True,
    default=("90", "all"),
    type=click.Choice(["7", "28", "90", "all"]),
    help="どの期間で（既定は90日と全期間）",
)
@told
def bench_reports(events: int, engines: tuple[str, ...], days: tuple[str, ...]) -> None:
    """レポートの画面が出るまでの速さを、作った読者の記録で測る。"""
    from nurture_worker.benchmarks import reports, site

    try:
        root = read_settings().root.resolve()
        good = reports.bench_reports(root, events, engines, days, click.echo)
    except site.BenchError as error:
        raise click.ClickException(str(error)) from None
    if not good:
        raise click.ClickException("目標に届かないものがあります")


@bench.command("sending")
@click.option("--count", default=500, type=click.IntRange(50), help="1回に送る数")
@click.option("--rounds", default=7, type=click.IntRange(1), help="何回ずつ測るか")
@click.option("--connections", default=4, type=click.IntRange(1, 20), help="育てが開く接続の数")
@click.option("--memory/--no-memory", default=True, help="5万通を送ってメモリーも見るか")
@told
def bench_sending(count: int, rounds: int, connections: int, memory: bool) -> None:
    """メールを送る速さを素の smtplib と比べ、ワーカーのメモリーを見る。"""
    from nurture_worker.benchmarks import sending, site

    root = read_settings().root.resolve()
    try:
        good = sending.bench_sending(root, count, rounds, connections, memory, click.echo)
    except site.BenchError as error:
        raise click.ClickException(str(error)) from None
    if not good:
        raise click.ClickException("目標に届かないものがあります")


@bench.command("mails")
@click.option("--trap", is_flag=True, help="見えないリンク（SODATE_TRAP_LINK）を入れて測る")
@told
def bench_mails(trap: bool) -> None:
    """メールの品質を測る: SpamAssassin の点数と、メールが守るはずのこと（Debian の spamassassin が要る）。"""
    from nurture_worker.benchmarks import mails, site

    try:
        right = mails.bench_mails(read_settings().root.resolve(), click.echo, trap)
    except site.BenchError as error:
        raise click.ClickException(str(error)) from None
    if not right:
        raise click.ClickException("目標に届かないものがあります")
