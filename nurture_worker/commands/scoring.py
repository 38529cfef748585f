"""The rules of scoring: scoring."""

import click

from nurture_worker.commands.telling import told


@click.group()
def scoring() -> None:
    """得点の決まり（site/scoring.yml）。"""


@scoring.command("templates")
@click.argument("name", required=False, metavar="[ひな型]")
@told
def templates(name: str | None) -> None:
    """ひな型の一覧。名前を書くと、その中身を出す。

    site/scoring.yml に「template: 名前」の1行だけを書くと、そのひな型になる。変えたいキーだけを
    続けて書ける。
    """
    from tracker.catalogue.problems import unknown
    from tracker.catalogue.scoring_templates import TEMPLATES, template_text

    if name is None:
        for one, about in TEMPLATES.items():
            click.echo(f"{one}: {about}")
        return
    if name not in TEMPLATES:
        raise click.ClickException(unknown("ひな型", name, TEMPLATES))
    click.echo(template_text(name), nl=False)
