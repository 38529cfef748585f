"""What editors say: check, new, schema, scenarios, serve, build, print-whitepapers."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from nurture_worker.commands.telling import report_problems, told
from tracker.settings import Settings, read_settings


@click.command()
@click.option(
    "--against",
    metavar="REV",
    help="git のこの版と比べて、シナリオの変更と、なくなったページを言う",
)
@click.option("--json", "as_json", is_flag=True, help="ほかの道具のために JSON で出す")
@told
def check(against: str | None, as_json: bool) -> None:
    """site/ の内容をすべて調べる。

    問題があれば失敗する。ヒントは公開を止めない。最後のビルドから変わったシナリオが、途中の読者に
    何をするか、読まれていたページが aliases なしになくならないかも言う。
    """
    from nurture_worker import check as checking
    from nurture_worker.rehearsal.earlier import RevisionUnknownError

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
    report_problems(found.problems)
    assert found.catalogue is not None
    hints = f"、ヒント{len(found.hints)}件" if found.hints else ""
    click.echo(
        f"問題はありません（{len(found.catalogue.pages)}ページ、"
        f"{len(found.catalogue.scenarios)}シナリオ{hints}）"
    )


@click.command()
@click.argument("kind", metavar="種類")
@click.argument("name", metavar="名前")
@click.option("--title", help="題（メールなら件名、persona ならどういう人か）")
@click.option("--stage", help="段階（awareness, interest, understanding, trust）")
@click.option("--persona", "personas", multiple=True, help="誰に向けたか。いくつでも書ける")
@click.option("--day", type=click.IntRange(1, 365), help="何日目に送るか（シナリオだけ）")
@click.option("--scenario", help="段階のほかのシナリオのフォルダー名（dormant など。シナリオだけ）")
@told
def new(
    kind: str,
    name: str,
    title: str | None,
    stage: str | None,
    personas: tuple[str, ...],
    day: int | None,
    scenario: str | None,
) -> None:
    """新しいファイルのひな形を作る。

    種類は article, case, voice, resource, seminar, video, diagnosis, page, scenario,
    newsletter-issue（1週間後に送る号）, persona。
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
            scenario=scenario,
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


@click.command()
@click.argument("folder", type=click.Path(file_okay=False), required=False, metavar="[フォルダー]")
@told
def schema(folder: str | None) -> None:
    """テキストエディターの補完と検査のための JSON Schema を書き出す（既定 site/schemas）。"""
    from tracker.catalogue.schemas import write_schemas

    site = read_settings().root / "site"
    personas = [path.stem for path in site.glob("personas/*.md")]
    files = [path.name for path in site.glob("whitepapers/*") if path.suffix != ".md"]
    target = Path(folder) if folder else site / "schemas"
    for path in write_schemas(target, personas, files):
        click.echo(path)


@click.command()
@click.argument("name", required=False, metavar="[シナリオ]")
@click.option("--mermaid", is_flag=True, help="進み方の図を Mermaid の文で出す")
@told
def scenarios(name: str | None, mermaid: bool) -> None:
    """シナリオの一覧: だれに、何日目に何を。送った数と、送った効果も言う。

    書きかけの site/ を読む。送った数と効果は、データベースがあれば添える。
    """
    from tracker import diagram
    from tracker.catalogue.load import load
    from tracker.catalogue.problems import unknown

    settings = read_settings()
    catalogue, _ = load(settings.root)
    found = sorted(catalogue.scenarios if catalogue else (), key=lambda one: (one.rank, one.id))
    if name is not None and name not in [one.id for one in found]:
        raise click.ClickException(unknown("シナリオ", name, [one.id for one in found]))
    found = [one for one in found if name in (None, one.id)]
    if mermaid:
        click.echo("\n".join(diagram.mermaid(one) for one in found), nl=False)
        return
    for line in _scenario_lines(settings, found):
        click.echo(line)


def _scenario_lines(settings: Settings, found: list[Any]) -> Iterator[str]:
    from sqlalchemy.engine import make_url

    from nurture_worker.reporting import measuring
    from tracker.store.engine import check_version, open_store, reading

    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        for one in found:
            yield from measuring.lines(one, {}, None)
        return
    check_version(settings.store_url)
    with reading(open_store(settings.store_url)) as connection:
        for one in found:
            told = measuring.effect_of(connection, one, datetime.now(UTC))
            yield from measuring.lines(one, measuring.figures_of(connection, one.id), told)


@click.command()
@told
def serve() -> None:
    """書きながら見る: ページとステップメールを、下書きも含めて、保存のたびに作り直す。

    SODATE_PORT で開く。フォームは送れない（送るところまで試すなら ./run）。
    """
    from nurture_worker.house.serving import serve as serve_until_told

    serve_until_told(read_settings(), click.echo)


@click.command()
@told
def build() -> None:
    """サイトとカタログを作る。"""
    build_now(read_settings())


def build_now(settings: Settings) -> None:
    from tracker.publishing.build import build_site

    report_problems(build_site(settings))


@click.command("print-whitepapers")
@click.option("--chromium", default="chromium", envvar="CHROMIUM", help="印刷に使うブラウザー")
@told
def print_whitepapers(chromium: str) -> None:
    """site/whitepapers の Markdown を PDF にする（変わったものだけ）。"""
    from tracker.publishing.whitepapers import WhitepaperUnprintableError, print_all

    try:
        for path in print_all(read_settings().whitepapers, chromium):
            click.echo(path)
    except WhitepaperUnprintableError as error:
        raise click.ClickException(str(error)) from None
