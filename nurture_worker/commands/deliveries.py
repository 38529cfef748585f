"""What an operator says about mails: deliveries."""

from pathlib import Path

import click

from nurture_worker.commands.telling import told


@click.group()
def deliveries() -> None:
    """送ったメールの台帳。"""


@deliveries.command("reconcile")
@click.option(
    "--log",
    "log_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="送信サーバーのログ（Postfix・Exim・sendmail）",
)
@click.option("--release", is_flag=True, help="復元のあとに止めた送信を、再び始める")
@told
def reconcile(log_path: Path | None, release: bool) -> None:
    """「不明」のメールを、押されたリンク・送信サーバーのログ・送信の控えから決める（送り直さない）。"""
    from nurture_worker.sending.reconciling import reconcile as settle
    from nurture_worker.tools import tools
    from tracker.store import holds
    from tracker.store.engine import writing

    if log_path is None:
        found = settle(tools())
    else:
        with log_path.open(encoding="utf-8", errors="replace") as lines:
            found = settle(tools(), lines)
    click.echo(
        f"送信済みと分かったもの: リンクから {found.by_links}通、ログから {found.by_log}通、"
        f"控えから {found.by_outbox}通"
    )
    for mail in found.left:
        click.echo(f"  不明のまま: {mail.message_id} {mail.reason or ''}")
    if found.left:
        click.echo(
            f"{len(found.left)}通は、デスクの「不明のメール」で、届いていた・送り直す・送らないを選んでください"
        )
    with writing(tools().engine) as connection:
        if release:
            holds.release(connection)
            click.echo("送信を再び始めました")
        elif holds.is_held(connection):
            click.echo(
                "復元のあとの送信は止めてあります。確かめたら --release を付けて実行してください"
            )
