"""``sodate …``: everything an operator or an editor does from a shell."""

import logging

import click

from nurture_worker.commands import (
    benches,
    content,
    deliveries,
    demo,
    importing,
    letters,
    readers,
    reports,
    running,
    scoring,
    users,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """育て: Markdown のオウンドメディアで、読者を問い合わせまで育てる。"""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("rq", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


for command in (
    *(content.check, content.new, content.schema, content.scenarios, content.serve),
    *(content.build, content.print_whitepapers),
    *(letters.preview, letters.newsletter),
    *(running.up, running.work, running.tick, running.rebuild, running.import_events, running.db),
    *(reports.diagnose, reports.simulate),
    scoring.scoring,
    deliveries.deliveries,
    demo.demo,
    *(readers.reader, readers.seminar, users.user, benches.bench),
    *(importing.deals, importing.readers),
):
    main.add_command(command)


if __name__ == "__main__":
    main()
