"""What mails say, and to whom: preview, newsletter."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from nurture_worker.commands.telling import told


@click.command()
@click.argument("name", metavar="シナリオか号")
@click.option(
    "--reader", "address", metavar="アドレス", help="この読者に届くとおりに（既定は見本の人）"
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="フォルダー",
    help="HTML とテキストとメールそのもの（.eml）を、ここにも書く",
)
@told
def preview(name: str, address: str | None, out: Path | None) -> None:
    """シナリオのメールか、メールマガジンの号を、届くとおりに見る。

    書きかけの site/ を、下書きも含めて読む。--reader なら、その人の名前、会社、3分診断の結果が入る。
    リンクは行き先そのもので、押しても記録されない。何も送らない。
    """
    from nurture_worker.letters.specimen import Example, Stand
    from nurture_worker.rehearsal import previewing
    from nurture_worker.tools import tools
    from tracker.catalogue.problems import unknown
    from tracker.settings import read_settings
    from tracker.store.dossier import NoSuchReaderError
    from tracker.store.engine import reading

    settings = read_settings()
    catalogue = _working_tree(settings.root)
    scenario, issue = catalogue.scenario(name), catalogue.issue(name)
    if scenario is None and issue is None:
        known = [*(one.id for one in catalogue.scenarios), *(one.id for one in catalogue.issues)]
        raise click.ClickException(unknown("シナリオか号", name, known))
    reader = Example()
    if address is not None:
        own = tools()
        try:
            with reading(own.engine) as connection:
                reader = previewing.reader_of(catalogue, connection, address)
        except NoSuchReaderError as error:
            raise click.ClickException(str(error)) from None
    stand = Stand(
        catalogue, settings.site_url, f"{settings.site_url}/", datetime.now(settings.zone)
    )
    try:
        if scenario is not None:
            shown = previewing.of_scenario(stand, scenario, reader)
        else:
            assert issue is not None
            shown = previewing.of_issue(stand, issue, reader)
    except KeyError as missing:
        raise click.ClickException(
            f"ページ「{missing.args[0]}」がないので、メールを作れません（sodate check で確かめます）"
        ) from None
    for line in previewing.lines(shown):
        click.echo(line)
    for path in previewing.write(out, shown) if out else ():
        click.echo(path, err=True)


@click.group()
def newsletter() -> None:
    """メールマガジンの号。"""


@newsletter.command("preview")
@click.argument("name", metavar="号")
@told
def newsletter_preview(name: str) -> None:
    """何人に届くか、届かない人はなぜかを言う。

    書きかけの site/ を、下書きも含めて読む。読むだけで、何も送らない。
    """
    from nurture_worker.rehearsal import previewing
    from nurture_worker.tools import tools
    from tracker.catalogue.problems import unknown
    from tracker.store.engine import reading

    own = tools()
    catalogue = _working_tree(own.settings.root)
    issue = catalogue.issue(name)
    if issue is None:
        raise click.ClickException(unknown("号", name, [one.id for one in catalogue.issues]))
    with reading(own.engine) as connection:
        for line in previewing.audience_lines(own, connection, catalogue, issue, own.now()):
            click.echo(line)


@newsletter.command("list")
@told
def newsletter_list() -> None:
    """号の一覧: いつ、だれに、何通送り、何人が押したか。"""
    from nurture_worker.tools import tools
    from tracker.store import issues
    from tracker.store.engine import reading

    own = tools()
    catalogue = _working_tree(own.settings.root)
    with reading(own.engine) as connection:
        figures = issues.figures(connection)
    for issue in reversed(catalogue.issues):
        counts = figures.get(issue.id)
        stand = "下書き" if issue.draft else "まだ"
        if counts:
            stand = f"送信{counts.sent}、予定{counts.planned}、押した人{counts.clicked}"
        click.echo(f"{issue.send_at:%Y-%m-%d %H:%M} {issue.id}: {issue.title}（{stand}）")


def _working_tree(root: Path) -> Any:
    from tracker.catalogue.load import read

    catalogue = read(root, drafts=True).catalogue
    if catalogue is None:
        raise click.ClickException(
            "site/firm.yml か site/scoring.yml を読めません（sodate check で確かめます）"
        )
    return catalogue
