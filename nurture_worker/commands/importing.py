"""What comes from other systems as files: deals, existing lists of readers."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from nurture_worker.commands.telling import told

_FEW_SECONDS = 2.0
_MOST_TOLD = 50


@click.group()
def deals() -> None:
    """商談の結果。"""


@deals.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapping", multiple=True, help="列の見出し。例: email=メール,amount=受注額")
@click.option("--dry-run", is_flag=True, help="何が起きるかを言うだけで、何も変えない")
@told
def deals_import(file: Path, mapping: tuple[str, ...], dry_run: bool) -> None:
    """受注・失注の CSV を取り込む。

    列は、メールアドレス、結果（受注・失注）、金額（円）、日付と、あれば取引ID、失注理由、メモ。
    取引ID が同じ行は、あとから取り込んだものに置き換わる。同じファイルを2度取り込んでも変わらない。
    結果の出た読者のシナリオは、その場で終わる。
    """
    from nurture_worker.imports.deal_files import COLUMNS
    from nurture_worker.imports.deal_imports import import_deals
    from nurture_worker.imports.spreadsheets import TableError, read_mapping
    from nurture_worker.tools import tools
    from tracker.store.deals import Came

    try:
        found = import_deals(
            tools(),
            file.read_bytes(),
            read_mapping(mapping, COLUMNS),
            dry_run=dry_run,
            progress=progress(),
        )
    except TableError as error:
        raise click.ClickException(f"{file}: {error}") from None
    _say_columns(found.encoding, found.columns)
    ahead = "取り込むと、" if dry_run else ""
    click.echo(
        f"{ahead}新しい結果 {found.came[Came.NEW]}件、変わった結果 {found.came[Came.CHANGED]}件、"
        f"もう知っている結果 {found.came[Came.KNOWN]}件（受注 {found.won:,}円）"
    )
    if found.still_open:
        click.echo(f"まだ結果の出ていない{found.still_open}件は数えていません")
    _end(file, [str(bad) for bad in found.bad], dry_run)


@click.group()
def readers() -> None:
    """読者の名簿。"""


@readers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapping", multiple=True, help="列の見出し。例: email=メール,name=氏名")
@click.option(
    "--consent-text",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="同意をもらったときの文面を書いたファイル（UTF-8）",
)
@click.option("--consent-date", default="", help="同意をもらった日（例: 2026-05-20）")
@click.option("--consent-method", default="", help="同意のもらい方（例: 展示会の申込書）")
@click.option(
    "--without-consent",
    is_flag=True,
    help="同意の記録のない行も、メールを送らない読者として取り込む",
)
@click.option("--dry-run", is_flag=True, help="何が起きるかを言うだけで、何も変えない")
@told
def readers_import(
    file: Path,
    mapping: tuple[str, ...],
    consent_text: Path | None,
    consent_date: str,
    consent_method: str,
    without_consent: bool,
    dry_run: bool,
) -> None:
    """いまある名簿（CSV）を、読者として取り込む。

    メールを送ってよいのは、同意した日・同意の方法・同意の文面がそろった人だけ。行ごとに列で書くか、
    全体に --consent-text・--consent-date・--consent-method で書く。配信を止めた人、届かないアドレスは、
    名簿にあってもそのまま。同じファイルを2度取り込んでも変わらない。
    """
    from nurture_worker.imports.reader_files import COLUMNS, Given
    from nurture_worker.imports.reader_imports import import_readers
    from nurture_worker.imports.spreadsheets import TableError, read_mapping
    from nurture_worker.tools import tools
    from tracker.store.lists import Became

    try:
        words = consent_text.read_text("utf-8-sig") if consent_text else ""
    except UnicodeDecodeError:
        raise click.ClickException(f"{consent_text}: UTF-8 で保存してください") from None
    try:
        found = import_readers(
            tools(),
            file.read_bytes(),
            read_mapping(mapping, COLUMNS),
            Given(words, consent_date, consent_method),
            without_consent=without_consent,
            dry_run=dry_run,
            progress=progress(),
        )
    except TableError as error:
        raise click.ClickException(f"{file}: {error}") from None
    _say_columns(found.encoding, found.columns)
    click.echo(
        "取り込むと、次のようになります（まだ何も変えていません）" if dry_run else "取り込みました"
    )
    for became, label in (
        (Became.NEW, "新しい読者（案内メールが始まります）"),
        (Became.AGREED, "前からの読者で、同意が加わった人"),
        (Became.CONTACT, "新しい読者（同意がないので、メールは送りません）"),
        (Became.KNOWN, "前からの読者"),
        (Became.STOPPED, "配信を止めた人・届かないアドレス（そのままです）"),
        (Became.ERASED, "同意のあとに消去した人（取り込みません）"),
    ):
        if found.became[became]:
            click.echo(f"  {label} {found.became[became]:,}人")
    if found.merged:
        click.echo(f"  同じアドレスの{found.merged:,}行は、1人にまとめました")
    _end(file, [str(bad) for bad in found.bad], dry_run)


def progress() -> Callable[[int, int], None]:
    """Tells how far a long work has come, once it has taken two seconds."""
    begun = time.monotonic()
    last = begun

    def tell(done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - begun >= _FEW_SECONDS and (now - last >= 1.0 or done == of):
            last = now
            click.echo(f"{done:,} / {of:,} 行", err=True)

    return tell


def _say_columns(encoding: str, columns: dict[str, str]) -> None:
    read = "、".join(f"{name}={heading}" for name, heading in columns.items())
    click.echo(f"文字コード {encoding}。読んだ列: {read}", err=True)


def _end(file: Path, bad: Sequence[str], dry_run: bool) -> None:
    """Tell the bad rows; a file with bad rows ends with 1, whatever was taken in."""
    for line in bad[:_MOST_TOLD]:
        click.echo(f"{file}:{line}", err=True)
    if len(bad) > _MOST_TOLD:
        click.echo(f"ほかに{len(bad) - _MOST_TOLD}行あります", err=True)
    if bad:
        rest = "" if dry_run else "。ほかの行は取り込みました"
        click.echo(f"{len(bad)}行は取り込めません{rest}", err=True)
        sys.exit(1)
