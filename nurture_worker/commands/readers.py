"""One reader's record, and who came to a seminar: reader, seminar."""

from pathlib import Path
from typing import Any

import click

from nurture_worker.commands.telling import told


@click.group()
def reader() -> None:
    """一人の読者について残っているもの。"""


@reader.command("export")
@click.argument("email")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@told
def reader_export(email: str, folder: Path) -> None:
    """その人の記録をすべて、JSON と CSV で FOLDER に書き出す。"""
    from nurture_worker.tools import tools
    from nurture_worker.upkeep.dossiers import NoSuchReaderError, write

    try:
        for path in write(tools(), email, folder):
            click.echo(path)
    except NoSuchReaderError as error:
        raise click.ClickException(str(error)) from None


@reader.command("erase")
@click.argument("email")
@click.confirmation_option(prompt="元には戻せません。消去しますか")
@told
def reader_erase(email: str) -> None:
    """その人が誰か分かるものをすべて消す（件数は変わらない）。"""
    from nurture_worker.tools import tools
    from nurture_worker.upkeep.dossiers import NoSuchReaderError, erase

    try:
        erase(tools(), email)
    except NoSuchReaderError as error:
        raise click.ClickException(str(error)) from None
    click.echo("消去しました")


@click.group()
def seminar() -> None:
    """セミナーのあとの記録。"""


@seminar.command("attended")
@click.argument("name", metavar="セミナー")
@click.argument("addresses", type=click.File("r", encoding="utf-8-sig"), metavar="ファイル")
@told
def seminar_attended(name: str, addresses: Any) -> None:
    """参加した人を記録する。ファイルは1行に1つのメールアドレス（- なら標準入力）。

    シナリオの条件 attended が、この記録を見る。2度入れても変わらない。
    """
    from nurture_worker.imports.attendance import NoSuchSeminarError, record
    from nurture_worker.tools import tools

    try:
        found = record(tools(), name, addresses)
    except NoSuchSeminarError as error:
        raise click.ClickException(str(error)) from None
    known = f"（ほかに{found.known}人は記録済み）" if found.known else ""
    click.echo(f"{found.recorded}人の参加を記録しました{known}")
    for address in found.unknown:
        click.echo(f"申し込みが見つかりません: {address}", err=True)
